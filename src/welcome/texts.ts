import { defineTexts } from "../ui/texts.ts";

export const welcomeTexts = defineTexts({
  en: {
    locale: "en",
    title: "How this works",
    dismiss: "Close: how this works",
    sentence: "Pictures are words",
    sentenceText: "Put cut-out pictures between your words, press Generate, and the whole sentence is drawn.",
    here: "Drawn here",
    hereText: "This browser computes every picture on this machine's graphics device, by WebGPU.",
    download: (size: string) => `One download, ${size}`,
    downloadText: "The model comes once, with the first picture, and stays in this browser.",
    stored: (size: string) => `The model is here, ${size}`,
    storedText: "It is stored in this browser: from now on the page draws offline too.",
    private: "Private",
    privateText: "Your sentences and pictures never leave this machine.",
  },
  de: {
    locale: "de",
    title: "So geht es",
    dismiss: "Schließen: So geht es",
    sentence: "Bilder sind Wörter",
    sentenceText: "Setzen Sie Bilder zwischen Ihre Wörter, drücken Sie Zeichnen, und der ganze Satz wird gezeichnet.",
    here: "Hier gezeichnet",
    hereText: "Dieser Browser rechnet jedes Bild auf der Grafikeinheit dieses Geräts, mit WebGPU.",
    download: (size) => `Ein Download, ${size}`,
    downloadText: "Das Modell kommt einmal, mit dem ersten Bild, und bleibt in diesem Browser.",
    stored: (size) => `Das Modell ist da, ${size}`,
    storedText: "Es liegt in diesem Browser: von nun an zeichnet die Seite auch ohne Netz.",
    private: "Privat",
    privateText: "Ihre Sätze und Bilder verlassen dieses Gerät nie.",
  },
});
