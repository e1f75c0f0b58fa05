/** What the place of a pixel in the box says: people draw boxes around subjects, so the middle holds it and the corners do not. */
import type { Box } from "./mask.ts";

export interface PriorShape {
  /** Of the superellipse in the box: 2 is an ellipse, more is squarer. */
  readonly power: number;
  /** Where the prior is undecided: 0 the middle of the box, 1 its edges. */
  readonly turn: number;
  /** At its strongest, in nats. */
  readonly strength: number;
  /** How far the subject may go on beyond an edge of the photo that the box touches, in parts of the box. */
  readonly beyond: number;
}

/** Over how much of the way from middle to edge the prior goes from its strongest to none. */
const RAMP = 0.3;

/**
 * @param box inside a picture of width x height
 * @returns [height, width] nats in favour of the subject; 0 outside of the box
 */
export function boxPrior(box: Box, width: number, height: number, shape: PriorShape): Float32Array {
  const { power, turn, strength, beyond } = shape;
  const across = beyond * (box.right - box.left);
  const down = beyond * (box.bottom - box.top);
  const left = box.left - (box.left <= 1 ? across : 0);
  const right = box.right + (box.right >= width - 1 ? across : 0);
  const top = box.top - (box.top <= 1 ? down : 0);
  const bottom = box.bottom + (box.bottom >= height - 1 ? down : 0);
  const prior = new Float32Array(width * height);
  for (let y = box.top; y < box.bottom; y++) {
    const v = Math.abs((2 * (y + 0.5 - top)) / (bottom - top) - 1);
    for (let x = box.left; x < box.right; x++) {
      const u = Math.abs((2 * (x + 0.5 - left)) / (right - left) - 1);
      const distance = (u ** power + v ** power) ** (1 / power);
      prior[y * width + x] = strength * Math.min(1, Math.max(-1, (turn - distance) / RAMP));
    }
  }
  return prior;
}
