/** The folders `unet`, `vae` and `text_encoder` of a diffusers pipeline. Their names are the official ones, save for the oldest files'. */
import type { Layout } from "./layout.ts";

const UNET = /^(conv_in|time_embedding|down_blocks|mid_block|up_blocks|conv_norm_out|conv_out)\./;
const VAE = /^((encoder|decoder)\.(conv_in|conv_out|conv_norm_out|mid_block|(up|down)_blocks)|(post_)?quant_conv)\./;
const VAE_ATTENTION = /^(.*\.attentions\.\d+\.)(query|key|value|proj_attn)\.(weight|bias)$/;
const CLIP_TEXT = /^(embeddings\.(token|position)_embedding|encoder\.layers|final_layer_norm)\./;

const diffusersUNetName = (name: string) => (UNET.test(name) ? name : undefined);

/** Before 0.18 diffusers called the autoencoder's projections otherwise (attention.py: AttentionBlock). */
const TODAY: Readonly<Record<string, string>> = { query: "to_q", key: "to_k", value: "to_v", proj_attn: "to_out.0" };

export function diffusersVaeName(name: string): string | undefined {
  if (!VAE.test(name)) return undefined;
  return name.replace(VAE_ATTENTION, (_, block: string, part: string, kind) => `${block}${TODAY[part]}.${kind}`);
}

export function clipTextName(name: string): string | undefined {
  const part = name.startsWith("text_model.") ? name.slice("text_model.".length) : name;
  return CLIP_TEXT.test(part) ? `text_model.${part}` : undefined;
}

const layout = "diffusers";

export const DIFFUSERS_UNET: Layout = {
  kind: "unet",
  layout,
  prefixes: ["unet.", "diffusion_unet.unet.", ""],
  marks: [/^(down|up)_blocks\.\d+\.resnets\./],
  rename: () => diffusersUNetName,
};

export const DIFFUSERS_VAE: Layout = {
  kind: "vae",
  layout,
  prefixes: ["vae.", "vae.vae.", ""],
  marks: [/^decoder\.(mid_block|up_blocks\.\d+)\.resnets\./],
  rename: () => diffusersVaeName,
};

export const DIFFUSERS_CLIP_TEXT: Layout = {
  kind: "clip-text",
  layout: "transformers",
  prefixes: ["text_encoder.", ""],
  marks: [/^(text_model\.)?encoder\.layers\.\d+\.self_attn\./],
  rename: () => clipTextName,
};
