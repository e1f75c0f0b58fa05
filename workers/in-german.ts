/** What the engine says, written in German. */
import { filled, isShape, type Said, type Value } from "./messages.ts";
import { GERMAN } from "./messages-de.ts";

const NUMBER = new Intl.NumberFormat("de", { maximumFractionDigits: 20 });

/** A message in German. */
export const inGerman = ({ template, values }: Said): string => filled(GERMAN[template], values, written);

function written(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return NUMBER.format(value);
  if (isShape(value)) return String(value);
  return "items" in value ? value.items.map(written).join(value.between) : inGerman(value);
}
