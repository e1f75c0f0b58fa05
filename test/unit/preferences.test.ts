import { expect, test } from "vitest";
import { LANGUAGES } from "../../src/ui/languages.ts";
import { languageOf, readPreferences } from "../../src/ui/preferences-store.ts";
import { defineTexts } from "../../src/ui/texts.ts";
import { viewOf } from "../../src/ui/view.ts";

test("whatever lies in storage, only known themes and languages are taken", () => {
  expect(readPreferences({ theme: "dark", language: "de" })).toEqual({ theme: "dark", language: "de" });
  expect(readPreferences({ theme: "__proto__", language: "xx", more: 1 })).toEqual({});
  for (const stored of [null, undefined, 3, "dark", []]) expect(readPreferences(stored)).toEqual({});
});

test("the chosen language, else the first of the browser's that the page speaks, else English", () => {
  expect(languageOf({ theme: "system", language: "de" }, ["en-GB"])).toBe("de");
  expect(languageOf({ theme: "system", language: null }, ["fr-CH", "de-CH", "en"])).toBe("de");
  expect(languageOf({ theme: "system", language: null }, ["fr"])).toBe("en");
});

test("texts: each language has its own, functions take English's arguments", () => {
  const texts = defineTexts({
    en: { removed: (label: string) => `${label} removed.` },
    de: { removed: (label) => `${label} entfernt.` },
  });
  expect(LANGUAGES.map((language) => texts[language].removed("fox"))).toEqual(["fox removed.", "fox entfernt."]);
});

test("views by fragment; what is unknown is the studio", () => {
  expect(["", "#", "#gallery", "#device", "#share=abc", "#constructor"].map(viewOf)).toEqual([
    "studio",
    "studio",
    "gallery",
    "device",
    "studio",
    "studio",
  ]);
});
