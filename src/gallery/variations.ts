/** Requests for further pictures from one that is there. */
import type { SentencePart } from "../composer/prompt-doc.ts";
import type { ResultGroup, ResultRow, Settings } from "./result.ts";

/** One picture to be made; the job queue takes it. */
export interface RunRequest {
  readonly sentence: readonly SentencePart[];
  readonly caption: string;
  readonly parameters: Omit<Settings, "eta">;
  readonly group: ResultGroup;
}

export type VariedSetting = Exclude<ResultGroup["kind"], "variations">;

export const RANGES: Readonly<Record<VariedSetting, { min: number; max: number; whole: boolean }>> = {
  seeds: { min: 0, max: 2 ** 32 - 1, whole: true },
  steps: { min: 1, max: 250, whole: true },
  guidance: { min: 1, max: 30, whole: false },
};
export const MAX_VALUES = 24;

/** The same request with new seeds. */
export function variations(row: ResultRow, seeds: readonly number[], groupId: string): RunRequest[] {
  return requests(row, seeds, { id: groupId, kind: "variations" });
}

/** The same request once for each value of one setting. */
export function grid(row: ResultRow, kind: VariedSetting, values: readonly number[], groupId: string): RunRequest[] {
  return requests(row, values, { id: groupId, kind });
}

function requests(row: ResultRow, values: readonly number[], group: ResultGroup): RunRequest[] {
  const { eta: _, ...parameters } = row.settings;
  const name = group.kind === "steps" ? "steps" : group.kind === "guidance" ? "guidanceScale" : "seed";
  return values.map((value) => ({
    sentence: row.sentence,
    caption: row.caption,
    parameters: { ...parameters, [name]: value },
    group,
  }));
}

/** "1, 2.5 5" -> [1, 2.5, 5], without repeats; null where something in it is no value of this setting, or there are too many. */
export function parseValues(text: string, setting: VariedSetting): number[] | null {
  const { min, max, whole } = RANGES[setting];
  const words = text.split(/[\s,;]+/).filter(Boolean);
  const values = words.map(Number);
  const fine = values.every((value) => value >= min && value <= max && (!whole || Number.isInteger(value)));
  const distinct = [...new Set(values)];
  return fine && distinct.length > 0 && distinct.length <= MAX_VALUES ? distinct : null;
}
