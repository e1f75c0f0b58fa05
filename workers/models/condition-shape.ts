import { type Bundle, isKosmosG } from "../weights/bundle.ts";

/** The condition that a model's U-Net reads: 77 x 768 in SD 1.5. */
export function conditionShape(bundle: Bundle): { rows: number; dim: number } {
  if (isKosmosG(bundle)) {
    const { num_queries: rows, dim } = bundle.components.aligner.config;
    return { rows, dim };
  }
  const { max_position_embeddings: rows, hidden_size: dim } = bundle.components.text_encoder.config;
  return { rows, dim };
}
