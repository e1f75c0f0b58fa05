/** Photos and masks between files and pixels. */
import type { Box, Mask, Rgba } from "../../workers/segmentation/mask.ts";
import { boundsOf, feather as featherMask, wholeMask } from "../../workers/segmentation/mask.ts";
import { crop, cropOnWhite, squareAround } from "../../workers/segmentation/square-crop.ts";
import { drawPicture } from "../engine/images.ts";
import { EngineError } from "../engine/index.ts";
import type { Background, Cutout, Entity, EntityCutout } from "../entities/entity.ts";
import type { Bench, Draft } from "./bench.ts";
import type { StoredDraft } from "./cutout-store.ts";
import { type Ground, groundOf } from "./plain-ground.ts";

/** Longest side that is worked on: a subject that fills two thirds of a photo comes out at the full size of an entity. */
const WORKING_SIDE = 1600;
/** Longest side of an entity's picture. */
const ENTITY_SIDE = 1024;
/** Enough to see whether the edge is plain. */
const GLANCE_SIDE = 256;
/** From this level on a pixel counts for the crop: a soft edge is not cut off. */
const CROP_LEVEL = 24;

/** @throws EngineError bad-image */
export async function readPhoto(file: Blob): Promise<Rgba> {
  return pixelsOf(file, WORKING_SIDE);
}

/** Whether a picture file needs to be cut out. @throws EngineError bad-image */
export async function groundOfFile(file: Blob): Promise<Ground> {
  return groundOf(await pixelsOf(file, GLANCE_SIDE));
}

/** What an entity keeps of its cut-out, ready to go on. Undefined where it no longer fits the photo. */
export async function readDraft(draft: Draft | StoredDraft, photo: Rgba): Promise<Draft | undefined> {
  if ("mask" in draft)
    return draft.mask.width === photo.width && draft.mask.height === photo.height ? draft : undefined;
  const { mask, box, feather, method } = draft.stored.source;
  const { width, height, data } = await pixelsOf(mask, WORKING_SIDE);
  if (width !== photo.width || height !== photo.height) return undefined;
  const levels = Uint8ClampedArray.from({ length: width * height }, (_, at) => data[4 * at] as number);
  return { mask: { width, height, data: levels }, box, feather, method };
}

/**
 * Makes the entity of what is on the bench.
 * @param file the photo as it was chosen
 * @throws EngineError bad-image when nothing is cut out
 */
export async function makeCutout(bench: Bench, label: string, background: Background, empty: string): Promise<Cutout> {
  const { photo, mask } = bench;
  const { box, feather, method } = bench.getState();
  const soft = featherMask(mask, feather);
  const bounds = boundsOf(soft, CROP_LEVEL);
  if (!bounds) throw new EngineError("bad-image", empty);
  const square = squareAround(bounds, photo.width, photo.height);
  const [forms, keptPhoto, keptMask] = await Promise.all([
    formsOf(photo, soft, square),
    keep(photo),
    toPng(grey(mask), WORKING_SIDE),
  ]);
  return {
    label,
    ...forms,
    background,
    source: { method, photo: keptPhoto, mask: keptMask, box, feather },
  };
}

/** Both forms of what a frame shows of a cut-out. */
async function formsOf(photo: Rgba, soft: Mask, frame: Box): Promise<Pick<Cutout, "onWhite" | "withBackground">> {
  const [onWhite, withBackground] = await Promise.all([
    toPng(cropOnWhite(photo, soft, frame), ENTITY_SIDE),
    toPng(crop(photo, frame), ENTITY_SIDE),
  ]);
  return { onWhite, withBackground };
}

/** A picture that is about to be cropped. */
export interface Uncropped {
  readonly photo: Rgba;
  /** What belongs to the subject, its edge soft; left out for pictures as they are. */
  readonly mask?: Mask;
  /** What is shown of it now. */
  readonly frame: Box;
  /** What is shown where nobody has chosen: the square around the subject, or around all of it. */
  readonly whole: Box;
}

/** @throws EngineError bad-image */
export async function readUncropped({ picture, cutout, cropped }: Entity): Promise<Uncropped> {
  const photo = await pixelsOf(cutout?.source.photo ?? cropped?.photo ?? picture, WORKING_SIDE);
  const { width, height } = photo;
  const draft = cutout && (await readDraft({ stored: cutout }, photo));
  const mask = draft && featherMask(draft.mask, draft.feather ?? 0);
  const bounds = (mask && boundsOf(mask, CROP_LEVEL)) ?? { left: 0, top: 0, right: width, bottom: height };
  const whole = squareAround(bounds, width, height);
  return { photo, ...(mask && { mask }), frame: cutout?.source.frame ?? cropped?.frame ?? whole, whole };
}

/** The cut-out as `frame` shows it. */
export async function reframe(
  cutout: EntityCutout,
  { photo, mask, whole }: Uncropped,
  frame: Box,
): Promise<EntityCutout> {
  const { frame: _, ...source } = cutout.source;
  const forms = await formsOf(photo, mask ?? wholeMask(photo.width, photo.height), frame);
  return { ...cutout, ...forms, source: { ...source, ...(frame !== whole && { frame }) } };
}

/** A picture as it is, as `frame` shows it. */
export function cropPicture({ photo }: Uncropped, frame: Box): Promise<Blob> {
  return toPng(crop(photo, frame), ENTITY_SIDE);
}

async function pixelsOf(file: Blob, side: number): Promise<Rgba> {
  const { canvas, context } = await drawPicture(file, side);
  const { width, height } = canvas;
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

function toCanvas({ width, height, data }: Rgba): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

async function toPng(image: Rgba, side: number): Promise<Blob> {
  const canvas = toCanvas(image);
  const shrink = side / Math.max(image.width, image.height);
  if (shrink >= 1) return canvas.convertToBlob({ type: "image/png" });
  const smaller = new OffscreenCanvas(Math.round(image.width * shrink), Math.round(image.height * shrink));
  const context = smaller.getContext("2d");
  if (context) {
    context.imageSmoothingQuality = "high";
    context.drawImage(canvas, 0, 0, smaller.width, smaller.height);
  }
  return smaller.convertToBlob({ type: "image/png" });
}

/** The photo as small as it goes without being seen; PNG where JPEG would lose what is see-through. */
function keep(photo: Rgba): Promise<Blob> {
  const clear = photo.data.some((value, at) => at % 4 === 3 && value < 255);
  return toCanvas(photo).convertToBlob(clear ? { type: "image/png" } : { type: "image/jpeg", quality: 0.92 });
}

function grey({ width, height, data }: Mask): Rgba {
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let at = 0; at < data.length; at++) {
    rgba.fill(data[at] as number, 4 * at, 4 * at + 3);
    rgba[4 * at + 3] = 255;
  }
  return { width, height, data: rgba };
}
