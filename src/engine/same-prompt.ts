import type { PromptPart } from "../../workers/protocol.ts";

/** Whether two prompts are read alike: the same words, pictures and strengths in the same order. */
export function samePrompt(a: readonly PromptPart[], b: readonly PromptPart[]): boolean {
  return a.length === b.length && a.every((part, i) => samePart(part, b[i] as PromptPart));
}

function samePart(a: PromptPart, b: PromptPart): boolean {
  if (a.kind === "text" || b.kind === "text") return a.kind === "text" && b.kind === "text" && a.text === b.text;
  if ((a.strength ?? 1) !== (b.strength ?? 1)) return false;
  const [{ width, height, data }, other] = [a.image, b.image];
  return width === other.width && height === other.height && data.every((value, i) => value === other.data[i]);
}
