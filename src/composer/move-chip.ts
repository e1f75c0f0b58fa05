import type { SentencePart } from "./prompt-doc.ts";

/** Stands for a picture while a sentence is handled as a string. */
const CHIP = "\ufffc";

export interface MovedChip {
  readonly sentence: SentencePart[];
  /** Which picture of the sentence it is now, counted from 0. */
  readonly index: number;
}

/**
 * Moves a picture over one word or picture, spaces with it: "‹cat› in snow" -> "in ‹cat› snow".
 * @param index which picture of the sentence, counted from 0
 * @returns null at the end of the sentence
 */
export function moveChip(
  sentence: readonly SentencePart[],
  index: number,
  direction: "left" | "right",
): MovedChip | null {
  const chips = sentence.filter((part) => part.kind === "entity");
  const text = sentence.map((part) => (part.kind === "text" ? part.text : CHIP)).join("");
  const at = nthIndex(text, index);
  if (at < 0) return null;
  const before = text.slice(0, at);
  // The picture takes the space behind it along.
  const after = text.slice(at + 1).replace(/^\s/, "");
  let moved: string;
  let order: number;
  if (direction === "left") {
    const over = /(?:\ufffc|[^\s\ufffc]+)\s*$/.exec(before);
    if (!over) return null;
    moved = `${before.slice(0, over.index)}${CHIP} ${over[0]}${after}`;
    order = index - (over[0].startsWith(CHIP) ? 1 : 0);
  } else {
    const over = /^\s*(?:\ufffc|[^\s\ufffc]+)/.exec(after);
    if (!over) return null;
    const rest = after.slice(over[0].length);
    moved = `${before}${over[0]} ${CHIP}${/^\s/.test(rest) || rest === "" ? "" : " "}${rest}`;
    order = index + (over[0].trimStart().startsWith(CHIP) ? 1 : 0);
  }
  const others = chips.toSpliced(index, 1);
  const placed = others.toSpliced(order, 0, chips[index] as SentencePart & { kind: "entity" });
  return { sentence: rebuild(moved.replace(/ {2,}/g, " ").trimEnd(), placed), index: order };
}

function nthIndex(text: string, index: number): number {
  let at = -1;
  for (let i = 0; i <= index; i++) {
    at = text.indexOf(CHIP, at + 1);
    if (at < 0) return -1;
  }
  return at;
}

function rebuild(text: string, chips: readonly SentencePart[]): SentencePart[] {
  const pieces = text.split(CHIP);
  return pieces.flatMap((piece, i): SentencePart[] => {
    const chip = chips[i];
    return [
      ...(piece ? [{ kind: "text" as const, text: piece }] : []),
      ...(chip && i < pieces.length - 1 ? [chip] : []),
    ];
  });
}
