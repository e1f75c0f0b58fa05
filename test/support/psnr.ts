/** Peak signal-to-noise ratio in dB of two rows of 8-bit values of the same length; Infinity where they are equal. */
export function psnr(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values, expected ${expected.length}`);
  let squares = 0;
  for (let i = 0; i < expected.length; i++) squares += ((actual[i] as number) - (expected[i] as number)) ** 2;
  return 10 * Math.log10(255 ** 2 / (squares / expected.length));
}
