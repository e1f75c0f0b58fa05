import { describe, expect, it } from "vitest";
import { fromBfloat16Bits, fromFloat16BitsByTable, toFloat16BitsByRounding } from "../../workers/weights/float16.ts";

const allHalves = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
const isNaNHalf = (half: number) => (half & 0x7fff) > 0x7c00;

describe("float16", () => {
  it("reads the landmarks of IEEE half", () => {
    const half = (bits: number) => fromFloat16BitsByTable(Uint16Array.of(bits))[0];
    expect(half(0x3c00)).toBe(1);
    expect(half(0xc000)).toBe(-2);
    expect(half(0x7bff)).toBe(65504);
    expect(half(0x0400)).toBe(2 ** -14);
    expect(half(0x0001)).toBe(2 ** -24);
    expect(half(0x8000)).toBe(-0);
    expect(half(0x7c00)).toBe(Number.POSITIVE_INFINITY);
    expect(half(0xfe00)).toBe(Number.NaN);
    expect(half(0x3555)).toBe(0.333251953125);
  });

  it("writes back every half as it was", () => {
    const back = toFloat16BitsByRounding(fromFloat16BitsByTable(allHalves));
    for (const half of allHalves) {
      if (isNaNHalf(half)) expect(isNaNHalf(back[half] as number)).toBe(true);
      else if (back[half] !== half) expect.fail(`${half} became ${back[half]}`);
    }
  });

  it("rounds to nearest, ties to even, between any two neighbours", () => {
    const values = fromFloat16BitsByTable(allHalves);
    const word = new Uint32Array(1);
    const float = new Float32Array(word.buffer);
    const step = (x: number, by: number) => {
      float[0] = x;
      word[0] = (word[0] as number) + by;
      return float[0] as number;
    };
    for (let half = 0; half < 0x7c00; half++) {
      // The next above the largest would be 65536: what is nearer to it overflows.
      const next = half === 0x7bff ? 65536 : (values[half + 1] as number);
      const middle = ((values[half] as number) + next) / 2;
      const [below, tie, above] = toFloat16BitsByRounding(Float32Array.of(step(middle, -1), middle, step(middle, 1)));
      const even = half % 2 === 0 ? half : half + 1;
      if (below !== half || tie !== even || above !== half + 1) {
        expect.fail(`between ${half} and its neighbour: ${below}, ${tie}, ${above}`);
      }
    }
  });

  it("keeps signs, NaN and infinity, and sends what is too large to infinity", () => {
    const bits = toFloat16BitsByRounding(Float32Array.of(-0, Number.NaN, -1e30, 65519.99, 65520, 1e-30, -1e-8));
    expect([...bits]).toEqual([0x8000, 0x7e00, 0xfc00, 0x7bff, 0x7c00, 0, 0x8000]);
  });

  it("reads bfloat16 as the upper half of float32", () => {
    expect([...fromBfloat16Bits(Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001))]).toEqual([
      1,
      -2,
      Number.POSITIVE_INFINITY,
      2 ** -133,
    ]);
  });
});
