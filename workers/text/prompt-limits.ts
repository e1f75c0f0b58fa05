import { type Bundle, isKosmosG } from "../weights/bundle.ts";

/** What a model was made for; `tokens` counts everything, image slots too. */
export interface PromptLimits {
  images: number;
  tokens: number;
}

/** Kosmos-G's demo offers as many places for pictures. */
const MOST_IMAGES = 10;

/** The model's own limits; the table of positions bounds the tokens in any case. A model that reads words alone takes no picture. */
export function promptLimits(bundle: Bundle): PromptLimits {
  const { limits } = bundle;
  if (!isKosmosG(bundle)) return { images: 0, tokens: bundle.components.text_encoder.config.max_position_embeddings };
  const most = bundle.components.aligner.config.max_positions - 2;
  return { images: limits?.images ?? MOST_IMAGES, tokens: Math.min(limits?.tokens ?? most, most) };
}
