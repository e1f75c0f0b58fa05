/**
 * Kosmos-2 as transformers names it (modeling_kosmos2.py). Its vision transformer, resampler and GPT are built as Kosmos-G's and are
 * mapped to those names: transformers' convert_kosmos2_original_pytorch_checkpoint_to_pytorch.py, read backwards.
 */
import type { ComponentKind } from "./component.ts";
import { type KnownSurplus, type Layout, type Rename, replaceStart } from "./layout.ts";

/** Kosmos-G's vocabulary. Kosmos-2's 1,030 tokens behind it name places in a picture. */
const KOSMOS_G_TOKENS = 64_007;

const VISION = [
  ["embeddings.class_embedding", "class_embedding"],
  ["embeddings.patch_embedding.", "conv1."],
  ["embeddings.position_embedding.weight", "positional_embedding"],
  ["pre_layrnorm.", "ln_pre."],
  ["post_layernorm.", "ln_post."],
  ["encoder.layers.", "transformer.resblocks."],
] as const;

const VISION_BLOCK = [
  ["self_attn.", "ts_attn."],
  ["layer_norm1.", "ln_1."],
  ["layer_norm2.", "ln_2."],
  ["mlp.fc1.", "mlp.c_fc."],
  ["mlp.fc2.", "mlp.c_proj."],
] as const;

function visionName(name: string): string | undefined {
  const renamed = replaceStart(name, VISION);
  const [, block, part] = /^(transformer\.resblocks\.\d+\.)(.*)$/.exec(renamed ?? "") ?? [];
  if (block === undefined || part === undefined) return renamed && `img_model.visual.${renamed}`;
  const layer = replaceStart(part, VISION_BLOCK);
  return layer && `img_model.visual.${block}${layer}`;
}

const under = (kind: ComponentKind, prefix: string, mark: RegExp, rename: Rename): Layout => ({
  kind,
  layout: "Kosmos-2, transformers",
  prefixes: [prefix],
  marks: [mark],
  rename: () => rename,
});

export const KOSMOS_2: readonly Layout[] = [
  {
    ...under("gpt", "text_model.model.", /^layers\.\d+\./, (name) => `gpt_model.decoder.${name}`),
    rows: new Map([["gpt_model.decoder.embed_tokens.weight", KOSMOS_G_TOKENS]]),
  },
  under("clip-vision", "vision_model.model.", /^encoder\.layers\.\d+\./, visionName),
  under("resampler", "image_to_text_projection.", /^latent_query$/, (name) => `img_connector.${name}`),
];

export const KOSMOS_2_SURPLUS: readonly KnownSurplus[] = [
  { names: /^text_model\.lm_head\.weight$/, reason: "the token table once more: no words are written" },
  { names: /^text_model\.model\.embed_positions\.weights$/, reason: "sinusoids, which the app computes itself" },
];
