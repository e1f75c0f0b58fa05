/** Smaller and larger copies of pictures and masks, for computing. */
import type { Box, Rgba } from "./mask.ts";

/**
 * A window of a picture, reduced by averaging areas.
 * @returns [height, width, 3] floats, levels 0 to 255; transparent pixels as on white
 */
export function reduceRgb(image: Rgba, window: Box, width: number, height: number): Float32Array {
  const out = new Float32Array(3 * width * height);
  const scaleX = (window.right - window.left) / width;
  const scaleY = (window.bottom - window.top) / height;
  for (let y = 0; y < height; y++) {
    const y0 = Math.floor(window.top + y * scaleY);
    const y1 = Math.max(y0 + 1, Math.floor(window.top + (y + 1) * scaleY));
    for (let x = 0; x < width; x++) {
      const x0 = Math.floor(window.left + x * scaleX);
      const x1 = Math.max(x0 + 1, Math.floor(window.left + (x + 1) * scaleX));
      let [r, g, b, a] = [0, 0, 0, 0];
      for (let sy = y0; sy < y1; sy++) {
        for (let sx = x0; sx < x1; sx++) {
          const at = 4 * (sy * image.width + sx);
          const alpha = image.data[at + 3] as number;
          r += (image.data[at] as number) * alpha;
          g += (image.data[at + 1] as number) * alpha;
          b += (image.data[at + 2] as number) * alpha;
          a += alpha;
        }
      }
      const count = 255 * (x1 - x0) * (y1 - y0);
      const white = 255 * (count - a);
      const at = 3 * (y * width + x);
      out[at] = (r + white) / count;
      out[at + 1] = (g + white) / count;
      out[at + 2] = (b + white) / count;
    }
  }
  return out;
}

/**
 * A window of a plane of marks, reduced so that no mark is lost: the largest value of each area wins.
 * @param plane [fullHeight, fullWidth]
 */
export function reduceMarks(plane: Uint8Array, fullWidth: number, window: Box, width: number, height: number) {
  const out = new Uint8Array(width * height);
  const scaleX = (window.right - window.left) / width;
  const scaleY = (window.bottom - window.top) / height;
  for (let y = window.top; y < window.bottom; y++) {
    const row = Math.min(height - 1, Math.floor((y - window.top) / scaleY)) * width;
    for (let x = window.left; x < window.right; x++) {
      const mark = plane[y * fullWidth + x] as number;
      if (mark === 0) continue;
      const at = row + Math.min(width - 1, Math.floor((x - window.left) / scaleX));
      if (mark > (out[at] as number)) out[at] = mark;
    }
  }
  return out;
}
