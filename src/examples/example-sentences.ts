/** Ready sentences, by `{n}` for the n-th picture of the shelf. */
import type { SentencePart } from "../composer/prompt-doc.ts";

/** What a model does well, by its id: the mini understands places, times, sizes, counts and colours. */
const BY_MODEL: Readonly<Record<string, readonly string[]>> = {
  mini: [
    "{0} in the snow at night",
    "{1} on the beach",
    "{2} in space",
    "{0} next to {1} on the grass",
    "{2}, red, in the forest",
    "{1} in the city in the rain",
    "{0} on the beach at night",
    "three {2} in the forest",
  ],
};

/** The sentences of the paper and of its authors' demo. */
export const PAPER_SENTENCES: readonly string[] = [
  "{0} in Batman suit",
  "{0} swimming underwater",
  "{0} as an oil painting by Vincent van Gogh",
  "{0} in Minecraft",
  "{0} in the style of {1}",
  "{0} wearing {1}",
  "{0} in the suit of {1}",
  "{0} in {1}'s jacket",
  "{0} taking a selfie at {1}",
  "{0} as an oil painting in the style of {1}",
];

/** For models that read words alone. */
export const WORD_SENTENCES: readonly string[] = [
  "a lighthouse on a cliff in a storm, oil painting",
  "a red fox in fresh snow at dawn, photograph",
  "a small house on the moon, children's book illustration",
  "a bowl of oranges on a wooden table, morning light",
  "a tram in a rainy street at night, watercolour",
  "an owl made of autumn leaves",
];

/** Sentences that the model with this id does well; of a model that we do not know, none are promised. */
export function sentencesFor(modelId: string | undefined): readonly string[] {
  return (modelId && BY_MODEL[modelId]) || [];
}

/** `{0} in the snow` -> sentence, with the shelf's pictures; undefined where the shelf is too short. */
export function fillTemplate(template: string, shelf: readonly string[]): SentencePart[] | undefined {
  const parts: SentencePart[] = [];
  for (const piece of template.split(/(\{\d\})/)) {
    const slot = /^\{(\d)\}$/.exec(piece);
    if (slot) {
      const id = shelf[Number(slot[1])];
      if (!id) return undefined;
      parts.push({ kind: "entity", id });
    } else if (piece) parts.push({ kind: "text", text: piece });
  }
  return parts;
}

/** What the page opens with, on a shelf of examples. */
export const FIRST_TEMPLATE = "{0} in the snow at night";

export function firstSentence(shelf: readonly string[]): SentencePart[] {
  return fillTemplate(FIRST_TEMPLATE, shelf) ?? [];
}
