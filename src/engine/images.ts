import { type Said, say } from "../../workers/messages.ts";
import type { EntityImage } from "../../workers/protocol.ts";
import { EngineError } from "./errors.ts";
import { HEADER_BYTES, type ImageHeader, readImageHeader } from "./image-header.ts";

/** A picture of an entity: a file, a decoded bitmap or raw RGBA pixels. */
export type EntitySource = Blob | ImageBitmap | ImageData;

/** Longer sides are scaled down to this; CLIP sees 224 at most. */
const MAX_SIDE = 1024;
/** A photo of 100 megapixels as PNG. */
const MAX_BYTES = 400 * 2 ** 20;
/** 100 megapixels as cameras count them (11,656 x 8,742). */
const MAX_PIXELS = 100 * 2 ** 20;
/** Drawings beyond this are no drawings. */
const MAX_SVG_BYTES = 8 * 2 ** 20;
/** An SVG without a size of its own is drawn this large. */
const SVG_SIDE = 1024;

/**
 * Decodes a picture to upright RGBA pixels with straight alpha, 1024 px at most.
 * @throws EngineError bad-image when the browser cannot read it
 */
export async function readEntityImage(source: EntitySource): Promise<EntityImage> {
  if (source instanceof ImageData) {
    return { width: source.width, height: source.height, data: new Uint8ClampedArray(source.data) };
  }
  const { canvas, context } = await drawPicture(source, MAX_SIDE);
  const { width, height } = canvas;
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

/**
 * Makes a picture file safe to keep: decoded once, upright, 1024 px at most, as PNG.
 * @throws EngineError bad-image for what is no picture
 */
export async function normalisePicture(file: Blob): Promise<Blob> {
  return (await drawPicture(file, MAX_SIDE)).canvas.convertToBlob({ type: "image/png" });
}

export interface DrawnPicture {
  readonly canvas: OffscreenCanvas;
  readonly context: OffscreenCanvasRenderingContext2D;
}

/**
 * Decodes a picture of up to 100 megapixels, its first frame if it moves, upright, and draws it no larger than asked for.
 * The full picture is in memory once at most, inside the browser's decoder.
 * @param maxSide longest side of the result, pixels; smaller pictures stay as they are
 * @throws EngineError bad-image, with the reason
 */
export async function drawPicture(source: Blob | ImageBitmap, maxSide: number): Promise<DrawnPicture> {
  const picture = source instanceof Blob ? await decode(source, maxSide) : source;
  try {
    const shrink = Math.min(1, maxSide / Math.max(picture.width, picture.height));
    const side = (length: number) => Math.max(1, Math.round(length * shrink));
    const canvas = new OffscreenCanvas(side(picture.width), side(picture.height));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context)
      throw bad(say("The browser gave no canvas to read the picture with. Close other tabs and try again."));
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return { canvas, context };
  } finally {
    if (picture instanceof ImageBitmap && picture !== source) picture.close();
  }
}

const bad = (message: Said, detail?: string) => new EngineError("bad-image", message, detail);

async function decode(blob: Blob, maxSide: number): Promise<ImageBitmap | HTMLImageElement> {
  if (blob.size === 0) throw bad(say("This file is empty."));
  if (blob.size > MAX_BYTES) {
    throw bad(
      say("This file has {size} MB; pictures of up to {most} MB are read.", {
        size: megabytes(blob.size),
        most: megabytes(MAX_BYTES),
      }),
    );
  }
  const header = readImageHeader(await readStart(blob));
  if (!header)
    throw bad(say("This file is not a picture that the browser can read. Use PNG, JPEG, WebP, GIF or AVIF."));
  if (header.kind === "svg") return decodeSvg(blob);
  const pixels = header.width * header.height;
  if (pixels > MAX_PIXELS) {
    throw bad(
      say("This picture has {megapixels} megapixels; up to 100 are read. Make it smaller first.", {
        megapixels: Math.round(pixels / 1e6),
      }),
    );
  }
  try {
    return await decodeBitmap(blob, header, maxSide);
  } catch (cause) {
    throw bad(whyUnreadable(header), String(cause));
  }
}

async function readStart(blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.slice(0, HEADER_BYTES).arrayBuffer());
  } catch (cause) {
    // A file that was moved or deleted since it was chosen.
    throw bad(say("This file could not be opened. Choose it again."), String(cause));
  }
}

/** Large ones are scaled while they are decoded. */
async function decodeBitmap(blob: Blob, header: ImageHeader, maxSide: number): Promise<ImageBitmap> {
  const upright: ImageBitmapOptions = { imageOrientation: "from-image" };
  const turned = header.orientation >= 5;
  const [width, height] = turned ? [header.height, header.width] : [header.width, header.height];
  const shrink = maxSide / Math.max(width, height);
  // Of the others the browser alone knows how they are turned.
  if (shrink >= 1 || header.kind === "avif" || header.kind === "heic") return createImageBitmap(blob, upright);
  return createImageBitmap(blob, {
    ...upright,
    resizeWidth: Math.max(1, Math.round(width * shrink)),
    resizeHeight: Math.max(1, Math.round(height * shrink)),
    resizeQuality: "high",
  });
}

/** As <img>: there its scripts do not run, and it fetches nothing. */
async function decodeSvg(blob: Blob): Promise<HTMLImageElement> {
  if (blob.size > MAX_SVG_BYTES)
    throw bad(say("This drawing has {size} MB; save it as PNG first.", { size: megabytes(blob.size) }));
  const url = URL.createObjectURL(new Blob([blob], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const shrink = SVG_SIDE / Math.max(image.naturalWidth, image.naturalHeight, 1);
    // Vectors are sharp at any size.
    image.width = Math.max(1, Math.round(image.naturalWidth * shrink)) || SVG_SIDE;
    image.height = Math.max(1, Math.round(image.naturalHeight * shrink)) || SVG_SIDE;
    return image;
  } catch (cause) {
    throw bad(say("This SVG drawing could not be read. Save it as PNG first."), String(cause));
  } finally {
    URL.revokeObjectURL(url);
  }
}

function whyUnreadable({ kind, width, height }: ImageHeader): Said {
  const name = kind.toUpperCase();
  if (kind === "heic") {
    return say("This is a HEIC photo, which this browser cannot read: Safari reads HEIC; save it as JPEG elsewhere.");
  }
  if (width === 0 || height === 0) return say("This {name} file says that it has no pixels. It is damaged.", { name });
  return say(
    "This {name} file is damaged or cut off, or this browser cannot read its kind. Save it again and try anew.",
    { name },
  );
}

const megabytes = (bytes: number) => Math.round(bytes / 2 ** 20);
