import { defineTexts } from "../ui/texts.ts";

/** What is said of models outside of their own page. */
export const modelNewsTexts = defineTexts({
  en: {
    drop: "Drop the model's files",
    list: (names: readonly string[]) => names.map((name) => `“${name}”`).join(", "),
    lost: (names: string, count: number) =>
      `The browser no longer holds ${names}. ${count === 1 ? "Its" : "Their"} pictures are still here. Import ${count === 1 ? "its" : "their"} files again to draw with ${count === 1 ? "it" : "them"}.`,
    miniInstead: "The mini draws in the meantime.",
    toModels: "Open models",
    understood: "Close",
    bringBack: "Bring back",
    bringBackIt: (name: string) => `Bring back ${name}`,
    imported: (name: string) => `“${name}” is here and draws from now on.`,
    importFailed: (name: string, message: string) => `“${name}” was not imported. ${message}`,
    importRuns: "A model is being imported. Wait for it, or cancel it, before you choose other files.",
    show: "Show",
    madeWithOther: (name: string) => `It was made with “${name}”; choose it under Models to draw the same picture.`,
    madeWithMissing: (name: string) =>
      `It was made with “${name}”, which is not on this machine: the picture will be another one.`,
  },
  de: {
    drop: "Dateien des Modells hier ablegen",
    list: (names) => names.map((name) => `„${name}“`).join(", "),
    lost: (names, count) =>
      count === 1
        ? `Der Browser hat ${names} nicht mehr. Die Bilder davon sind noch da. Importieren Sie die Dateien noch einmal, um damit zu zeichnen.`
        : `Der Browser hat ${names} nicht mehr. Die Bilder davon sind noch da. Importieren Sie die Dateien noch einmal, um mit ihnen zu zeichnen.`,
    miniInstead: "Bis dahin zeichnet das Mini.",
    toModels: "Modelle öffnen",
    understood: "Schließen",
    bringBack: "Zurückholen",
    bringBackIt: (name) => `Zurückholen: ${name}`,
    imported: (name) => `„${name}“ ist da und zeichnet von jetzt an.`,
    importFailed: (name, message) => `„${name}“ wurde nicht importiert. ${message}`,
    importRuns:
      "Ein Modell wird gerade importiert. Warten Sie, oder brechen Sie es ab, bevor Sie andere Dateien wählen.",
    show: "Zeigen",
    madeWithOther: (name) => `Es entstand mit „${name}“; wählen Sie das unter Modelle, um dasselbe Bild zu zeichnen.`,
    madeWithMissing: (name) =>
      `Es entstand mit „${name}“, das nicht auf diesem Gerät ist: Das Bild wird ein anderes werden.`,
  },
});
