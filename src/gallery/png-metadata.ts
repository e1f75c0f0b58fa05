/**
 * What a PNG of this app says about itself, in iTXt chunks before the pixels:
 * `kosmosg`, our own JSON, brings sentence and settings back when the file is dropped on the page;
 * `parameters`, one text in the form of A1111's web UI, is for other tools and for people;
 * XMP marks the picture as made by a model, in IPTC's words.
 */
import * as v from "valibot";
import { xmpPacket } from "./ai-mark.ts";
import {
  type PngChunk,
  PngError,
  readChunks,
  readTextChunk,
  type TextChunk,
  textChunk,
  writeChunks,
} from "./png-chunks.ts";
import {
  APP,
  type PortableRequest,
  type Provenance,
  portableSentenceSchema,
  portableSettingsSchema,
  VERSION,
} from "./request-format.ts";
import type { Settings } from "./result.ts";

const PARAMETERS = "parameters";
const TOOL = "Kosmos-G in the browser";
const XMP = "XML:com.adobe.xmp";
/** Larger files are pictures all the same, but not read for metadata. */
const MAX_FILE = 64 * 2 ** 20;
const MAX_JSON = 512 * 1024;
const MAX_THUMBNAIL = 48 * 1024;
const MAX_THUMBNAILS = 16;

const thumbnailSchema = v.object({
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
  label: v.pipe(v.string(), v.maxLength(200)),
  /** A data URL: base64 keeps the chunk plain text. */
  picture: v.pipe(
    v.string(),
    v.maxLength(MAX_THUMBNAIL),
    v.regex(/^data:image\/(png|webp|jpeg);base64,[A-Za-z0-9+/]+=*$/),
  ),
});

const metadataSchema = v.object({
  app: v.literal(APP),
  version: v.literal(VERSION),
  sentence: portableSentenceSchema,
  settings: portableSettingsSchema,
  entities: v.fallback(v.pipe(v.array(thumbnailSchema), v.maxLength(MAX_THUMBNAILS)), []),
});

const modelSchema = v.object({
  app: v.literal(APP),
  model: v.object({
    name: v.pipe(v.string(), v.maxLength(4096)),
    files: v.record(v.string(), v.pipe(v.string(), v.maxLength(64))),
  }),
});

/** A picture of the sentence, small. */
export type EmbeddedEntity = v.InferOutput<typeof thumbnailSchema>;

export interface PngMetadata extends PortableRequest {
  readonly entities: readonly EmbeddedEntity[];
}

/** All that is written into a picture. */
export interface PngStory {
  readonly request: PortableRequest;
  readonly entities: readonly EmbeddedEntity[];
  readonly caption: string;
  readonly settings: Settings;
  readonly provenance: Provenance;
}

/** The same picture with `story` in it, in place of what it said before. @throws PngError */
export function withMetadata(png: Uint8Array<ArrayBuffer>, story: PngStory): Uint8Array<ArrayBuffer> {
  const { request, provenance } = story;
  const entities = story.entities.filter((entity) => v.is(thumbnailSchema, entity)).slice(0, MAX_THUMBNAILS);
  const json = { app: APP, version: VERSION, ...request, entities, ...provenance };
  return withTexts(png, [
    { keyword: APP, text: JSON.stringify(json) },
    { keyword: PARAMETERS, text: parametersText(story) },
    { keyword: XMP, text: xmpPacket(TOOL) },
  ]);
}

/** The same picture, silent about how and when it was made, but for the mark that a model made it. @throws PngError */
export function withMarkOnly(png: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return withTexts(png, [{ keyword: XMP, text: xmpPacket() }]);
}

/** In place of all texts that it had, before its pixels: readers need not read on. */
function withTexts(png: Uint8Array<ArrayBuffer>, texts: readonly TextChunk[]): Uint8Array<ArrayBuffer> {
  const chunks = readChunks(png, () => false).filter((chunk) => !isMetadata(chunk));
  const firstPixels = chunks.findIndex(({ type }) => type === "IDAT");
  if (firstPixels < 0) throw new PngError("This PNG has no pixels.");
  return writeChunks(chunks.toSpliced(firstPixels, 0, ...texts.map(textChunk)));
}

/** What a PNG of this app says; null for every other file, however it is made. */
export function readMetadata(png: Uint8Array<ArrayBuffer>): PngMetadata | null {
  // The schema builds new objects from the fields that it names: keys such as __proto__ lead nowhere.
  const read = v.safeParse(metadataSchema, readOwn(png));
  return read.success
    ? { sentence: read.output.sentence, settings: read.output.settings, entities: read.output.entities }
    : null;
}

/** The model that a PNG of this app says it was made with: its name and the SHA-256 of its files; null where it says none. */
export function readModel(png: Uint8Array<ArrayBuffer>): { name: string; files: Record<string, string> } | null {
  const read = v.safeParse(modelSchema, readOwn(png));
  return read.success ? read.output.model : null;
}

/** This app's JSON in a PNG, unchecked; undefined where there is none. */
function readOwn(png: Uint8Array<ArrayBuffer>): unknown {
  if (png.length > MAX_FILE) return undefined;
  try {
    const ours = readChunks(png, (type) => type === "iTXt").find(
      ({ type, data }) => type === "iTXt" && startsWith(data, `${APP}\0`),
    );
    if (!ours || ours.data.length > MAX_JSON) return undefined;
    const text = readTextChunk(ours)?.text;
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** `parameters` as A1111's web UI and its relatives write and read it. */
export function parametersText({
  caption,
  settings,
  provenance,
}: Pick<PngStory, "caption" | "settings" | "provenance">): string {
  const samplers = { "dpmsolver++": "DPM++ 2M", ddim: "DDIM", pndm: "PLMS" };
  const fields: [string, string | number][] = [
    ["Steps", settings.steps],
    ["Sampler", samplers[settings.scheduler]],
    ["CFG scale", settings.guidanceScale],
    ["Seed", settings.seed],
    ["Size", `${settings.width}x${settings.height}`],
    ["Model", provenance.model.name.replaceAll(",", " ")],
    ["Version", TOOL],
  ];
  const line = (text: string) => text.replace(/\s+/g, " ").trim();
  return [
    line(caption),
    ...(settings.negativePrompt ? [`Negative prompt: ${line(settings.negativePrompt)}`] : []),
    fields.map(([name, value]) => `${name}: ${value}`).join(", "),
  ].join("\n");
}

/** Chunks that say something about the picture and do not change how it looks. */
function isMetadata({ type }: PngChunk): boolean {
  return ["iTXt", "tEXt", "zTXt", "eXIf", "tIME"].includes(type);
}

function startsWith(data: Uint8Array, text: string): boolean {
  return [...text].every((character, i) => data[i] === character.charCodeAt(0));
}
