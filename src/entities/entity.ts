import type { Box } from "../../workers/segmentation/mask.ts";

/** A picture that sentences can name. */
export interface Entity {
  readonly id: string;
  readonly label: string;
  /** What sentences use. PNG, JPEG or WebP that every part of the app can decode; 1024 px at most. */
  readonly picture: Blob;
  readonly addedAt: number;
  readonly tags?: readonly string[];
  /** How it was cut out; not there for pictures that were taken as they are. */
  readonly cutout?: EntityCutout | undefined;
  /** Of a picture that was taken as it is: what it was before it was cropped. */
  readonly cropped?: Cropped | undefined;
}

/** A picture before it was cropped, and what of it is shown. */
export interface Cropped {
  readonly photo: Blob;
  /** Square; pixels of the photo. */
  readonly frame: Box;
}

/** Training pictures were square crops, half of them on white, half with their background. */
export type Background = "removed" | "kept";

/** The tool that found the subject; what was painted by hand afterwards does not change it. */
export type CutoutMethod = "box" | "brush" | "lasso" | "wand" | "whole" | "describe" | "click";

/** Both forms of a cut-out, and what it takes to cut it anew. */
export interface EntityCutout {
  /** PNG, square crop on white, 1024 px at most. */
  readonly onWhite: Blob;
  /** The same crop with its background. */
  readonly withBackground: Blob;
  readonly background: Background;
  readonly source: CutoutSource;
}

export interface CutoutSource {
  readonly method: CutoutMethod;
  /** The photo, upright, as it was worked on. */
  readonly photo: Blob;
  /** PNG of the photo's size, grey: 255 belongs to the subject. Not feathered yet. */
  readonly mask: Blob;
  /** Pixels of the photo. */
  readonly box: Box;
  /** Radius, pixels of the photo. */
  readonly feather: number;
  /** What of the photo is shown, square; left out: the square around the subject. */
  readonly frame?: Box | undefined;
}

/** What the cut-out dialog makes. */
export interface Cutout extends EntityCutout {
  readonly label: string;
  /** Left out: as they were. */
  readonly tags?: readonly string[];
}

/** The form that sentences use. */
export function pictureOf({ background, onWhite, withBackground }: EntityCutout): Blob {
  return background === "kept" ? withBackground : onWhite;
}
