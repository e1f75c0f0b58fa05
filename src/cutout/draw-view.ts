/** Draws the bench: the ground as the preview has it, the subject over it, and what the tool in hand shows. */

import type { ClickPoint } from "../../workers/protocol.ts";
import type { Box } from "../../workers/segmentation/mask.ts";
import type { Point } from "../../workers/segmentation/shapes.ts";
import type { Preview } from "./tools.ts";
import { toView, type Viewport } from "./viewport.ts";

export interface View {
  readonly viewport: Viewport;
  readonly preview: Preview;
  readonly photo: CanvasImageSource & { readonly width: number; readonly height: number };
  readonly cut: CanvasImageSource;
  /** Nothing is cut out yet: the photo is shown as it is. */
  readonly empty: boolean;
  readonly box: Box | null;
  readonly outline: readonly Point[];
  readonly clicks: readonly ClickPoint[];
  /** The cross-hair; with the brush's radius in pixels of the photo. */
  readonly cursor: { readonly at: Point; readonly radius: number; readonly down: boolean } | null;
}

/** Resolved colours of the page. */
export interface Colours {
  readonly accent: string;
  readonly paper: string;
}

const CHECK = 8;
/** Half the side of a box's handles, CSS pixels. */
const HANDLE = 5;

/**
 * @param context scaled to CSS pixels
 * @param width @param height of the view, CSS pixels
 */
export function drawView(
  context: CanvasRenderingContext2D,
  view: View,
  colours: Colours,
  width: number,
  height: number,
): void {
  const { viewport, photo } = view;
  const [w, h] = [photo.width * viewport.scale, photo.height * viewport.scale];
  context.clearRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.imageSmoothingEnabled = viewport.scale < 4;
  if (view.preview === "dim" || view.empty) {
    context.drawImage(photo, viewport.x, viewport.y, w, h);
    if (!view.empty) {
      context.globalAlpha = 0.74;
      context.fillStyle = colours.paper;
      context.fillRect(viewport.x, viewport.y, w, h);
      context.globalAlpha = 1;
    }
  } else if (view.preview === "white") {
    context.fillStyle = "white";
    context.fillRect(viewport.x, viewport.y, w, h);
  } else drawChecker(context, viewport.x, viewport.y, w, h);
  if (!view.empty) context.drawImage(view.cut, viewport.x, viewport.y, w, h);

  if (view.box) drawBox(context, view.box, viewport, colours);
  if (view.outline.length > 0) drawOutline(context, view.outline, viewport, colours);
  for (const click of view.clicks) drawClick(context, click, viewport, colours);
  if (view.cursor) drawCursor(context, view.cursor, viewport, colours);
}

function drawChecker(context: CanvasRenderingContext2D, x: number, y: number, w: number, h: number): void {
  context.fillStyle = "#fff";
  context.fillRect(x, y, w, h);
  context.fillStyle = "#d9d6d0";
  context.beginPath();
  for (let row = 0; row * CHECK < h; row++) {
    for (let column = row % 2; column * CHECK < w; column += 2) {
      const [left, top] = [column * CHECK, row * CHECK];
      context.rect(x + left, y + top, Math.min(CHECK, w - left), Math.min(CHECK, h - top));
    }
  }
  context.fill();
}

/** A line that is seen on any photo: the accent over white. */
function strokeTwice(context: CanvasRenderingContext2D, accent: string): void {
  context.lineJoin = "round";
  context.strokeStyle = "white";
  context.lineWidth = 3.5;
  context.stroke();
  context.strokeStyle = accent;
  context.lineWidth = 1.5;
  context.stroke();
}

function drawBox(context: CanvasRenderingContext2D, box: Box, viewport: Viewport, { accent }: Colours): void {
  const from = toView(viewport, { x: box.left, y: box.top });
  const to = toView(viewport, { x: box.right, y: box.bottom });
  context.beginPath();
  context.rect(from.x, from.y, to.x - from.x, to.y - from.y);
  strokeTwice(context, accent);
  const [middleX, middleY] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
  context.beginPath();
  for (const x of [from.x, middleX, to.x]) {
    for (const y of [from.y, middleY, to.y]) {
      if (x !== middleX || y !== middleY) context.rect(x - HANDLE, y - HANDLE, 2 * HANDLE, 2 * HANDLE);
    }
  }
  context.fillStyle = "white";
  context.fill();
  context.strokeStyle = accent;
  context.lineWidth = 1.5;
  context.stroke();
}

function drawOutline(
  context: CanvasRenderingContext2D,
  outline: readonly Point[],
  viewport: Viewport,
  { accent }: Colours,
): void {
  context.beginPath();
  for (const point of outline) {
    const { x, y } = toView(viewport, point);
    context.lineTo(x, y);
  }
  strokeTwice(context, accent);
}

function drawClick(
  context: CanvasRenderingContext2D,
  click: ClickPoint,
  viewport: Viewport,
  { accent }: Colours,
): void {
  const { x, y } = toView(viewport, click);
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  context.fillStyle = click.subject ? accent : "white";
  context.fill();
  context.strokeStyle = click.subject ? "white" : accent;
  context.lineWidth = 2;
  context.stroke();
  context.beginPath();
  context.moveTo(x - 3, y);
  context.lineTo(x + 3, y);
  if (click.subject) {
    context.moveTo(x, y - 3);
    context.lineTo(x, y + 3);
  }
  context.stroke();
}

function drawCursor(
  context: CanvasRenderingContext2D,
  cursor: NonNullable<View["cursor"]>,
  viewport: Viewport,
  { accent }: Colours,
): void {
  const { x, y } = toView(viewport, cursor.at);
  const radius = cursor.radius * viewport.scale;
  context.beginPath();
  if (radius > 0) context.arc(x, y, Math.max(radius, 3), 0, 2 * Math.PI);
  else {
    context.moveTo(x - 10, y);
    context.lineTo(x + 10, y);
    context.moveTo(x, y - 10);
    context.lineTo(x, y + 10);
  }
  if (cursor.down) {
    context.globalAlpha = 0.25;
    context.fillStyle = accent;
    context.fill();
    context.globalAlpha = 1;
  }
  strokeTwice(context, accent);
}
