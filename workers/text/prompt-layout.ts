/** An interleaved prompt as the GPT reads it (Kosmos-G's app_model.py, kosmosg_preprocess). */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { EntityImage, PromptPart, PromptShape } from "../protocol.ts";
import { BOS } from "./fairseq-dictionary.ts";
import type { PromptLimits } from "./prompt-limits.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Stands for a picture in a written prompt. */
export const IMAGE_MARKER = "<i>";

export interface PromptLayout {
  /** [length], fairseq ids. */
  tokens: Int32Array<ArrayBuffer>;
  /** [length], img_gpt_input_mask: 1 where the resampler's output replaces the embedding. */
  imageMask: Uint8Array<ArrayBuffer>;
  imageCount: number;
}

/**
 * `<s>`, then for each image the ids of the text before it, `<image>` once and once more for each query, `</image>`;
 * then the ids of the text behind the last image. No `</s>`. Text between two images is one snippet with a dummy prefix of
 * its own, in however many parts it comes.
 *
 * @param numQueries rows that the resampler makes of an image.
 * @throws EngineFault "bad-prompt" when there are neither words nor pictures in it, or it passes the limits.
 */
export function layoutPrompt(
  parts: readonly PromptShape[],
  tokenizer: Tokenizer,
  numQueries: number,
  limits?: PromptLimits,
): PromptLayout {
  const imageCount = parts.filter((part) => part.kind === "entity").length;
  if (limits && imageCount > limits.images) {
    throw new EngineFault(
      "bad-prompt",
      say("The prompt holds {pictures} pictures; this model takes at most {most}. Take out {surplus}.", {
        pictures: imageCount,
        most: limits.images,
        surplus: imageCount - limits.images,
      }),
    );
  }
  const { tokens, mask } = laidOut(parts, tokenizer, numQueries);
  if (tokens.length === 1) {
    throw new EngineFault("bad-prompt", say("The prompt is empty. Write a few words or put a picture in."));
  }
  checkTokens(tokens.length, limits);
  return { tokens: Int32Array.from(tokens), imageMask: Uint8Array.from(mask), imageCount };
}

/** How many tokens a prompt has, image slots and `<s>` too; an empty one has its `<s>`. */
export function countTokens(parts: readonly PromptShape[], tokenizer: Tokenizer, numQueries: number): number {
  return laidOut(parts, tokenizer, numQueries).tokens.length;
}

function laidOut(parts: readonly PromptShape[], tokenizer: Tokenizer, numQueries: number) {
  const { boi, eoi } = tokenizer.special;
  const tokens = [BOS];
  const mask = [0];
  const append = (ids: readonly number[], masked: number) => {
    for (const id of ids) {
      tokens.push(id);
      mask.push(masked);
    }
  };
  let snippet = "";
  for (const part of parts) {
    if (part.kind === "text") {
      snippet += part.text;
      continue;
    }
    append(tokenizer.encode(snippet), 0);
    snippet = "";
    append([boi], 0);
    append(new Array<number>(numQueries).fill(boi), 1);
    append([eoi], 0);
  }
  append(tokenizer.encode(snippet), 0);
  return { tokens, mask };
}

/**
 * The unconditional branch (kosmosg.py, sample): the longer of `<s>` alone and `<s>` with the negative prompt; text only.
 *
 * @param negativePrompt empty: `<s>` alone, the same for every prompt.
 * @throws EngineFault "bad-prompt" when it passes the limit on tokens.
 */
export function layoutNegativePrompt(
  negativePrompt: string,
  tokenizer: Tokenizer,
  limits?: PromptLimits,
): PromptLayout {
  const tokens = Int32Array.of(BOS, ...tokenizer.encode(negativePrompt));
  checkTokens(tokens.length, limits);
  return { tokens, imageMask: new Uint8Array(tokens.length), imageCount: 0 };
}

/**
 * Reads the written form of a prompt, such as `<i> in the suit of <i>`.
 *
 * @param images one for each `<i>`, in order.
 * @throws EngineFault "bad-prompt" when there are more or fewer.
 */
export function parsePrompt(prompt: string, images: readonly EntityImage[]): PromptPart[] {
  const snippets = prompt.split(IMAGE_MARKER);
  if (snippets.length - 1 !== images.length) {
    throw new EngineFault(
      "bad-prompt",
      say("The prompt has {markers} {marker} for {pictures} pictures. Write one {marker2} for each picture.", {
        markers: snippets.length - 1,
        marker: IMAGE_MARKER,
        pictures: images.length,
        marker2: IMAGE_MARKER,
      }),
    );
  }
  return snippets.flatMap((text, index): PromptPart[] => {
    const image = images[index];
    const before: PromptPart[] = text === "" ? [] : [{ kind: "text", text }];
    return image ? [...before, { kind: "entity", image }] : before;
  });
}

function checkTokens(length: number, limits: PromptLimits | undefined): void {
  if (!limits || length <= limits.tokens) return;
  throw new EngineFault(
    "bad-prompt",
    say(
      "The prompt is {length} tokens long; this model reads at most {most}. Shorten the text or take a picture out.",
      { length, most: limits.tokens },
    ),
  );
}
