/** Results as files: PNG, JPEG or WebP, as they are or enlarged, with or without what made them. */
import { markJpeg, markWebp } from "./ai-mark.ts";
import type { ExportChoices, Format } from "./export-choices.ts";
import { fileNameOf } from "./file-name.ts";
import { type EmbeddedEntity, type PngStory, withMarkOnly, withMetadata } from "./png-metadata.ts";
import { provenanceOf, toPortableSentence, toPortableSettings } from "./request-format.ts";
import type { ResultDetails, ResultRow } from "./result.ts";

export interface ExportedPicture {
  readonly file: Blob;
  readonly name: string;
}

const EXTENSIONS: Record<Format, string> = { png: "png", jpeg: "jpg", webp: "webp" };
const QUALITY = 0.95;

/**
 * @param details left out: the file says no more than that a model made it
 * @throws Error where the browser cannot convert the picture
 */
export async function exportPicture(
  row: ResultRow,
  picture: Blob,
  details: ResultDetails | undefined,
  choices: ExportChoices,
): Promise<ExportedPicture> {
  const { format, silent } = choices;
  const name = fileNameOf(row.caption, row.settings.seed, EXTENSIONS[format]);
  const pixels = await convert(picture, choices);
  const bytes = new Uint8Array(await pixels.arrayBuffer());
  const told = {
    png: async () => (silent || !details ? withMarkOnly(bytes) : withMetadata(bytes, await storyOf(row, details))),
    jpeg: () => markJpeg(bytes),
    webp: () => markWebp(bytes),
  };
  return { file: new Blob([await told[format]()], { type: `image/${format}` }), name };
}

async function convert(picture: Blob, { format, scale, smooth }: ExportChoices): Promise<Blob> {
  if (format === "png" && scale === 1) return picture;
  const bitmap = await createImageBitmap(picture);
  try {
    const canvas = new OffscreenCanvas(bitmap.width * scale, bitmap.height * scale);
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no 2D canvas");
    context.imageSmoothingEnabled = smooth;
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const file = await canvas.convertToBlob({ type: `image/${format}`, quality: QUALITY });
    // Browsers that cannot write WebP write PNG instead and say so only here.
    if (file.type !== `image/${format}`) throw new Error(`this browser writes no ${format}`);
    return file;
  } finally {
    bitmap.close();
  }
}

async function storyOf(row: ResultRow, { metadata, entities }: ResultDetails): Promise<PngStory> {
  const labels = new Map(entities.map(({ id, label }) => [id, label]));
  const embedded = await Promise.all(
    entities.map(async ({ id, label, thumbnail }): Promise<EmbeddedEntity[]> => {
      return thumbnail ? [{ id, label, picture: await dataUrl(thumbnail) }] : [];
    }),
  );
  return {
    request: {
      sentence: toPortableSentence(row.sentence, (id) => labels.get(id)),
      settings: toPortableSettings(metadata.settings),
    },
    entities: embedded.flat(),
    caption: row.caption,
    settings: metadata.settings,
    provenance: provenanceOf(row.madeAt, metadata),
  };
}

async function dataUrl(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return `data:${blob.type || "image/png"};base64,${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}
