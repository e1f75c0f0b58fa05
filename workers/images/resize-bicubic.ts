/**
 * Pillow's antialiased bicubic resize of 8-bit pictures (src/libImaging/Resample.c): a horizontal and a vertical pass with
 * fixed-point coefficients, rounded to whole levels after each. Equal to Pillow 13 in every level.
 */

/** An 8-bit picture, [height, width, 3]. */
export interface RgbImage {
  width: number;
  height: number;
  data: Uint8Array;
}

/** A window of the resized picture, in its pixels. */
export interface Window {
  left: number;
  top: number;
  width: number;
  height: number;
}

const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);
const SUPPORT = 2;

/**
 * @param width @param height of the whole resized picture.
 * @param window what of it is computed; it must lie inside.
 * @returns [window.height, window.width, 3].
 */
export function resizeBicubic(image: RgbImage, width: number, height: number, window: Window): RgbImage {
  const columns = filterTaps(image.width, width, window.left, window.width);
  const rows = filterTaps(image.height, height, window.top, window.height);
  // Since 13.0 Pillow begins with the height where it shrinks more than twice as much as the width (pull request 9549).
  const heightFirst = height < image.height && image.height - height > 2 * (image.width - width);
  return heightFirst
    ? resampleRows(resampleColumns(image, rows), columns)
    : resampleColumns(resampleRows(image, columns, rows), rows);
}

/**
 * The horizontal pass.
 * @param neededRows where the vertical pass follows, its taps: rows that it does not read stay empty.
 */
function resampleRows(image: RgbImage, columns: readonly Taps[], neededRows?: readonly Taps[]): RgbImage {
  const width = columns.length;
  const data = new Uint8Array(3 * width * image.height);
  const last = neededRows?.at(-1);
  const end = last ? last.first + last.weights.length : image.height;
  for (let y = neededRows?.[0]?.first ?? 0; y < end; y++) {
    columns.forEach(({ first, weights }, x) => {
      filter(image.data, 3 * (y * image.width + first), 3, weights, data, 3 * (y * width + x));
    });
  }
  return { width, height: image.height, data };
}

/** The vertical pass. */
function resampleColumns({ width, data: source }: RgbImage, rows: readonly Taps[]): RgbImage {
  const data = new Uint8Array(3 * width * rows.length);
  rows.forEach(({ first, weights }, y) => {
    for (let x = 0; x < width; x++) {
      filter(source, 3 * (first * width + x), 3 * width, weights, data, 3 * (y * width + x));
    }
  });
  return { width, height: rows.length, data };
}

/** Weights of the input pixels from `first` on, in 1 / 2^PRECISION_BITS. */
interface Taps {
  first: number;
  weights: Int32Array;
}

/** The taps of the output pixels `start` to `start + count` on one axis: precompute_coeffs and normalize_coeffs_8bpc. */
function filterTaps(inputSize: number, outputSize: number, start: number, count: number): Taps[] {
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = SUPPORT * filterScale;
  return Array.from({ length: count }, (_, index) => {
    const center = (start + index + 0.5) * scale;
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const last = Math.min(Math.trunc(center + support + 0.5), inputSize);
    const weights = Array.from({ length: last - first }, (_, i) =>
      bicubic((first + i - center + 0.5) * (1 / filterScale)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return {
      first,
      weights: Int32Array.from(weights, (weight) => {
        const fixed = (weight / sum) * (1 << PRECISION_BITS);
        return Math.trunc(fixed + (fixed < 0 ? -0.5 : 0.5));
      }),
    };
  });
}

/** Keys' cubic with a = -0.5. */
function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** One RGB pixel of `target` from the pixels of `source` that lie `step` apart. */
function filter(
  source: Uint8Array,
  from: number,
  step: number,
  weights: Int32Array,
  target: Uint8Array,
  to: number,
): void {
  let red = HALF;
  let green = HALF;
  let blue = HALF;
  let position = from;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    red += weight * (source[position] as number);
    green += weight * (source[position + 1] as number);
    blue += weight * (source[position + 2] as number);
    position += step;
  }
  target[to] = toLevel(red);
  target[to + 1] = toLevel(green);
  target[to + 2] = toLevel(blue);
}

function toLevel(sum: number): number {
  return Math.min(Math.max(sum >> PRECISION_BITS, 0), 255);
}
