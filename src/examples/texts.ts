import { defineTexts } from "../ui/texts.ts";

export const examplesTexts = defineTexts({
  en: {
    title: "Examples",
    try: "Try",
    more: "More examples",
    modelDoesWell: "What this model does well",
    wordsAlone: "In words alone",
    fromPaper: "After the paper",
    paperNote: "They want a full checkpoint; the small model knows few of these words.",
    paperNoteFull: "The sentences of the paper and its demo.",
    picture: "picture",
    needsMore: "Needs more pictures on the shelf",
  },
  de: {
    title: "Beispiele",
    try: "Etwa",
    more: "Weitere Beispiele",
    modelDoesWell: "Was dieses Modell gut kann",
    wordsAlone: "Nur mit Wörtern",
    fromPaper: "Nach dem Paper",
    paperNote: "Sie brauchen ein volles Modell; das kleine kennt wenige dieser Wörter.",
    paperNoteFull: "Die Sätze des Papers und seiner Demo.",
    picture: "Bild",
    needsMore: "Braucht mehr Bilder im Regal",
  },
});
