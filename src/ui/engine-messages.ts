/** What the engine says, in the page's language. English comes with the message; German is fetched by pages that speak it. */
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import type { Said } from "../../workers/messages.ts";
import { EngineError } from "../engine/index.ts";
import { languageOf, preferences } from "./preferences-store.ts";

/** A message of the engine, or one that already is in the page's language. */
export type Message = Said | string;

type Write = (said: Said) => string;
const inEnglish: Write = ({ text }) => text;
const writer = createStore<{ readonly write: Write }>(() => ({ write: inEnglish }));

/** Begins to follow the page's language. Until its words are here, and where they cannot be fetched, messages are English. */
export function translateEngine(): void {
  const follow = async () => {
    const language = languageOf(preferences.getState());
    const write = language === "de" ? (await import("../../workers/in-german.ts")).inGerman : inEnglish;
    if (language === languageOf(preferences.getState())) writer.setState({ write });
  };
  const begin = () => void follow().catch(() => {});
  preferences.subscribe(begin);
  begin();
}

/** What any error tells people. */
export const messageOf = (error: unknown): Message =>
  error instanceof EngineError ? (error.said ?? error.message) : String(error);

const written = (message: Message, write: Write) => (typeof message === "string" ? message : write(message));

/** In the page's language; the component is drawn anew when it changes. */
export function useWords(): (message: Message) => string {
  const write = useStore(writer, (state) => state.write);
  return (message) => written(message, write);
}

/** The same outside of components; for what is said once. */
export const wordsNow = (message: Message): string => written(message, writer.getState().write);
