/** What tells subject from ground, pixel by pixel: hue, a little brightness, and how rough the surface is. */
import { boxMean } from "./box-mean.ts";
import type { Features } from "./feature-mixture.ts";

/** Levels added before logarithms, where sensor noise rules. */
const DARK = 16;
/** Half the window that roughness is measured in. */
const RADIUS = 2;
/** Scales that put a just clear difference of each kind at about the same distance. */
const SCALE = { hue: 80, brightness: 0.2, roughness: 12 } as const;

/**
 * Ratios of channels change less from light to shade than the channels do. Roughness is the standard deviation of the smoothest of the
 * four windows that have the pixel at a corner (Kuwahara's choice), so that an edge does not count as rough.
 * @param colours [height, width, 3], levels 0 to 255
 */
export function pixelFeatures(colours: Float32Array, width: number, height: number): Features {
  const dim = 4;
  const count = width * height;
  const data = new Float32Array(dim * count);
  const luma = new Float32Array(count);
  for (let at = 0; at < count; at++) {
    const r = colours[3 * at] as number;
    const g = colours[3 * at + 1] as number;
    const b = colours[3 * at + 2] as number;
    luma[at] = 0.3 * r + 0.59 * g + 0.11 * b;
    data[dim * at] = SCALE.hue * Math.log((r + DARK) / (g + DARK));
    data[dim * at + 1] = SCALE.hue * Math.log((b + DARK) / (g + DARK));
    data[dim * at + 2] = SCALE.brightness * (luma[at] as number);
  }
  const variance = localVariance(luma, width, height);
  for (let y = 0; y < height; y++) {
    const [above, below] = [Math.max(0, y - RADIUS), Math.min(height - 1, y + RADIUS)];
    for (let x = 0; x < width; x++) {
      const [left, right] = [Math.max(0, x - RADIUS), Math.min(width - 1, x + RADIUS)];
      const least = Math.min(
        variance[above * width + left] as number,
        variance[above * width + right] as number,
        variance[below * width + left] as number,
        variance[below * width + right] as number,
      );
      data[dim * (y * width + x) + 3] = SCALE.roughness * Math.log(1 + Math.sqrt(least));
    }
  }
  return { dim, data };
}

function localVariance(luma: Float32Array, width: number, height: number): Float32Array {
  const mean = luma.slice();
  const square = luma.map((value) => value * value);
  boxMean(mean, width, height, RADIUS);
  boxMean(square, width, height, RADIUS);
  return square.map((value, at) => Math.max(0, value - (mean[at] as number) ** 2));
}
