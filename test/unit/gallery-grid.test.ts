import { describe, expect, test } from "vitest";
import { distinctNames, fileNameOf } from "../../src/gallery/file-name.ts";
import { layOut, linesBetween, moved, sectionsOf } from "../../src/gallery/grid-layout.ts";
import { type ResultGroup, type ResultRow, rowOf } from "../../src/gallery/result.ts";
import { filterRows } from "../../src/gallery/search.ts";
import { extendedTo, NOTHING, toggled, within } from "../../src/gallery/selection.ts";
import { grid, parseValues, variations } from "../../src/gallery/variations.ts";
import { newResult } from "../support/results.ts";

const NOON = new Date(2026, 10, 25, 12).getTime();
const DAY = 86_400_000;
const row = (id: string, madeAt = NOON, change: Partial<ResultRow> & { seed?: number } = {}): ResultRow => {
  const { seed = 1, ...rest } = change;
  return { ...rowOf(id, madeAt, newResult({ seed })), ...rest };
};

describe("search", () => {
  const rows = [
    row("a", NOON, { caption: "‹cat› and Füchse", seed: 42 }),
    row("b", NOON - DAY, { caption: "‹dog› in space", seed: 7, starred: true }),
  ];
  const found = (text: string, starredOnly = false) =>
    filterRows(rows, { text, starredOnly }, () => "Nov 25, 2026").map(({ id }) => id);

  test("words, seeds and dates are found, all words at once", () => {
    expect(found("")).toEqual(["a", "b"]);
    expect(found("fuchse CAT")).toEqual(["a"]);
    expect(found("42")).toEqual(["a"]);
    expect(found("2026-11-24 space")).toEqual(["b"]);
    expect(found("nov 25")).toEqual(["a", "b"]);
    expect(found("cat dog")).toEqual([]);
  });

  test("starred ones alone", () => expect(found("", true)).toEqual(["b"]));

  test("nothing to filter gives the same rows, for React", () => {
    expect(filterRows(rows, { text: " ", starredOnly: false }, String)).toBe(rows);
  });
});

describe("sections", () => {
  const group: ResultGroup = { id: "g", kind: "guidance" };
  const made = (id: string, guidanceScale: number, madeAt: number) => {
    const plain = row(id, madeAt, { group });
    return { ...plain, settings: { ...plain.settings, guidanceScale } };
  };

  test("groups stand together by what differs, and days go on after them", () => {
    const sections = sectionsOf([
      row("n", NOON + 5),
      made("g9", 9, NOON + 4),
      row("m", NOON + 3),
      made("g1", 1, NOON + 2),
      row("o", NOON - DAY),
    ]);
    expect(sections.map(({ heading, rows }) => [heading.kind, rows.map(({ id }) => id).join()])).toEqual([
      ["day", "n"],
      ["group", "g1,g9"],
      ["day", "m"],
      ["day", "o"],
    ]);
  });

  test("the last of a group is a result like others", () => {
    expect(sectionsOf([made("g1", 1, NOON)])[0]?.heading.kind).toBe("day");
  });
});

