/**
 * What the engine says to people: in English, with template and values beside it, so that the page can say the same in another
 * language. Every template has its German in messages-de.ts; one without it does not compile.
 */
import type { Template } from "./messages-de.ts";

/** A number is written as the language writes it, a shape as it is; a sentence may stand in another. */
export type Value = string | number | bigint | readonly number[] | Said | List;

export interface List {
  readonly items: readonly Value[];
  readonly between: string;
}

/** A message, or a part of one. Plain data: it crosses the worker border. */
export interface Said {
  /** In English. */
  readonly text: string;
  readonly template: Template;
  readonly values: Values;
}

type Values = Readonly<Record<string, Value>>;

/** The {names} in a template. */
type Names<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;

/** @param template English, with each value's {name} in its place */
export function say<T extends Template>(
  template: T,
  ...given: [Names<T>] extends [never] ? [] : [Readonly<Record<Names<T>, Value>>]
): Said {
  const values: Values = given[0] ?? {};
  return { text: filled(template, values, inEnglish), template, values };
}

/** One after the other; English and German put the same between them. */
export const list = (items: readonly Value[], between = ", "): List => ({ items, between });

/** A line each. */
export const lines = (items: readonly Value[]): Said => say("{lines}", { lines: list(items, "\n") });

/** The template with its values, each as `write` has it. Braces in values stay as they are. */
export function filled(template: string, values: Values, write: (value: Value) => string): string {
  return template.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? whole : write(value);
  });
}

export const isShape = (value: object): value is readonly number[] => Array.isArray(value);

function inEnglish(value: Value): string {
  if (typeof value !== "object" || isShape(value)) return String(value);
  return "items" in value ? value.items.map(inEnglish).join(value.between) : value.text;
}
