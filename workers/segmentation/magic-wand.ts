/** Flood fill: what touches a point and has its colour. */
import { emptyMask, type Mask, type Rgba } from "./mask.ts";

/**
 * @param x column of the point
 * @param y row of the point
 * @param tolerance 0 to 255: how far any channel may lie from the point's colour
 * @returns the region; empty where the point lies outside of the picture
 */
export function magicWand(image: Rgba, x: number, y: number, tolerance: number): Mask {
  const { width, height, data } = image;
  const mask = emptyMask(width, height);
  const [column, row] = [Math.floor(x), Math.floor(y)];
  if (!(column >= 0 && column < width && row >= 0 && row < height)) return mask;
  const seed = 4 * (row * width + column);
  const [r, g, b, a] = data.slice(seed, seed + 4) as unknown as [number, number, number, number];
  const alike = (at: number) =>
    Math.abs((data[4 * at] as number) - r) <= tolerance &&
    Math.abs((data[4 * at + 1] as number) - g) <= tolerance &&
    Math.abs((data[4 * at + 2] as number) - b) <= tolerance &&
    Math.abs((data[4 * at + 3] as number) - a) <= tolerance;
  // Whole runs of a row at a time.
  const stack = [row * width + column];
  for (let start = stack.pop(); start !== undefined; start = stack.pop()) {
    if (mask.data[start] !== 0) continue;
    const rowStart = start - (start % width);
    let first = start;
    while (first > rowStart && mask.data[first - 1] === 0 && alike(first - 1)) first--;
    let end = start + 1;
    while (end < rowStart + width && mask.data[end] === 0 && alike(end)) end++;
    mask.data.fill(255, first, end);
    for (const next of [-width, width]) {
      if (first + next < 0 || first + next >= width * height) continue;
      let open = false;
      for (let at = first + next; at < end + next; at++) {
        const wanted = mask.data[at] === 0 && alike(at);
        if (wanted && !open) stack.push(at);
        open = wanted;
      }
    }
  }
  return mask;
}
