import { createStore } from "zustand/vanilla";
import type { WidgetConfig } from "../embed/protocol.ts";
import { isLanguage } from "../ui/languages.ts";
import { preferences } from "../ui/preferences-store.ts";
import { setColors } from "./colors.ts";

export interface WidgetView {
  readonly config: WidgetConfig;
  /** Origin of the page around; null: there is none, or the browser does not say. */
  readonly host: string | null;
  /** "asking": whether this host may embed the widget is not known yet. */
  readonly admission: "asking" | "admitted" | "refused";
  /** Everything is in its place: what a host asks for is carried out. */
  readonly ready: boolean;
}

export type WidgetStore = ReturnType<typeof createWidgetStore>;

export function createWidgetStore(config: WidgetConfig, host: string | null) {
  return createStore<WidgetView>(() => ({ config, host, admission: "asking", ready: false }));
}

/** How the page looks and speaks, as its host wants it. What is left out stays. */
export function applyLook({ theme, lang, colors }: Pick<WidgetConfig, "theme" | "lang" | "colors">): void {
  const language = lang?.split("-")[0]?.toLowerCase();
  preferences.getState().change({
    ...(theme && { theme }),
    ...(lang !== undefined && { language: isLanguage(language) ? language : null }),
  });
  if (colors) setColors(colors);
}
