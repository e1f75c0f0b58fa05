import type { Bundle } from "../weights/bundle.ts";

/** What a model was made for; `tokens` counts everything, image slots too. */
export interface PromptLimits {
  images: number;
  tokens: number;
}

/** Kosmos-G's demo offers as many places for pictures. */
const MOST_IMAGES = 10;

/** The model's own limits; AlignerNet's table of positions bounds the tokens in any case. */
export function promptLimits({ limits, components }: Bundle): PromptLimits {
  const most = components.aligner.config.max_positions - 2;
  return { images: limits?.images ?? MOST_IMAGES, tokens: Math.min(limits?.tokens ?? most, most) };
}
