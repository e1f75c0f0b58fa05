import { defineTexts } from "../ui/texts.ts";

export const mastheadTexts = defineTexts({
  en: {
    tagline: "Sentences in which pictures are words, drawn on this machine. Nothing leaves it.",
    views: "Views",
    studio: "Studio",
    models: "Models",
    device: "Device",
    appearance: "Appearance and language",
    theme: "Theme",
    system: "As the system",
    light: "Light",
    dark: "Dark",
    language: "Language",
  },
  de: {
    tagline: "Sätze, in denen Bilder Wörter sind, auf diesem Gerät gezeichnet. Nichts verlässt es.",
    views: "Ansichten",
    studio: "Studio",
    models: "Modelle",
    device: "Gerät",
    appearance: "Aussehen und Sprache",
    theme: "Farben",
    system: "Wie das System",
    light: "Hell",
    dark: "Dunkel",
    language: "Sprache",
  },
});
