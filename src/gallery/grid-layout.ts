/**
 * Where everything in the gallery lies: days and groups under each other, their results in lines of equal cells. Pure numbers: the page
 * draws the few lines that are in sight.
 */
import type { ResultGroup, ResultRow } from "./result.ts";

/** Results of one day, or results made together. */
export type Heading =
  | { readonly kind: "day"; readonly time: number }
  | { readonly kind: "group"; readonly group: ResultGroup; readonly caption: string; readonly count: number };

export interface Section {
  readonly heading: Heading;
  readonly rows: readonly ResultRow[];
}

export interface Metrics {
  readonly columns: number;
  readonly cellHeight: number;
  readonly headingHeight: number;
  readonly gap: number;
}

export type Line =
  | { readonly kind: "heading"; readonly top: number; readonly height: number; readonly heading: Heading }
  /** `start`: index of the first cell among all. */
  | {
      readonly kind: "cells";
      readonly top: number;
      readonly height: number;
      readonly start: number;
      readonly count: number;
    };

export interface Layout {
  readonly lines: readonly Line[];
  readonly height: number;
  /** Line of each cell. */
  readonly lineOf: Int32Array;
}

/** The setting that differs within a group. */
export function variedValue({ kind }: ResultGroup, { settings }: ResultRow): number {
  if (kind === "steps") return settings.steps;
  return kind === "guidance" ? settings.guidanceScale : settings.seed;
}

/**
 * Days, newest first; results made together stand as one block where the newest of them would, by the value of what differs.
 * @param rows newest first
 */
export function sectionsOf(rows: readonly ResultRow[]): Section[] {
  const groups = new Map<string, ResultRow[]>();
  for (const row of rows) {
    if (!row.group) continue;
    const members = groups.get(row.group.id);
    if (members) members.push(row);
    else groups.set(row.group.id, [row]);
  }
  const sections: Section[] = [];
  const placed = new Set<string>();
  let lastDay = Number.NaN;
  let open: ResultRow[] | null = null;
  for (const row of rows) {
    const members = row.group && groups.get(row.group.id);
    if (row.group && members && members.length > 1) {
      if (placed.has(row.group.id)) continue;
      placed.add(row.group.id);
      const { group } = row;
      const sorted = [...members].sort((a, b) => variedValue(group, a) - variedValue(group, b));
      sections.push({ heading: { kind: "group", group, caption: row.caption, count: sorted.length }, rows: sorted });
      open = null;
      continue;
    }
    const day = startOfDay(row.madeAt);
    if (!open || day !== lastDay) {
      open = [];
      sections.push({ heading: { kind: "day", time: day }, rows: open });
      lastDay = day;
    }
    open.push(row);
  }
  return sections;
}

export function layOut(sections: readonly Section[], { columns, cellHeight, headingHeight, gap }: Metrics): Layout {
  const lines: Line[] = [];
  const lineOf = new Int32Array(sections.reduce((sum, { rows }) => sum + rows.length, 0));
  let [top, start] = [0, 0];
  for (const { heading, rows } of sections) {
    lines.push({ kind: "heading", top, height: headingHeight, heading });
    top += headingHeight;
    for (let done = 0; done < rows.length; done += columns) {
      const count = Math.min(columns, rows.length - done);
      lineOf.fill(lines.length, start, start + count);
      lines.push({ kind: "cells", top, height: cellHeight, start, count });
      start += count;
      top += cellHeight + gap;
    }
  }
  return { lines, height: top, lineOf };
}

/** The lines between two heights, [first, end). */
export function linesBetween({ lines }: Layout, from: number, to: number): [first: number, end: number] {
  const firstBelow = (limit: (line: Line) => boolean) => {
    let [low, high] = [0, lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (limit(lines[middle] as Line)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return [firstBelow((line) => line.top + line.height > from), firstBelow((line) => line.top >= to)];
}

export type Move = "left" | "right" | "up" | "down" | "pageUp" | "pageDown" | "home" | "end";

/**
 * Where an arrow key leads.
 * @param page lines that are in sight at once
 */
export function moved({ lines, lineOf }: Layout, from: number, move: Move, page: number): number {
  const last = lineOf.length - 1;
  if (last < 0) return 0;
  const at = Math.min(Math.max(from, 0), last);
  switch (move) {
    case "left":
      return Math.max(0, at - 1);
    case "right":
      return Math.min(last, at + 1);
    case "home":
      return 0;
    case "end":
      return last;
  }
  const step = move === "up" || move === "pageUp" ? -1 : 1;
  const distance = move === "pageUp" || move === "pageDown" ? Math.max(1, page) : 1;
  const line = lineOf[at] as number;
  const column = at - (lines[line] as Line & { kind: "cells" }).start;
  let target = line;
  for (let i = line + step, left = distance; left > 0 && i >= 0 && i < lines.length; i += step) {
    if (lines[i]?.kind !== "cells") continue;
    target = i;
    left--;
  }
  const { start, count } = lines[target] as Line & { kind: "cells" };
  return target === line ? at : start + Math.min(column, count - 1);
}

function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}
