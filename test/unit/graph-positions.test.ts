import { expect, test } from "vitest";
import { sinusoidalPositions } from "../../workers/models/mllm.ts";

test("the first token has position 2: sine block, then cosine block", () => {
  const [row] = rows(sinusoidalPositions([0], 2048), 2048);
  expect(row?.[0]).toBeCloseTo(0.909297, 6);
  expect(row?.[1]).toBeCloseTo(0.916611, 6);
  expect(row?.[1023]).toBeCloseTo(0.0002, 7);
  expect(row?.[1024]).toBeCloseTo(-0.416147, 6);
  expect(row?.[1025]).toBeCloseTo(-0.399781, 6);
  expect(row?.[2047]).toBeCloseTo(1, 6);
});

test("pads have zeros and take no position, wherever they are", () => {
  const padded = rows(sinusoidalPositions([5, 1, 7, 1], 8), 8);
  const dense = rows(sinusoidalPositions([5, 7], 8), 8);
  expect(padded).toEqual([dense[0], [0, 0, 0, 0, 0, 0, 0, 0], dense[1], [0, 0, 0, 0, 0, 0, 0, 0]]);
  expect(rows(sinusoidalPositions([5, 9], 4, 9), 4)[1]).toEqual([0, 0, 0, 0]);
});

test("an odd width ends in a zero; a width of 2 has one frequency", () => {
  expect(sinusoidalPositions([0], 5)[4]).toBe(0);
  expect([...sinusoidalPositions([0], 2)]).toEqual([Math.fround(Math.sin(2)), Math.fround(Math.cos(2))]);
});

function rows(table: Float32Array, width: number): number[][] {
  return Array.from({ length: table.length / width }, (_, i) => [...table.subarray(i * width, (i + 1) * width)]);
}
