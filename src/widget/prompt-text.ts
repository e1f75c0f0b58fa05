/** Sentences as hosts write them. */
import type { SentencePart } from "../composer/prompt-doc.ts";
import type { Prompt } from "../embed/protocol.ts";

/**
 * A host's prompt as a sentence. In text, `‹label›` stands for the picture of that name; where there is none, the label's words do. Parts
 * whose pictures are not here are left out.
 * @param idOf the picture with this label
 */
export function toSentence(
  prompt: Prompt,
  idOf: (label: string) => string | undefined,
  isHere: (id: string) => boolean,
): SentencePart[] {
  const parts = typeof prompt === "string" ? fromText(prompt, idOf) : prompt;
  return parts
    .filter((part) => (part.kind === "text" ? part.text !== "" : isHere(part.id)))
    .map((part) => ({ ...part }));
}

function fromText(text: string, idOf: (label: string) => string | undefined): SentencePart[] {
  const parts: SentencePart[] = [];
  for (const piece of text.split(/(‹[^‹›]{1,80}›)/)) {
    const label = /^‹(.+)›$/.exec(piece)?.[1];
    const id = label && idOf(label.trim());
    const last = parts.at(-1);
    if (id) parts.push({ kind: "entity", id });
    else if (last?.kind === "text") last.text += label ?? piece;
    else parts.push({ kind: "text", text: label ?? piece });
  }
  return parts;
}
