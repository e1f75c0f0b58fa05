import { describe, expect, it } from "vitest";
import { magicWand } from "../../workers/segmentation/magic-wand.ts";
import {
  boundsOf,
  combine,
  emptyMask,
  feather,
  type Mask,
  type Rgba,
  wholeMask,
} from "../../workers/segmentation/mask.ts";
import { minCut, NEIGHBOURS } from "../../workers/segmentation/max-flow.ts";
import { tidy } from "../../workers/segmentation/regions.ts";
import { fillPolygon, paintStroke } from "../../workers/segmentation/shapes.ts";
import { crop, cropOnWhite, squareAround } from "../../workers/segmentation/square-crop.ts";

/** A row of text a row of pixels; # is set. */
const plane = (...rows: string[]) => Uint8Array.from(rows.join(""), (letter) => (letter === "#" ? 1 : 0));
const maskOf = (...rows: string[]): Mask => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  data: Uint8ClampedArray.from(plane(...rows), (value) => 255 * value),
});
const rowsOf = ({ width, height, data }: Mask) =>
  Array.from({ length: height }, (_, y) =>
    Array.from(data.subarray(y * width, (y + 1) * width), (value) => (value >= 128 ? "#" : ".")).join(""),
  );

describe("minCut", () => {
  /** Every way to split a small grid, by its cost. */
  function leastCost(width: number, height: number, capacity: Float32Array, terminal: Float32Array): number {
    const count = width * height;
    let least = Number.POSITIVE_INFINITY;
    for (let bits = 0; bits < 2 ** count; bits++) {
      least = Math.min(
        least,
        cost(width, height, capacity, terminal, (at) => (bits >> at) & 1),
      );
    }
    return least;
  }
  function cost(
    width: number,
    height: number,
    capacity: Float32Array,
    terminal: Float32Array,
    side: (at: number) => number,
  ) {
    let sum = 0;
    for (let at = 0; at < width * height; at++) {
      const t = terminal[at] as number;
      if (t > 0 && !side(at)) sum += t;
      if (t < 0 && side(at)) sum -= t;
      for (const [d, [dx, dy]] of NEIGHBOURS.entries()) {
        const [x, y] = [(at % width) + dx, Math.floor(at / width) + dy];
        if (x < 0 || x >= width || y < 0 || y >= height) continue;
        if (side(at) && !side(y * width + x)) sum += capacity[8 * at + d] as number;
      }
    }
    return sum;
  }

  it("finds the least cost of all ways to split, on random grids", () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * 9);
    };
    for (let round = 0; round < 60; round++) {
      const [width, height] = [2 + (round % 3), 2 + (round % 2)];
      const capacity = new Float32Array(8 * width * height);
      for (let at = 0; at < width * height; at++) {
        for (let d = 0; d < 4; d++) {
          const [dx, dy] = NEIGHBOURS[d] as readonly [number, number];
          const [x, y] = [(at % width) + dx, Math.floor(at / width) + dy];
          if (x < 0 || x >= width || y < 0) continue;
          const value = random();
          capacity[8 * at + d] = value;
          capacity[8 * (y * width + x) + 7 - d] = value;
        }
      }
      const terminal = Float32Array.from({ length: width * height }, () => random() - 4);
      const side = minCut(width, height, capacity.slice(), terminal.slice());
      expect(cost(width, height, capacity, terminal, (at) => side[at] as number)).toBe(
        leastCost(width, height, capacity, terminal),
      );
    }
  });
});

describe("masks", () => {
  const left = maskOf("##..", "##..");
  const upper = maskOf("####", "....");

  it("are added and taken away", () => {
    expect(rowsOf(combine(left, upper, "add"))).toEqual(["####", "##.."]);
    expect(rowsOf(combine(left, upper, "subtract"))).toEqual(["....", "##.."]);
    expect(rowsOf(combine(left, upper, "replace"))).toEqual(["####", "...."]);
  });

  it("know their bounds", () => {
    expect(boundsOf(maskOf("....", ".#..", "..#."))).toEqual({ left: 1, top: 1, right: 3, bottom: 3 });
    expect(boundsOf(emptyMask(4, 4))).toBeUndefined();
  });

  it("soften without a shift, and stay whole where they are whole", () => {
    const half = {
      width: 40,
      height: 8,
      data: Uint8ClampedArray.from({ length: 320 }, (_, at) => (at % 40 < 20 ? 255 : 0)),
    };
    const soft = feather(half, 3);
    const row = [...soft.data.subarray(0, 40)];
    expect(row.slice(0, 8)).toEqual(new Array(8).fill(255));
    expect(row.slice(32)).toEqual(new Array(8).fill(0));
    expect((row[19] as number) + (row[20] as number)).toBeGreaterThan(250);
    expect((row[19] as number) + (row[20] as number)).toBeLessThan(260);
    expect([...feather(wholeMask(9, 9), 2).data].every((value) => value === 255)).toBe(true);
    expect(feather(half, 0)).toBe(half);
  });

  it("lose specks and pinholes, but not what was marked", () => {
    const rows = ["######.#", "#.####..", "######.."];
    const set = plane(...rows);
    tidy(set, 8, 3, { keep: 0.2, hole: 0.1 });
    expect(set).toEqual(plane("######..", "######..", "######.."));
    const kept = plane(...rows);
    tidy(kept, 8, 3, { keep: 0.2, hole: 0.1, pinned: plane(".......#", ".#......", "........") });
    expect(kept).toEqual(plane(...rows));
  });
});

