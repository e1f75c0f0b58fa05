import { expect } from "vitest";

/**
 * Fails at the first element that is off by more than `tolerance` of the largest expected magnitude; NaN fails, too.
 * @param scale that magnitude, where it is another than this array's own
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
  scale = Math.max(...Array.from(expected, Math.abs)),
): void {
  expect(actual.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs((actual[i] as number) - (expected[i] as number)) / scale;
    if (!(error <= tolerance)) expect.fail(`${what}, element ${i}: ${actual[i]} for ${expected[i]}, relative ${error}`);
  }
}
