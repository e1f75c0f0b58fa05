/** Kosmos-G's own names (unilm's kosmos-g, fairseq): the official ones of its four networks, and what else its checkpoints hold. */
import type { ComponentKind } from "./component.ts";
import type { KnownSurplus, Layout } from "./layout.ts";

const own = (kind: ComponentKind, root: RegExp): Layout => ({
  kind,
  layout: "Kosmos-G",
  prefixes: [""],
  marks: [root],
  rename: () => (name) => (root.test(name) ? name : undefined),
});

export const KOSMOS_G: readonly Layout[] = [
  own("gpt", /^gpt_model\.decoder\./),
  own("clip-vision", /^img_model\.visual\./),
  own("resampler", /^img_connector\./),
  own("aligner", /^aligner\.(encoder_query$|encoder\.|encoder_proj\.)/),
];

export const KOSMOS_G_SURPLUS: readonly KnownSurplus[] = [
  { names: /\.embed_positions\._float_tensor$/, reason: "a buffer of fairseq's, of no meaning" },
  { names: /\.self_attn_sope\.scale$/, reason: "a buffer of rotary positions, which Kosmos-G does not use" },
  {
    names: /^gpt_model\.decoder\.output_projection\.weight$/,
    reason: "the token table once more: no words are written",
  },
  {
    names: /^aligner\.(clip_encoder\.|decoder_query$|decoder\.|decoder_proj\.)/,
    reason: "the AlignerNet's way back and its teacher, used in training only",
  },
];