describe("the magic wand", () => {
  const picture = (...rows: string[]): Rgba => {
    const levels = [...rows.join("")].map((digit) => Number(digit) * 20);
    return {
      width: rows[0]?.length ?? 0,
      height: rows.length,
      data: Uint8ClampedArray.from(levels.flatMap((level) => [level, level, level, 255])),
    };
  };
  it("takes what touches the point and is like it", () => {
    const image = picture("11911", "12911", "99991", "11111");
    expect(rowsOf(magicWand(image, 0, 0, 20))).toEqual(["##...", "##...", ".....", "....."]);
    expect(rowsOf(magicWand(image, 0, 0, 0))).toEqual(["##...", "#....", ".....", "....."]);
    expect(rowsOf(magicWand(image, 4, 0, 20))).toEqual(["...##", "...##", "....#", "#####"]);
    expect(rowsOf(magicWand(image, 9, 0, 20))).toEqual([".....", ".....", ".....", "....."]);
  });
});

describe("shapes", () => {
  it("fill a polygon, by the even-odd rule, with partial edges", () => {
    const square = fillPolygon(
      [
        { x: 1, y: 1 },
        { x: 4, y: 1 },
        { x: 4, y: 3 },
        { x: 1, y: 3 },
      ],
      6,
      4,
    );
    expect(rowsOf(square)).toEqual(["......", ".###..", ".###..", "......"]);
    const half = fillPolygon(
      [
        { x: 0, y: 0 },
        { x: 1.5, y: 0 },
        { x: 1.5, y: 2 },
        { x: 0, y: 2 },
      ],
      3,
      2,
    );
    expect([...half.data.subarray(0, 3)]).toEqual([255, 128, 0]);
    expect(
      rowsOf(
        fillPolygon(
          [
            { x: 0, y: 0 },
            { x: 4, y: 4 },
          ],
          4,
          4,
        ),
      ),
    ).toEqual(["....", "....", "....", "...."]);
  });

  it("paint a stroke, clipped, and say what they touched", () => {
    const mask = emptyMask(9, 5);
    const touched = paintStroke(mask, { x: -2, y: 2.5 }, { x: 4.5, y: 2.5 }, 1.2, 255);
    expect(rowsOf(mask)).toEqual([".........", "#####....", "######...", "#####....", "........."]);
    expect(touched.left).toBe(0);
    expect(touched.right).toBeGreaterThanOrEqual(6);
    paintStroke(mask, { x: 0.5, y: 2.5 }, { x: 2.5, y: 2.5 }, 1.2, 0);
    expect(rowsOf(mask)[2]).toBe("....##...");
  });
});

describe("the square crop", () => {
  it("moves into the picture, and reaches over its edges where it must", () => {
    expect(squareAround({ left: 0, top: 40, right: 20, bottom: 100 }, 200, 120)).toEqual({
      left: 0,
      top: 40,
      right: 60,
      bottom: 100,
    });
    expect(squareAround({ left: 0, top: 0, right: 200, bottom: 120 }, 200, 120)).toEqual({
      left: 0,
      top: -40,
      right: 200,
      bottom: 160,
    });
  });

  it("is white outside of the subject, or keeps its background", () => {
    const red: Rgba = { width: 2, height: 1, data: Uint8ClampedArray.from([255, 0, 0, 255, 255, 0, 0, 128]) };
    const window = { left: 0, top: 0, right: 2, bottom: 2 };
    expect([...cropOnWhite(red, maskOf("#."), window).data]).toEqual([255, 0, 0, 255, ...new Array(12).fill(255)]);
    expect([...crop(red, window).data.subarray(0, 8)]).toEqual([255, 0, 0, 255, 255, 127, 127, 255]);
  });
});
