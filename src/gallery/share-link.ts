/** A link that carries text and settings in its fragment, which browsers send to no server. Pictures stay behind, their names go along. */
import * as v from "valibot";
import { type PortableRequest, portableSentenceSchema, portableSettingsSchema, VERSION } from "./request-format.ts";

const PREFIX = "#share=";
/** Longer links are cut by mail programs and chats. */
const MAX_LENGTH = 8000;

const linkSchema = v.object({
  v: v.literal(VERSION),
  sentence: portableSentenceSchema,
  settings: portableSettingsSchema,
});

/** @returns null where the sentence is too long for a link */
export function toShareFragment({ sentence, settings }: PortableRequest): string | null {
  const bytes = new TextEncoder().encode(JSON.stringify({ v: VERSION, sentence, settings }));
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const fragment = PREFIX + base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  return fragment.length > MAX_LENGTH ? null : fragment;
}

export const isShareFragment = (hash: string) => hash.startsWith(PREFIX);

/** @returns null for what is damaged, too long, or of a later version */
export function fromShareFragment(hash: string): PortableRequest | null {
  if (!isShareFragment(hash) || hash.length > MAX_LENGTH) return null;
  try {
    const base64 = hash.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    const { sentence, settings } = v.parse(linkSchema, json);
    return { sentence, settings };
  } catch {
    return null;
  }
}
