import { defineTexts } from "../ui/texts.ts";

export const shelfTexts = defineTexts({
  en: {
    title: "Pictures",
    insert: "Insert",
    insertTitle: (label: string) => `Put ${label} into the sentence`,
    insertIt: "Put into the sentence",
    editOf: (label: string) => `Edit ${label}`,
    find: "Find by name or tag",
    noneFound: "No picture has this name or tag.",
    removeOf: (label: string) => `Remove ${label}`,
    removed: (label: string) => `${label} removed.`,
    undo: "Undo",
    picture: "Picture",
    add: "Add a picture",
    hint: "Drag one into the sentence, press it, or type @ and its name or tag. You can also paste or drop a file.",
    notKept: {
      closed: "This browser keeps nothing for this page: pictures last until it is closed.",
      quota: "There is no room left in the browser's storage: the last change here lasts until this page is closed.",
    },
    drop: "Drop pictures to put them on the shelf",
  },
  de: {
    title: "Bilder",
    insert: "Einfügen:",
    insertTitle: (label) => `${label} in den Satz setzen`,
    insertIt: "In den Satz setzen",
    editOf: (label) => `${label} bearbeiten`,
    find: "Nach Namen oder Schlagwort suchen",
    noneFound: "Kein Bild heißt so oder trägt dieses Schlagwort.",
    removeOf: (label) => `${label} entfernen`,
    removed: (label) => `${label} entfernt.`,
    undo: "Rückgängig",
    picture: "Bild",
    add: "Bild hinzufügen",
    hint: "Ziehen Sie eines in den Satz, drücken Sie es oder tippen Sie @ und seinen Namen oder ein Schlagwort. Auch Einfügen und Ablegen von Dateien geht.",
    notKept: {
      closed: "Dieser Browser behält nichts für diese Seite: Bilder bleiben, bis sie geschlossen wird.",
      quota:
        "Im Speicher des Browsers ist kein Platz mehr: Die letzte Änderung hier bleibt, bis diese Seite geschlossen wird.",
    },
    drop: "Bilder hier ablegen, um sie ins Regal zu stellen",
  },
});

/** What can be changed about a picture, in its menu and in that of its chip. */
export const entityTexts = defineTexts({
  en: {
    menuOf: (label: string) => `Picture ${label}`,
    name: "Name",
    tags: "Tags",
    tagsExample: "toy, yellow",
    background: "With its background",
    crop: "Crop",
    editCutout: "Edit cut-out",
    removeBackground: "Remove the background",
    takeOff: "Remove",
    close: "Close",
  },
  de: {
    menuOf: (label) => `Bild ${label}`,
    name: "Name",
    tags: "Schlagwörter",
    tagsExample: "Spielzeug, gelb",
    background: "Mit Hintergrund",
    crop: "Zuschneiden",
    editCutout: "Ausschnitt bearbeiten",
    removeBackground: "Hintergrund entfernen",
    takeOff: "Entfernen",
    close: "Schließen",
  },
});
