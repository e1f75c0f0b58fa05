import { defineTexts } from "../ui/texts.ts";

export const crashTexts = defineTexts({
  en: {
    title: "Something in this page broke",
    kept: "Your sentence, settings, pictures and results are stored in this browser and will be there after a reload.",
    part: "This part of the page could not be shown",
    partKept: "Nothing is lost. Check the connection and reload: the page may have been renewed in the meantime.",
    reload: "Reload",
    copy: "Copy report",
    copied: "Copied",
    details: "Details",
  },
  de: {
    title: "In dieser Seite ist etwas zerbrochen",
    kept: "Ihr Satz, Ihre Einstellungen, Bilder und Ergebnisse liegen in diesem Browser und sind nach dem Neuladen wieder da.",
    part: "Dieser Teil der Seite ließ sich nicht zeigen",
    partKept:
      "Nichts ist verloren. Prüfen Sie die Verbindung und laden Sie neu: vielleicht ist die Seite inzwischen erneuert worden.",
    reload: "Neu laden",
    copy: "Bericht kopieren",
    copied: "Kopiert",
    details: "Einzelheiten",
  },
});
