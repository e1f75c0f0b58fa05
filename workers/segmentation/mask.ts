/** What a cut-out is: how much of each pixel belongs to the subject. */

/** [height, width], 0: ground, 255: subject. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** [height, width, 4], straight alpha. */
export interface Rgba {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Pixels; the right and lower edges are outside. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function emptyMask(width: number, height: number): Mask {
  return { width, height, data: new Uint8ClampedArray(width * height) };
}

export function wholeMask(width: number, height: number): Mask {
  return { width, height, data: new Uint8ClampedArray(width * height).fill(255) };
}

/** How a tool's region joins what is there. */
export type Combine = "replace" | "add" | "subtract";

/** Joins `region` to `mask`; both of one size. */
export function combine(mask: Mask, region: Mask, how: Combine): Mask {
  const { width, height } = mask;
  const data = new Uint8ClampedArray(region.data);
  if (how !== "replace") {
    for (let i = 0; i < data.length; i++) {
      const before = mask.data[i] as number;
      const value = data[i] as number;
      data[i] = how === "add" ? Math.max(before, value) : Math.min(before, 255 - value);
    }
  }
  return { width, height, data };
}

/** The box around every pixel that belongs to the subject by half or more; undefined where there is none. */
export function boundsOf({ width, height, data }: Mask, level = 128): Box | undefined {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if ((data[y * width + x] as number) < level) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  }
  return right > left ? { left, top, right, bottom } : undefined;
}

/** Part of the picture that the subject takes, 0 to 1. */
export function coverage({ data }: Mask): number {
  let sum = 0;
  for (const value of data) sum += value;
  return data.length ? sum / (255 * data.length) : 0;
}

/**
 * Softens the edge: three box blurs, which come close to a Gaussian.
 * @param radius of each, in pixels; 0 gives the mask itself
 */
export function feather(mask: Mask, radius: number): Mask {
  const r = Math.round(radius);
  if (r < 1) return mask;
  const { width, height } = mask;
  const from = new Uint8ClampedArray(mask.data);
  const to = new Uint8ClampedArray(from.length);
  for (let pass = 0; pass < 3; pass++) {
    blurLines(from, to, width, height, 1, width, r);
    blurLines(to, from, height, width, width, 1, r);
  }
  return { width, height, data: from };
}

/** Moving means along `lines` lines of `length` values that lie `step` apart; edges repeat. */
function blurLines(
  from: Uint8ClampedArray,
  to: Uint8ClampedArray,
  length: number,
  lines: number,
  step: number,
  lineStep: number,
  radius: number,
): void {
  const window = 2 * radius + 1;
  for (let line = 0; line < lines; line++) {
    const start = line * lineStep;
    const at = (i: number) => from[start + Math.min(Math.max(i, 0), length - 1) * step] as number;
    let sum = 0;
    for (let i = -radius; i <= radius; i++) sum += at(i);
    for (let i = 0; i < length; i++) {
      to[start + i * step] = sum / window;
      sum += at(i + radius + 1) - at(i - radius);
    }
  }
}