describe("layout", () => {
  const metrics = { columns: 3, cellHeight: 100, headingHeight: 40, gap: 10 };
  const layout = layOut(
    sectionsOf([..."abcde"].map((id, i) => row(id, NOON - i)).concat(row("f", NOON - DAY))),
    metrics,
  );

  test("lines lie under each other", () => {
    expect(layout.lines.map(({ kind, top }) => [kind, top])).toEqual([
      ["heading", 0],
      ["cells", 40],
      ["cells", 150],
      ["heading", 260],
      ["cells", 300],
    ]);
    expect(layout.height).toBe(410);
  });

  test("what is in sight is found among thousands", () => {
    expect(linesBetween(layout, 0, 45)).toEqual([0, 2]);
    expect(linesBetween(layout, 145, 155)).toEqual([2, 3]);
    expect(linesBetween(layout, 1000, 2000)).toEqual([5, 5]);
    const rows = Array.from({ length: 10_000 }, (_, i) => row(`${i}`, NOON - i));
    const long = layOut(sectionsOf(rows), metrics);
    const [first, end] = linesBetween(long, 200_000, 201_000);
    expect(end - first).toBeLessThan(12);
  });

  test("arrows go along and across, and stay inside", () => {
    const go = (from: number, ...moves: Parameters<typeof moved>[2][]) =>
      moves.reduce((at, move) => moved(layout, at, move, 2), from);
    expect(go(0, "right", "down")).toBe(4);
    expect(go(2, "down")).toBe(4);
    expect(go(4, "down")).toBe(5);
    expect(go(5, "up")).toBe(3);
    expect(go(0, "up")).toBe(0);
    expect(go(0, "left")).toBe(0);
    expect(go(5, "right")).toBe(5);
    expect(go(0, "pageDown")).toBe(5);
    expect(go(0, "end")).toBe(5);
    expect(go(5, "home")).toBe(0);
    expect(moved(layOut([], metrics), 0, "down", 1)).toBe(0);
  });
});

describe("selection", () => {
  const order = [..."abcdef"];
  const ids = (selection: typeof NOTHING) => [...selection.ids].sort().join("");

  test("one by one, ranges either way, from the same anchor", () => {
    const down = extendedTo(toggled(NOTHING, "c"), order, "e");
    expect(ids(down)).toBe("cde");
    const up = extendedTo(down, order, "a");
    expect(ids(up)).toBe("abc");
    expect(ids(toggled(up, "b"))).toBe("ac");
    expect(ids(extendedTo(NOTHING, order, "d"))).toBe("d");
  });

  test("what is out of sight is not selected", () => {
    const selection = extendedTo(toggled(NOTHING, "a"), order, "c");
    expect(ids(within(selection, ["a", "f"]))).toBe("a");
    expect(within(selection, order)).toBe(selection);
  });
});

describe("variations", () => {
  test("ask for the same with other seeds, as one group", () => {
    const made = variations(row("a"), [5, 6], "group");
    expect(made.map(({ parameters }) => parameters.seed)).toEqual([5, 6]);
    expect(made[0]).toMatchObject({
      caption: "‹cat› in the snow",
      parameters: { steps: 25 },
      group: { id: "group", kind: "variations" },
    });
  });

  test("a grid changes one setting", () => {
    expect(
      grid(row("a"), "guidance", [1, 3], "g").map(({ parameters }) => [parameters.guidanceScale, parameters.seed]),
    ).toEqual([
      [1, 1],
      [3, 1],
    ]);
  });

  test("lists of values are read as people write them, or not at all", () => {
    expect(parseValues("1, 2.5;5  5", "guidance")).toEqual([1, 2.5, 5]);
    expect(parseValues("10 20", "steps")).toEqual([10, 20]);
    for (const text of ["", "a", "1.5", "0", "1e9"]) expect(parseValues(text, "steps")).toBeNull();
    expect(parseValues(Array.from({ length: 30 }, (_, i) => i + 1).join(), "steps")).toBeNull();
  });
});

describe("file names", () => {
  test("say what is in them, and fit everywhere", () => {
    expect(fileNameOf("‹cat› in the snow", 7, "png")).toBe("cat-in-the-snow-7.png");
    expect(fileNameOf("../../etc: Füchse?", 1, "jpg")).toBe("etc-Füchse-1.jpg");
    expect(fileNameOf("‹›", 3, "webp")).toBe("kosmosg-3.webp");
    expect(fileNameOf("x".repeat(500), 1, "png").length).toBeLessThan(70);
  });

  test("are distinct in a zip, whatever the case", () => {
    expect(distinctNames(["a.png", "A.png", "a.png", "b.png"])).toEqual(["a.png", "A-2.png", "a-3.png", "b.png"]);
  });
});
