import { defineTexts } from "../ui/texts.ts";

export const cropTexts = defineTexts({
  en: {
    title: (label: string) => `Crop ${label}`,
    opening: "Reading the picture",
    frame: (percent: number) => `Frame, ${percent} % of the picture's longer side`,
    help: "Arrow keys move the frame, with Shift they resize it, with Alt they go by single pixels.",
    smaller: "Smaller",
    larger: "Larger",
    around: "Around the subject",
    whole: "All of it",
    cancel: "Cancel",
    confirm: "Crop",
    cropped: (label: string) => `${label} is cropped.`,
    undo: "Undo",
    failed: "The picture could not be cropped.",
  },
  de: {
    title: (label) => `${label} zuschneiden`,
    opening: "Liest das Bild",
    frame: (percent) => `Rahmen, ${percent} % der längeren Seite`,
    help: "Pfeiltasten bewegen den Rahmen, mit Umschalt ändern sie seine Größe, mit Alt um einzelne Pixel.",
    smaller: "Kleiner",
    larger: "Größer",
    around: "Um das Motiv",
    whole: "Ganz",
    cancel: "Abbrechen",
    confirm: "Zuschneiden",
    cropped: (label) => `${label} ist zugeschnitten.`,
    undo: "Rückgängig",
    failed: "Das Bild ließ sich nicht zuschneiden.",
  },
});
