/** Smaller and larger copies of pictures and masks, for computing. */
import type { Box, Rgba } from "./mask.ts";

/** Each pixel of the copy is the mean of at least so many of the picture's on each axis: single pixels are noise and JPEG's blocks. */
const LEAST_MEAN = 2;

/**
 * A window of a picture, reduced by averaging areas, pixels on their borders in part.
 * @returns [height, width, 3] floats, levels 0 to 255; transparent pixels as on white
 */
export function reduceRgb(image: Rgba, window: Box, width: number, height: number): Float32Array {
  const columns = areaTaps(window.left, window.right, width, image.width);
  const rows = areaTaps(window.top, window.bottom, height, image.height);
  // Rows of the picture reduced on one axis, kept as long as the other needs them.
  const reduced = new Map<number, Float32Array>();
  const rowOf = (y: number): Float32Array => {
    const known = reduced.get(y);
    if (known) return known;
    const row = reduceRow(image, y, columns);
    reduced.set(y, row);
    return row;
  };
  const out = new Float32Array(3 * width * height);
  rows.forEach(({ first, weights }, y) => {
    for (let i = 0; i < weights.length; i++) {
      const row = rowOf(first + i);
      const weight = weights[i] as number;
      for (let x = 0; x < 3 * width; x++) {
        out[3 * y * width + x] = (out[3 * y * width + x] as number) + weight * (row[x] as number);
      }
    }
    for (const known of reduced.keys()) if (known < first) reduced.delete(known);
  });
  return out;
}

function reduceRow(image: Rgba, y: number, columns: readonly Taps[]): Float32Array {
  const row = new Float32Array(3 * columns.length);
  columns.forEach(({ first, weights }, x) => {
    let [r, g, b] = [0, 0, 0];
    for (let i = 0; i < weights.length; i++) {
      const at = 4 * (y * image.width + first + i);
      const alpha = (image.data[at + 3] as number) / 255;
      const weight = weights[i] as number;
      r += weight * (255 + ((image.data[at] as number) - 255) * alpha);
      g += weight * (255 + ((image.data[at + 1] as number) - 255) * alpha);
      b += weight * (255 + ((image.data[at + 2] as number) - 255) * alpha);
    }
    row[3 * x] = r;
    row[3 * x + 1] = g;
    row[3 * x + 2] = b;
  });
  return row;
}

/** Weights of the source pixels from `first` on; they add up to 1. */
interface Taps {
  readonly first: number;
  readonly weights: Float32Array;
}

/** `count` areas of equal size between `from` and `to`, each at least LEAST_MEAN wide, inside 0 to `limit`. */
function areaTaps(from: number, to: number, count: number, limit: number): Taps[] {
  const scale = (to - from) / count;
  const half = Math.max(scale, LEAST_MEAN) / 2;
  return Array.from({ length: count }, (_, index) => {
    const centre = from + (index + 0.5) * scale;
    const [start, end] = [Math.max(0, centre - half), Math.min(limit, centre + half)];
    const first = Math.floor(start);
    const weights = Float32Array.from({ length: Math.ceil(end) - first }, (_, i) => {
      const covered = Math.min(end, first + i + 1) - Math.max(start, first + i);
      return covered / (end - start);
    });
    return { first, weights };
  });
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
