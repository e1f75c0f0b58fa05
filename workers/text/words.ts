import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { PromptShape } from "../protocol.ts";

/**
 * The words of a prompt for a model that reads words alone.
 * @throws EngineFault `bad-prompt` when there are pictures in it, or no words
 */
export function wordsOf(parts: readonly PromptShape[]): string {
  if (parts.some((part) => part.kind === "entity")) {
    throw new EngineFault(
      "bad-prompt",
      say("This model reads words alone. Take the pictures out, or choose a Kosmos-G model."),
    );
  }
  const text = joinedText(parts);
  if (text.trim() === "") throw new EngineFault("bad-prompt", say("The prompt is empty. Write a few words."));
  return text;
}

export const joinedText = (parts: readonly PromptShape[]) =>
  parts.map((part) => (part.kind === "text" ? part.text : "")).join("");
