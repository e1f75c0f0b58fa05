/** Results are dragged into the sentence or onto the shelf as pictures. */
import type { DragEvent } from "react";

/** Type of a dragged result; the data is its id. */
export const RESULT_MIME = "application/x-kosmosg-result";

const PREVIEW = 72;

/**
 * For `onDragStart` of a draggable element around a result's picture; the `<img>` inside says `draggable={false}`, or the browser would
 * drag it as a file.
 */
export function startResultDrag(event: DragEvent<HTMLElement>, result: { id: string; caption: string }): void {
  event.dataTransfer.effectAllowed = "copy";
  event.dataTransfer.setData(RESULT_MIME, result.id);
  event.dataTransfer.setData("text/plain", result.caption);
  const picture = event.currentTarget.querySelector("img");
  if (!picture) return;
  // The picture on the stage is large: the cursor carries a small one.
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = PREVIEW;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, PREVIEW, PREVIEW);
  canvas.style.cssText = "position:fixed;inset-block-start:-200px";
  document.body.append(canvas);
  event.dataTransfer.setDragImage(canvas, PREVIEW / 2, PREVIEW / 2);
  setTimeout(() => canvas.remove());
}

/** A name for a result on the shelf: its sentence without the marks, short. */
export function labelOfResult(caption: string): string {
  const words = caption.replace(/[‹›]/g, "").replace(/\s+/g, " ").trim();
  return words.length > 32 ? `${words.slice(0, 31).trimEnd()}…` : words;
}
