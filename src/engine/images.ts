import type { EntityImage } from "../../workers/protocol.ts";
import { EngineError } from "./errors.ts";

/** A picture of an entity: a file, a decoded bitmap or raw RGBA pixels. */
export type EntitySource = Blob | ImageBitmap | ImageData;

/** Longer sides are scaled down to this; CLIP sees 224 at most. */
const MAX_SIDE = 1024;
const MAX_BYTES = 100 * 2 ** 20;

/**
 * Decodes a picture to upright RGBA pixels with straight alpha, 1024 px at most.
 * @throws EngineError bad-image when the browser cannot read it
 */
export async function readEntityImage(source: EntitySource): Promise<EntityImage> {
  if (source instanceof ImageData) {
    return { width: source.width, height: source.height, data: new Uint8ClampedArray(source.data) };
  }
  const { canvas, context } = await drawDown(source);
  const { width, height } = canvas;
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

/**
 * Makes a picture file safe to keep: decoded once, upright, 1024 px at most, as PNG.
 * @throws EngineError bad-image for what is no picture
 */
export async function normalisePicture(file: Blob): Promise<Blob> {
  return (await drawDown(file)).canvas.convertToBlob({ type: "image/png" });
}

async function drawDown(source: Blob | ImageBitmap) {
  const bitmap = source instanceof ImageBitmap ? source : await decode(source);
  try {
    const shrink = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    const side = (length: number) => Math.max(1, Math.round(length * shrink));
    const canvas = new OffscreenCanvas(side(bitmap.width), side(bitmap.height));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context)
      throw new EngineError(
        "bad-image",
        "The browser gave no canvas to read the picture with. Close other tabs and try again.",
      );
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return { canvas, context };
  } finally {
    if (bitmap !== source) bitmap.close();
  }
}

async function decode(blob: Blob): Promise<ImageBitmap> {
  if (blob.size > MAX_BYTES) {
    throw new EngineError(
      "bad-image",
      `This file has ${Math.round(blob.size / 2 ** 20)} MB; pictures of up to 100 MB are read.`,
    );
  }
  try {
    return await createImageBitmap(blob, { imageOrientation: "from-image" });
  } catch (cause) {
    throw new EngineError(
      "bad-image",
      "This file is not a picture that the browser can read. Use PNG, JPEG, WebP, GIF or AVIF.",
      String(cause),
    );
  }
}
