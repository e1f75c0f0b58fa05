import { defineTexts } from "./texts.ts";

export const sheetTexts = defineTexts({
  en: { close: "Close" },
  de: { close: "Schließen" },
});
