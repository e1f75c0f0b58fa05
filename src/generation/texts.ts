import type { ErrorCode, Phase } from "../engine/index.ts";
import { defineTexts } from "../ui/texts.ts";

/** German lines for what the engine says in English; the rest are shown as they come, with their numbers. */
const FAILURES_DE: Partial<Record<ErrorCode, string>> = {
  "no-webgpu": "Dieser Browser hat kein WebGPU. Nehmen Sie Chrome oder Edge ab Version 113 oder Safari ab Version 26.",
  "no-adapter":
    "Der Browser findet keine Grafikeinheit. Schalten Sie die Hardwarebeschleunigung ein und laden Sie neu.",
  "insecure-context": "WebGPU gibt es nur über https. Öffnen Sie die Seite über eine sichere Adresse.",
  "device-lost": "Die Grafikeinheit hat aufgehört zu arbeiten. Versuchen Sie es noch einmal; nichts ist verloren.",
  "out-of-memory": "Der Grafikspeicher reicht nicht. Versuchen Sie es kleiner, oder schließen Sie andere Tabs.",
  "too-large": "Für diese Größe sind die Puffer dieser Grafikeinheit zu klein. Wählen Sie eine kleinere.",
  "worker-died":
    "Der Browser hat den Rechenteil beendet, vielleicht aus Speichermangel. Versuchen Sie es noch einmal; nichts ist verloren.",
  stalled: "Die Grafikeinheit antwortet nicht mehr. Versuchen Sie es noch einmal; der Rechenteil beginnt von vorn.",
  offline:
    "Keine Verbindung. Was angekommen ist, bleibt; versuchen Sie es noch einmal, wenn Sie wieder verbunden sind.",
  network: "Die Verbindung ist abgebrochen. Was angekommen ist, bleibt; versuchen Sie es noch einmal.",
  "not-loaded":
    "Das Modell, das dies zeichnen sollte, ist nicht mehr gespeichert. Wählen Sie unter Modelle ein anderes und zeichnen Sie noch einmal.",
  quota: "Der Browser gibt keinen Platz mehr. Löschen Sie Daten anderer Seiten oder Bilder der Galerie.",
  internal: "Etwas ist schiefgegangen. Versuchen Sie es noch einmal.",
};

const PHASES_EN: Record<Phase, string> = {
  device: "Looking for a graphics device",
  "self-test": "Checking that this device calculates correctly",
  build: "Preparing the model for this device, once a visit",
  "encode-images": "Looking at the pictures",
  "encode-prompt": "Reading the sentence",
  align: "Putting it into the painter's words",
  denoise: "Starting to paint",
  decode: "Developing the picture",
};

const PHASES_DE: Record<Phase, string> = {
  device: "Sucht eine Grafikeinheit",
  "self-test": "Prüft, ob diese Grafikeinheit richtig rechnet",
  build: "Richtet das Modell für dieses Gerät ein, einmal je Besuch",
  "encode-images": "Sieht die Bilder an",
  "encode-prompt": "Liest den Satz",
  align: "Übersetzt ihn in die Worte des Malers",
  denoise: "Beginnt zu malen",
  decode: "Entwickelt das Bild",
};

