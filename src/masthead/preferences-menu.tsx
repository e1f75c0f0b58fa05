import { SunMoon } from "lucide-react";
import { useId } from "react";
import { useStore } from "zustand";
import { LANGUAGES, type Language } from "../ui/languages.ts";
import { languageOf, preferences, THEMES, type Theme } from "../ui/preferences-store.ts";
import { useTexts } from "../ui/texts.ts";
import { mastheadTexts } from "./texts.ts";

/** In its own language, so that whoever needs it can read it. */
const LANGUAGE_NAMES: Record<Language, string> = { en: "English", de: "Deutsch" };

/** Theme and language, in a popover. */
export function PreferencesMenu() {
  const t = useTexts(mastheadTexts);
  const id = useId();
  const theme = useStore(preferences, (state) => state.theme);
  const language = useStore(preferences, languageOf);
  const { change } = preferences.getState();
  return (
    <div className="preferences">
      <button
        type="button"
        className="button quiet icon"
        popoverTarget={id}
        aria-label={t.appearance}
        title={t.appearance}
      >
        <SunMoon size={18} aria-hidden />
      </button>
      <div id={id} popover="auto" className="popover preferences-popover">
        <label>
          {t.theme}
          <select value={theme} onChange={(event) => change({ theme: event.target.value as Theme })}>
            {THEMES.map((name) => (
              <option key={name} value={name}>
                {t[name]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t.language}
          <select value={language} onChange={(event) => change({ language: event.target.value as Language })}>
            {LANGUAGES.map((tag) => (
              <option key={tag} value={tag} lang={tag}>
                {LANGUAGE_NAMES[tag]}
              </option>
            ))}
          </select>
        </label>
      </div>
    </div>
  );
}
