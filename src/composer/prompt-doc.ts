import type { Node } from "prosemirror-model";
import type { ComposerSchema } from "./schema.ts";

/** The sentence as it is stored, shared and sent: text and entity ids in reading order. */
export type SentencePart = { kind: "text"; text: string } | { kind: "entity"; id: string };

/** Document -> sentence. Neighbouring text nodes become one part. */
export function toSentence(doc: Node): SentencePart[] {
  const parts: SentencePart[] = [];
  doc.descendants((node) => {
    if (node.type.name === "entity") parts.push({ kind: "entity", id: node.attrs.id as string });
    else if (node.isText) {
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
    if (part.kind === "entity") return [schema.node("entity", { id: part.id })];
    return part.text === "" ? [] : [schema.text(part.text)];
  });
  return schema.node("doc", null, [schema.node("paragraph", null, inline)]);
}

/** Whether there is nothing to draw: no entity and no word. */
export function isBlank(sentence: readonly SentencePart[]): boolean {
  return sentence.every((part) => part.kind === "text" && part.text.trim() === "");
}

/** The sentence in the paper's notation, for captions and screen readers: `‹cat› in the snow`. */
export function toPlainText(sentence: readonly SentencePart[], labelOf: (id: string) => string): string {
  return sentence
    .map((part) => (part.kind === "text" ? part.text : `‹${labelOf(part.id)}›`))
    .join("")
    .trim();
}
