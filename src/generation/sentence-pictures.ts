/** Sentences name entities; the engine and the gallery want their pictures. */
import { say } from "../../workers/messages.ts";
import type { SentencePart } from "../composer/prompt-doc.ts";
import { EngineError, type PromptSegment } from "../engine/index.ts";
import type { Entity } from "../entities/entity.ts";

/**
 * The sentence with its pictures in place of their names.
 * @throws EngineError `bad-prompt` when one of them is not on this machine any more
 */
export function promptOf(sentence: readonly SentencePart[], entities: ReadonlyMap<string, Entity>): PromptSegment[] {
  return sentence.map((part) => {
    if (part.kind === "text") return part;
    const entity = entities.get(part.id);
    if (!entity) {
      throw new EngineError(
        "bad-prompt",
        say("A picture of this sentence is not on this machine any more. Remove its chip or put another in."),
      );
    }
    return { kind: "entity", image: entity.picture, strength: part.strength };
  });
}

/** The entities that a sentence names, each once, in the order of their first appearance. */
export function entitiesOf(sentence: readonly SentencePart[], entities: ReadonlyMap<string, Entity>): Entity[] {
  const ids = new Set(sentence.flatMap((part) => (part.kind === "entity" ? [part.id] : [])));
  return [...ids].flatMap((id) => entities.get(id) ?? []);
}
