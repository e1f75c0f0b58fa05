/** Which results a search and a filter leave. */
import type { ResultRow } from "./result.ts";

export interface Filter {
  readonly text: string;
  readonly starredOnly: boolean;
}

/**
 * Every word must be found in the caption, the seed or the date.
 * @param dateOf the date as the page writes it; ISO dates are found as well
 */
export function filterRows(
  rows: readonly ResultRow[],
  { text, starredOnly }: Filter,
  dateOf: (madeAt: number) => string,
): readonly ResultRow[] {
  const words = fold(text).split(/\s+/).filter(Boolean);
  if (words.length === 0 && !starredOnly) return rows;
  return rows.filter((row) => {
    if (starredOnly && !row.starred) return false;
    if (words.length === 0) return true;
    const searched = fold(`${row.caption} ${row.settings.seed} ${dateOf(row.madeAt)} ${isoDay(row.madeAt)}`);
    return words.every((word) => searched.includes(word));
  });
}

/** Without case and accents: "fuchse" finds "Füchse". */
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

function isoDay(time: number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
