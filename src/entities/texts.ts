import { defineTexts } from "../ui/texts.ts";

export const shelfTexts = defineTexts({
  en: {
    title: "Pictures",
    insert: "Insert",
    insertTitle: (label: string) => `Put ${label} into the sentence`,
    removeOf: (label: string) => `Remove ${label}`,
    removed: (label: string) => `${label} removed.`,
    undo: "Undo",
    picture: "Picture",
    add: "Add a picture",
    hint: "Drag one into the sentence, press it, or type @ and its name. You can also paste or drop a file.",
    notKept: "This browser keeps nothing for this page: pictures last until it is closed.",
    drop: "Drop pictures to put them on the shelf",
  },
  de: {
    title: "Bilder",
    insert: "Einfügen:",
    insertTitle: (label) => `${label} in den Satz setzen`,
    removeOf: (label) => `${label} entfernen`,
    removed: (label) => `${label} entfernt.`,
    undo: "Rückgängig",
    picture: "Bild",
    add: "Bild hinzufügen",
    hint: "Ziehen Sie eines in den Satz, drücken Sie es oder tippen Sie @ und seinen Namen. Auch Einfügen und Ablegen von Dateien geht.",
    notKept: "Dieser Browser behält nichts für diese Seite: Bilder bleiben, bis sie geschlossen wird.",
    drop: "Bilder hier ablegen, um sie ins Regal zu stellen",
  },
});
