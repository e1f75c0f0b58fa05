/** The square around a subject, on white or with its background: the form of the reference pictures that Kosmos-G was trained on. */
import type { Box, Mask, Rgba } from "./mask.ts";

/**
 * The square around a box, as the paper's data script lays it: centred, then moved into the picture. Where the picture is
 * narrower than the square, it stays centred and reaches over the edges.
 */
export function squareAround(box: Box, width: number, height: number): Box {
  const side = Math.max(box.right - box.left, box.bottom - box.top);
  const place = (first: number, end: number, size: number) => {
    const centred = Math.floor((first + end) / 2) - Math.floor(side / 2);
    return side > size ? Math.floor((size - side) / 2) : Math.min(Math.max(centred, 0), size - side);
  };
  const left = place(box.left, box.right, width);
  const top = place(box.top, box.bottom, height);
  return { left, top, right: left + side, bottom: top + side };
}

/** A window of a picture; white where it reaches over the edges, and behind what is transparent. */
export function crop(image: Rgba, window: Box): Rgba {
  return composite(image, window, () => 255);
}

/** A window of a picture with white outside of the mask. */
export function cropOnWhite(image: Rgba, mask: Mask, window: Box): Rgba {
  return composite(image, window, (at) => mask.data[at] as number);
}

function composite(image: Rgba, window: Box, opacity: (at: number) => number): Rgba {
  const width = window.right - window.left;
  const height = window.bottom - window.top;
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let y = Math.max(0, window.top); y < Math.min(image.height, window.bottom); y++) {
    for (let x = Math.max(0, window.left); x < Math.min(image.width, window.right); x++) {
      const from = y * image.width + x;
      const to = 4 * ((y - window.top) * width + x - window.left);
      const part = ((image.data[4 * from + 3] as number) * opacity(from)) / 65025;
      for (let c = 0; c < 3; c++) data[to + c] = 255 + ((image.data[4 * from + c] as number) - 255) * part;
    }
  }
  return { width, height, data };
}
