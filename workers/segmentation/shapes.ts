/** Shapes that a hand draws: the lasso's outline and the brush's stroke. */
import type { Mask } from "./mask.ts";

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The inside of an outline, by the even-odd rule; the last point is joined to the first. Pixels on the edge are covered in part.
 * @returns [height, width], 0 to 255
 */
export function fillPolygon(points: readonly Point[], width: number, height: number): Mask {
  const data = new Uint8ClampedArray(width * height);
  if (points.length < 3) return { width, height, data };
  const LINES = 4;
  const cover = new Float32Array(width);
  for (let y = 0; y < height; y++) {
    cover.fill(0);
    for (let line = 0; line < LINES; line++) {
      const crossings = crossingsAt(points, y + (line + 0.5) / LINES);
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        const from = Math.max(0, crossings[i] as number);
        const to = Math.min(width, crossings[i + 1] as number);
        for (let x = Math.floor(from); x < to; x++) {
          cover[x] = (cover[x] as number) + (Math.min(to, x + 1) - Math.max(from, x)) / LINES;
        }
      }
    }
    for (let x = 0; x < width; x++) data[y * width + x] = 255 * (cover[x] as number);
  }
  return { width, height, data };
}

function crossingsAt(points: readonly Point[], y: number): number[] {
  const crossings: number[] = [];
  let a = points[points.length - 1] as Point;
  for (const b of points) {
    if (a.y <= y !== b.y <= y) crossings.push(a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x));
    a = b;
  }
  return crossings.sort((p, q) => p - q);
}

/** The part of a plane that was changed; the right and lower edges are outside. */
export interface Touched {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/**
 * Draws a straight stroke with a round brush into a plane, in place. Its edge is one pixel soft.
 * @param value what the stroke brings: the plane goes to it, never past it
 */
export function paintStroke(
  plane: { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray | Uint8Array },
  from: Point,
  to: Point,
  radius: number,
  value: number,
  soft = true,
): Touched {
  const { width, height, data } = plane;
  const reach = radius + 1;
  const touched = {
    left: Math.max(0, Math.floor(Math.min(from.x, to.x) - reach)),
    top: Math.max(0, Math.floor(Math.min(from.y, to.y) - reach)),
    right: Math.min(width, Math.ceil(Math.max(from.x, to.x) + reach)),
    bottom: Math.min(height, Math.ceil(Math.max(from.y, to.y) + reach)),
  };
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const squared = dx * dx + dy * dy;
  for (let y = touched.top; y < touched.bottom; y++) {
    for (let x = touched.left; x < touched.right; x++) {
      const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
      const along = squared > 0 ? Math.min(Math.max((px * dx + py * dy) / squared, 0), 1) : 0;
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const part = soft ? Math.min(Math.max(radius + 0.5 - distance, 0), 1) : distance <= radius ? 1 : 0;
      if (part === 0) continue;
      const at = y * width + x;
      const before = data[at] as number;
      const painted = before + (value - before) * part;
      data[at] = value >= before ? Math.max(before, painted) : Math.min(before, painted);
    }
  }
  return touched;
}