export const generationTexts = defineTexts({
  en: {
    locale: "en",
    generate: "Generate",
    getThenGenerate: (size: string) => `Get the model, ${size}, then generate`,
    emptySentence: "The sentence is empty. Write a few words or put a picture in.",
    missingPicture: "A picture of this sentence is not on this machine any more. Remove its chip or put another in.",
    empty: "Your picture appears here.",
    exampleOf: (seed: number) => `An example, drawn by this model with seed ${seed}. Generate draws one of your own.`,
    preview: "Preview",
    progress: "Progress",
    starting: "Starting",
    stopping: "Stopping",
    waiting: "Waiting",
    phase: (phase: Phase) => PHASES_EN[phase],
    download: (loaded: string, total: string, speed: string) =>
      `Getting the model, once: ${loaded} of ${total}${speed && `, ${speed}/s`}`,
    step: (step: number, steps: number, each: string, left: string) =>
      `Step ${step} of ${steps}, ${each} each, ${left} left`,
    stopped: "Stopped.",
    stoppedAt: (step: number, steps: number) => `Stopped at step ${step} of ${steps}.`,
    failed: (code: ErrorCode, message: string) =>
      code === "not-loaded"
        ? "The model that was to draw this is not stored any more. Choose another under Models, then generate again."
        : message,
    details: "Details",
    cancel: "Cancel",
    tryAgain: "Try again",
    trySmaller: (width: number, height: number) => `Try smaller, ${width} × ${height}`,
    close: "Close",
    watch: "Back to what is being drawn",
    facts: (seed: number, steps: number, guidance: string, scheduler: string, size: string, seconds: string) =>
      `Seed ${seed} · ${steps} steps · guidance ${guidance} · ${scheduler} · ${size} · ${seconds}`,
    useSeed: "Use this seed",
    reuse: "Use sentence and settings",
    asPicture: "Put it on the shelf",
    onShelf: (label: string) => `${label} is on the shelf.`,
    dragHint: "Drag it into the sentence to use it as a picture",
    queue: "Queue",
    pictureOf: (index: number, total: number) => `Picture ${index} of ${total}`,
    timeLeft: (time: string) => `about ${time} left`,
    cancelAll: "Stop all",
    takeOut: (caption: string) => `Take out: ${caption}`,
    stopThis: (caption: string) => `Stop: ${caption}`,
    again: (caption: string) => `Once more: ${caption}`,
    againSmaller: (caption: string) => `Smaller: ${caption}`,
    dismiss: (caption: string) => `Dismiss: ${caption}`,
    seed: (seed: number) => `seed ${seed}`,
    didFail: "failed",
    wasStopped: "stopped",
    done: "done",
    held: (count: number) => (count === 1 ? "1 picture was waiting." : `${count} pictures were waiting.`),
    goOn: "Go on",
    discard: "Discard",
    titleDone: "Done",
    titleFailed: "Stopped",
    seconds: (value: string) => `${value} s`,
    minutes: (value: string) => `${value} min`,
  },
  de: {
    locale: "de",
    generate: "Zeichnen",
    getThenGenerate: (size) => `Modell holen, ${size}, dann zeichnen`,
    emptySentence: "Der Satz ist leer. Schreiben Sie ein paar Wörter oder setzen Sie ein Bild ein.",
    missingPicture:
      "Ein Bild dieses Satzes ist nicht mehr auf diesem Gerät. Nehmen Sie es heraus oder setzen Sie ein anderes ein.",
    empty: "Hier erscheint Ihr Bild.",
    exampleOf: (seed) =>
      `Ein Beispiel, von diesem Modell mit Startwert ${seed} gezeichnet. Zeichnen macht Ihr eigenes.`,
    preview: "Vorschau",
    progress: "Fortschritt",
    starting: "Beginnt",
    stopping: "Hält an",
    waiting: "Wartet",
    phase: (phase) => PHASES_DE[phase],
    download: (loaded, total, speed) => `Holt das Modell, einmalig: ${loaded} von ${total}${speed && `, ${speed}/s`}`,
    step: (step, steps, each, left) => `Schritt ${step} von ${steps}, je ${each}, noch ${left}`,
    stopped: "Angehalten.",
    stoppedAt: (step, steps) => `Angehalten bei Schritt ${step} von ${steps}.`,
    failed: (code, message) => FAILURES_DE[code] ?? message,
    details: "Einzelheiten",
    cancel: "Abbrechen",
    tryAgain: "Noch einmal",
    trySmaller: (width, height) => `Kleiner versuchen, ${width} × ${height}`,
    close: "Schließen",
    watch: "Zurück zum entstehenden Bild",
    facts: (seed, steps, guidance, scheduler, size, seconds) =>
      `Startwert ${seed} · ${steps} Schritte · Führung ${guidance} · ${scheduler} · ${size} · ${seconds}`,
    useSeed: "Startwert übernehmen",
    reuse: "Satz und Einstellungen übernehmen",
    asPicture: "Ins Regal legen",
    onShelf: (label) => `${label} liegt im Regal.`,
    dragHint: "In den Satz ziehen, um es als Bild zu verwenden",
    queue: "Warteschlange",
    pictureOf: (index, total) => `Bild ${index} von ${total}`,
    timeLeft: (time) => `noch etwa ${time}`,
    cancelAll: "Alle anhalten",
    takeOut: (caption) => `Herausnehmen: ${caption}`,
    stopThis: (caption) => `Anhalten: ${caption}`,
    again: (caption) => `Noch einmal: ${caption}`,
    againSmaller: (caption) => `Kleiner: ${caption}`,
    dismiss: (caption) => `Entfernen: ${caption}`,
    seed: (seed) => `Startwert ${seed}`,
    didFail: "gescheitert",
    wasStopped: "angehalten",
    done: "fertig",
    held: (count) => (count === 1 ? "1 Bild hat noch gewartet." : `${count} Bilder haben noch gewartet.`),
    goOn: "Weiter",
    discard: "Verwerfen",
    titleDone: "Fertig",
    titleFailed: "Angehalten",
    seconds: (value) => `${value} s`,
    minutes: (value) => `${value} min`,
  },
});

export type GenerationTexts = (typeof generationTexts)["en"];
