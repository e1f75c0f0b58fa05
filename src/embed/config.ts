import { THEMES, type Theme, type WidgetConfig } from "./protocol.ts";

/** Attributes that are handed on to the widget. */
export const CONFIG_NAMES = ["model", "prompt", "seed", "theme", "lang", "readonly", "autosize"] as const;

const MAX_SEED = 2 ** 32 - 1;

/**
 * The widget's configuration from attributes or from the query of a plain iframe's address; what is not understood is left out.
 * @param get the text under a name, null where there is none
 */
export function readConfig(get: (name: (typeof CONFIG_NAMES)[number]) => string | null): WidgetConfig {
  const [model, prompt, theme, lang] = [get("model"), get("prompt"), get("theme"), get("lang")];
  const seed = readSeed(get("seed"));
  return {
    ...(model && { model }),
    ...(prompt && { prompt }),
    ...(seed !== null && { seed }),
    ...(isTheme(theme) && { theme }),
    ...(lang && { lang }),
    readonly: isOn(get("readonly")),
    autosize: isOn(get("autosize")),
  };
}

/** A whole number from 0 to 2^32 - 1, or null. */
export function readSeed(text: string | null): number | null {
  if (text === null || !/^\d{1,10}$/.test(text.trim())) return null;
  const seed = Number(text);
  return seed <= MAX_SEED ? seed : null;
}

const isTheme = (text: string | null): text is Theme => THEMES.some((theme) => theme === text);

/** As HTML has it, a boolean attribute is on where it stands; "false" is allowed for frameworks that write it out. */
const isOn = (text: string | null) => text !== null && text !== "false";
