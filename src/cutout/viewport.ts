/** Where the photo lies in the view: pixels of the photo to CSS pixels of the canvas and back. */
import type { Point } from "../../workers/segmentation/shapes.ts";

export interface Viewport {
  /** CSS pixels a pixel of the photo. */
  readonly scale: number;
  /** Of the photo's upper left corner, CSS pixels. */
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Around the fitted photo, so that its edges can be reached. */
const MARGIN = 12;
export const MAX_ZOOM = 12;

/** The whole photo in the middle of the view. */
export function fitWhole(photo: Size, view: Size): Viewport {
  const scale = Math.max(
    0.01,
    Math.min((view.width - 2 * MARGIN) / photo.width, (view.height - 2 * MARGIN) / photo.height),
  );
  return { scale, x: (view.width - photo.width * scale) / 2, y: (view.height - photo.height * scale) / 2 };
}

/** Scales around a point of the view, which stays where it is on the photo; from the fitted size to MAX_ZOOM times that. */
export function zoomAt(viewport: Viewport, at: Point, factor: number, photo: Size, view: Size): Viewport {
  const fitted = fitWhole(photo, view);
  const scale = Math.min(Math.max(viewport.scale * factor, fitted.scale), fitted.scale * MAX_ZOOM);
  const ratio = scale / viewport.scale;
  return within({ scale, x: at.x - (at.x - viewport.x) * ratio, y: at.y - (at.y - viewport.y) * ratio }, photo, view);
}

export function pan(viewport: Viewport, dx: number, dy: number, photo: Size, view: Size): Viewport {
  return within({ ...viewport, x: viewport.x + dx, y: viewport.y + dy }, photo, view);
}

/** Keeps the photo in the view: centred where it is smaller, without a gap where it is larger. */
function within(viewport: Viewport, photo: Size, view: Size): Viewport {
  const place = (offset: number, length: number, room: number) => {
    const size = length * viewport.scale;
    if (size <= room - 2 * MARGIN) return (room - size) / 2;
    return Math.min(Math.max(offset, room - MARGIN - size), MARGIN);
  };
  return {
    scale: viewport.scale,
    x: place(viewport.x, photo.width, view.width),
    y: place(viewport.y, photo.height, view.height),
  };
}

export const toPhoto = (viewport: Viewport, point: Point): Point => ({
  x: (point.x - viewport.x) / viewport.scale,
  y: (point.y - viewport.y) / viewport.scale,
});

export const toView = (viewport: Viewport, point: Point): Point => ({
  x: point.x * viewport.scale + viewport.x,
  y: point.y * viewport.scale + viewport.y,
});
