/** The box around a subject: moved, resized, drawn anew. */
import type { Box } from "../../workers/segmentation/mask.ts";
import type { Point } from "../../workers/segmentation/shapes.ts";
import type { Size } from "./viewport.ts";

/** Smaller boxes hold nothing to cut out. */
const MIN_SIDE = 8;

/** What is drawn before anybody has drawn a box: most of the photo. */
export function startBox({ width, height }: Size): Box {
  return {
    left: Math.round(0.12 * width),
    top: Math.round(0.12 * height),
    right: Math.round(0.88 * width),
    bottom: Math.round(0.88 * height),
  };
}

/** The box between two corners, inside the photo; undefined where it is too small to be meant. */
export function boxBetween(a: Point, b: Point, photo: Size): Box | undefined {
  const clip = (value: number, most: number) => Math.round(Math.min(Math.max(value, 0), most));
  const box = {
    left: clip(Math.min(a.x, b.x), photo.width),
    top: clip(Math.min(a.y, b.y), photo.height),
    right: clip(Math.max(a.x, b.x), photo.width),
    bottom: clip(Math.max(a.y, b.y), photo.height),
  };
  return box.right - box.left >= MIN_SIDE && box.bottom - box.top >= MIN_SIDE ? box : undefined;
}

/** Shifted as far as the photo goes. */
export function moveBox(box: Box, dx: number, dy: number, photo: Size): Box {
  const shift = (first: number, end: number, by: number, most: number) =>
    Math.round(Math.min(Math.max(by, -first), most - end));
  const x = shift(box.left, box.right, dx, photo.width);
  const y = shift(box.top, box.bottom, dy, photo.height);
  return { left: box.left + x, top: box.top + y, right: box.right + x, bottom: box.bottom + y };
}

/** Which edges of a box a hand holds: -1 the left or upper one, 1 the right or lower one, 0 none of this axis. */
export interface Grip {
  readonly x: -1 | 0 | 1;
  readonly y: -1 | 0 | 1;
}

export function resizeBox(box: Box, { x, y }: Grip, dx: number, dy: number, photo: Size): Box {
  const clip = (value: number, least: number, most: number) => Math.round(Math.min(Math.max(value, least), most));
  return {
    left: x < 0 ? clip(box.left + dx, 0, box.right - MIN_SIDE) : box.left,
    right: x > 0 ? clip(box.right + dx, box.left + MIN_SIDE, photo.width) : box.right,
    top: y < 0 ? clip(box.top + dy, 0, box.bottom - MIN_SIDE) : box.top,
    bottom: y > 0 ? clip(box.bottom + dy, box.top + MIN_SIDE, photo.height) : box.bottom,
  };
}

/**
 * What lies under a point: an edge or corner of the box, its inside ("move"), or neither.
 * @param reach in pixels of the photo
 */
export function gripAt(box: Box, point: Point, reach: number): Grip | "move" | undefined {
  const near = (value: number, first: number, end: number): -1 | 0 | 1 => {
    const [toFirst, toEnd] = [Math.abs(value - first), Math.abs(value - end)];
    if (Math.min(toFirst, toEnd) > reach) return 0;
    return toFirst < toEnd ? -1 : 1;
  };
  const outside =
    point.x < box.left - reach ||
    point.x > box.right + reach ||
    point.y < box.top - reach ||
    point.y > box.bottom + reach;
  if (outside) return undefined;
  const grip = { x: near(point.x, box.left, box.right), y: near(point.y, box.top, box.bottom) };
  return grip.x === 0 && grip.y === 0 ? "move" : grip;
}
