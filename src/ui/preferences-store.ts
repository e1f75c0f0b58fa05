/** How the page looks and speaks: theme and language, kept across visits. */
import { persist } from "zustand/middleware";
import { createStore } from "zustand/vanilla";
import { isLanguage, LANGUAGES, type Language } from "./languages.ts";
import { pageStorage } from "./page-storage.ts";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export interface Preferences {
  readonly theme: Theme;
  /** null: the browser's, where we speak it. */
  readonly language: Language | null;
}

export interface PreferencesState extends Preferences {
  readonly change: (change: Partial<Preferences>) => void;
}

/** One per document: its theme and language belong to the whole page. */
export const preferences = createStore<PreferencesState>()(
  persist((set) => ({ theme: "system", language: null, change: (change) => set(change) }), {
    name: "kosmosg-preferences",
    version: 1,
    storage: pageStorage(),
    partialize: ({ theme, language }) => ({ theme, language }),
    merge: (stored, fresh) => ({ ...fresh, ...readPreferences(stored) }),
  }),
);

/** What of `stored` is understood; anything may lie in storage. */
export function readPreferences(stored: unknown): Partial<Preferences> {
  const { theme, language } = (stored ?? {}) as Record<string, unknown>;
  return {
    ...(THEMES.some((known) => known === theme) && { theme: theme as Theme }),
    ...(isLanguage(language) && { language }),
  };
}

/** The language to speak: the chosen one, or the first of the browser's that we know, or English. */
export function languageOf({ language }: Preferences, browser: readonly string[] = navigator.languages): Language {
  if (language) return language;
  return browser.map((tag) => tag.split("-")[0]).find(isLanguage) ?? LANGUAGES[0];
}
