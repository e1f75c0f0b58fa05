import type { Entity } from "./entity.ts";

/** Whether every word of `query` is in a picture's name or one of its tags. */
export function matchesQuery({ label, tags = [] }: Entity, query: string): boolean {
  const named = [label, ...tags].join("\n").toLocaleLowerCase();
  return query
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => named.includes(word));
}

/** `a, b` -> tags: without doubles and what is empty. */
export function readTags(text: string): string[] {
  const tags = text.split(",").map((tag) => tag.trim().slice(0, 40));
  return [...new Set(tags.filter((tag) => tag !== ""))].slice(0, 20);
}
