/** The square that a picture is cropped to: moved and resized within the picture. */
import type { Box } from "../../workers/segmentation/mask.ts";
import type { Point } from "../../workers/segmentation/shapes.ts";
import { squareAround } from "../../workers/segmentation/square-crop.ts";
import type { Size } from "./viewport.ts";

/** Smaller ones show nothing. */
const MIN_SIDE = 16;

export const sideOf = ({ left, right }: Box): number => right - left;

/** Shifted as far as the picture goes; where it is narrower than the frame, it stays centred. */
export function moveFrame({ left, top, right, bottom }: Box, dx: number, dy: number, { width, height }: Size): Box {
  const [x, y] = [Math.round(dx), Math.round(dy)];
  return squareAround({ left: left + x, top: top + y, right: right + x, bottom: bottom + y }, width, height);
}

/** Larger or smaller around its middle, up to all of the picture. */
export function resizeFrame(frame: Box, by: number, photo: Size): Box {
  const side = Math.round(Math.min(Math.max(sideOf(frame) + by, MIN_SIDE), Math.max(photo.width, photo.height)));
  const left = Math.round((frame.left + frame.right - side) / 2);
  const top = Math.round((frame.top + frame.bottom - side) / 2);
  return squareAround({ left, top, right: left + side, bottom: top + side }, photo.width, photo.height);
}

/** The corner that a point is near to, and the one across from it; undefined where none is in reach. */
export function cornerAt(
  { left, top, right, bottom }: Box,
  point: Point,
  reach: number,
): { readonly across: Point } | undefined {
  const x = Math.abs(point.x - left) < Math.abs(point.x - right) ? left : right;
  const y = Math.abs(point.y - top) < Math.abs(point.y - bottom) ? top : bottom;
  if (Math.hypot(point.x - x, point.y - y) > reach) return undefined;
  return { across: { x: x === left ? right : left, y: y === top ? bottom : top } };
}

/** The frame with one corner where it was and the other as near to `point` as a square allows. */
export function frameBetween(across: Point, point: Point, { width, height }: Size): Box {
  const most = Math.max(width, height);
  const reach = Math.max(Math.abs(point.x - across.x), Math.abs(point.y - across.y));
  const side = Math.round(Math.min(Math.max(reach, MIN_SIDE), most));
  const left = point.x < across.x ? across.x - side : across.x;
  const top = point.y < across.y ? across.y - side : across.y;
  return squareAround({ left, top, right: left + side, bottom: top + side }, width, height);
}
