/**
 * The paper's lesson on wording (appendix B): no article before a picture, since it makes the model keep the subject as it is; and what
 * the subject should look like goes behind it, "‹cat›, red".
 */
import type { SentencePart } from "./prompt-doc.ts";

export const HINT_RULES = ["article", "attribute"] as const;
export type HintRule = (typeof HINT_RULES)[number];

export interface Hint {
  readonly rule: HintRule;
  /** The picture that it is about: index of its part. */
  readonly index: number;
  /** The sentence as it should be. */
  readonly fix: SentencePart[];
}

const ARTICLE = /(^|[\s(])(an?|the)\s*$/i;

const ATTRIBUTES = [
  "red",
  "blue",
  "green",
  "yellow",
  "orange",
  "purple",
  "pink",
  "brown",
  "black",
  "white",
  "grey",
  "gray",
  "golden",
  "silver",
  "shiny",
  "wet",
  "cube[- ]shaped",
  "round",
  "striped",
  "furry",
  "wooden",
  "transparent",
  "colou?rful",
];
/** One or several: "red", "shiny red", "red and shiny", with the article before them. */
const ATTRIBUTE = new RegExp(
  `(^|[\\s(])(?:(?:an?|the)\\s+)?((?:${ATTRIBUTES.join("|")})(?:(?:,\\s*|\\s+and\\s+|\\s+)(?:${ATTRIBUTES.join("|")}))*)\\s*$`,
  "i",
);

/** The first rule that the sentence breaks, with the sentence that keeps it; null: none. */
export function findHint(sentence: readonly SentencePart[], dismissed: ReadonlySet<HintRule> = new Set()): Hint | null {
  for (const [index, part] of sentence.entries()) {
    const before = sentence[index - 1];
    if (part.kind !== "entity" || before?.kind !== "text") continue;
    const attribute = ATTRIBUTE.exec(before.text);
    if (attribute && !dismissed.has("attribute")) {
      return { rule: "attribute", index, fix: attributeBehind(sentence, index, attribute) };
    }
    const article = ARTICLE.exec(before.text);
    if (article && !dismissed.has("article")) {
      return { rule: "article", index, fix: withText(sentence, index - 1, cut(before.text, article)) };
    }
  }
  return null;
}

/** "a red ‹cat› on grass" -> "‹cat›, red, on grass" */
function attributeBehind(sentence: readonly SentencePart[], index: number, found: RegExpExecArray): SentencePart[] {
  const before = sentence[index - 1] as { text: string };
  const words = (found[2] as string).toLowerCase();
  const after = sentence[index + 1];
  const rest = after?.kind === "text" ? after.text : "";
  // A comma closes it before further words; before punctuation and at the end there is none.
  const close = /^\s*[\p{L}\p{N}]/u.test(rest) || after?.kind === "entity" ? "," : "";
  const gap = close && !/^\s/.test(rest) ? " " : "";
  const behind: SentencePart = { kind: "text", text: `, ${words}${close}${gap}${rest}` };
  return joined([
    ...sentence.slice(0, index - 1),
    { kind: "text", text: cut(before.text, found) },
    sentence[index] as SentencePart,
    behind,
    ...sentence.slice(index + (after?.kind === "text" ? 2 : 1)),
  ]);
}

/** Without what was found, but with the space or bracket before it. */
function cut(text: string, found: RegExpExecArray): string {
  return text.slice(0, found.index) + (found[1] ?? "");
}

function withText(sentence: readonly SentencePart[], index: number, text: string): SentencePart[] {
  return joined(sentence.map((part, i) => (i === index ? { kind: "text", text } : part)));
}

const joined = (parts: readonly SentencePart[]) => parts.filter((part) => part.kind === "entity" || part.text !== "");

/** The part of a corrected sentence around its picture, for the button: "‹cat›, red". */
export function excerpt({ fix, index, rule }: Hint, labelOf: (id: string) => string): string {
  // What stood before the picture may have gone.
  const at = fix[index]?.kind === "entity" ? index : index - 1;
  const picture = fix[at];
  const after = fix[at + 1];
  const name = picture?.kind === "entity" ? `‹${labelOf(picture.id)}›` : "";
  if (rule === "article") {
    const next = after?.kind === "text" ? after.text.trimEnd().split(/\s+/).slice(0, 3).join(" ") : "";
    return `${name}${next}`;
  }
  return `${name}${/^, [^,]*/.exec(after?.kind === "text" ? after.text : "")?.[0] ?? ""}`.trimEnd();
}
