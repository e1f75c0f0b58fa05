/** A picture that was made, with everything that made it: what the gallery keeps. */
import type { SentencePart } from "../composer/prompt-doc.ts";
import type { GenerationResult } from "../engine/index.ts";

export type Metadata = GenerationResult["metadata"];
export type Settings = Metadata["settings"];

/** Results that were made together, such as a grid over one setting. */
export interface ResultGroup {
  readonly id: string;
  readonly kind: "variations" | "steps" | "guidance" | "seeds";
}

/** What a list of thousands needs of each: small, no Blobs, all of them in memory. */
export interface ResultRow {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly madeAt: number;
  readonly starred: boolean;
  /** The sentence in the paper's notation, `‹cat› in the snow`. */
  readonly caption: string;
  readonly sentence: readonly SentencePart[];
  readonly settings: Settings;
  /** Of the whole run. */
  readonly seconds: number;
  readonly precision: Metadata["device"]["precision"];
  readonly group?: ResultGroup;
}

/** A picture of the sentence as it was when the result was made: its entity may change or go. */
export interface EntityNote {
  readonly id: string;
  readonly label: string;
  readonly thumbnail?: Blob;
}

/** The rest of a result, read when it is looked at. */
export interface ResultDetails {
  readonly metadata: Metadata;
  readonly entities: readonly EntityNote[];
}

/** A result on its way into the gallery. */
export interface NewResult {
  /** Left out: a new one. */
  readonly id?: string;
  /** Left out: now. */
  readonly madeAt?: number;
  readonly caption: string;
  readonly sentence: readonly SentencePart[];
  /** The sentence's pictures; the gallery keeps a small copy of each. */
  readonly entities?: readonly { readonly id: string; readonly label: string; readonly picture?: Blob }[];
  readonly metadata: Metadata;
  /** PNG. */
  readonly picture: Blob;
  readonly group?: ResultGroup;
}

export function rowOf(id: string, madeAt: number, result: NewResult): ResultRow {
  const { caption, sentence, metadata, group } = result;
  return {
    id,
    madeAt,
    starred: false,
    caption,
    sentence: [...sentence],
    settings: metadata.settings,
    seconds: metadata.seconds.total,
    precision: metadata.device.precision,
    ...(group && { group }),
  };
}

/** Newest first; ids decide between results of the same millisecond, alike in every tab. */
export function newestFirst(a: ResultRow, b: ResultRow): number {
  return b.madeAt - a.madeAt || (a.id < b.id ? 1 : -1);
}

/** `rows` with `changed` in place of those with the same ids and without `gone`, in order. */
export function mergeRows(
  rows: readonly ResultRow[],
  changed: readonly ResultRow[],
  gone: ReadonlySet<string> = new Set(),
): ResultRow[] {
  const replaced = new Set(changed.map((row) => row.id));
  return [...rows.filter((row) => !replaced.has(row.id) && !gone.has(row.id)), ...changed].sort(newestFirst);
}
