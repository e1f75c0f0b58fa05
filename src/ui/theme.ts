import { useEffect } from "react";
import { useStore } from "zustand";
import { languageOf, preferences } from "./preferences-store.ts";

/** Puts the chosen theme and language on the document: CSS reads the one (`light-dark()`), screen readers the other. */
export function useDocumentPreferences(): void {
  const theme = useStore(preferences, (state) => state.theme);
  const language = useStore(preferences, languageOf);
  useEffect(() => {
    const { documentElement } = document;
    if (theme === "system") delete documentElement.dataset.theme;
    else documentElement.dataset.theme = theme;
    documentElement.lang = language;
  }, [theme, language]);
}
