import type { Node } from "prosemirror-model";
import * as v from "valibot";
import { MAX_STRENGTH } from "../engine/index.ts";
import type { ComposerSchema } from "./schema.ts";

/** Longer ones are no sentences: a bound for what is read from storage and files. */
const MAX_TEXT = 16_384;

/** A sentence as it is stored, shared and sent, for reading it where anything may stand. */
export const sentenceSchema = v.pipe(
  v.array(
    v.variant("kind", [
      v.object({ kind: v.literal("text"), text: v.pipe(v.string(), v.maxLength(MAX_TEXT)) }),
      v.object({
        kind: v.literal("entity"),
        id: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
        /** How much of the picture is read, 0 to 1.5; left out: 1. */
        strength: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(MAX_STRENGTH))),
      }),
    ]),
  ),
  v.maxLength(256),
);

/** Text and entity ids in reading order. */
export type SentencePart = v.InferOutput<typeof sentenceSchema>[number];

/** Document -> sentence. Neighbouring text nodes become one part. */
export function toSentence(doc: Node): SentencePart[] {
  const parts: SentencePart[] = [];
  doc.descendants((node) => {
    if (node.type.name === "entity") {
      const { id, strength } = node.attrs as { id: string; strength: number };
      parts.push({ kind: "entity", id, ...(strength !== 1 && { strength }) });
    }
    if (node.isText) {
      const last = parts.at(-1);
      if (last?.kind === "text") last.text += node.text ?? "";
      else parts.push({ kind: "text", text: node.text ?? "" });
    }
  });
  return parts;
}

/** Sentence -> document. */
export function toDoc(schema: ComposerSchema, sentence: readonly SentencePart[]): Node {
  const inline = sentence.flatMap((part) => {
    if (part.kind === "entity") return [schema.node("entity", { id: part.id, strength: part.strength ?? 1 })];
    return part.text === "" ? [] : [schema.text(part.text)];
  });
  return schema.node("doc", null, [schema.node("paragraph", null, inline)]);
}

/** Whether there is nothing to draw: no entity and no word. */
export function isBlank(sentence: readonly SentencePart[]): boolean {
  return sentence.every((part) => part.kind === "text" && part.text.trim() === "");
}

/** Its words alone, without the gaps that pictures leave. */
export function withoutPictures(sentence: readonly SentencePart[]): SentencePart[] {
  const text = sentence
    .map((part) => (part.kind === "text" ? part.text : " "))
    .join("")
    .replace(/ {2,}/g, " ")
    .replace(/ (?=[,.;:!?])/g, "")
    .trim();
  return text === "" ? [] : [{ kind: "text", text }];
}

/** The sentence in the paper's notation, for captions and screen readers: `‹cat› in the snow`. */
export function toPlainText(sentence: readonly SentencePart[], labelOf: (id: string) => string): string {
  return sentence
    .map((part) => (part.kind === "text" ? part.text : `‹${labelOf(part.id)}›`))
    .join("")
    .trim();
}
