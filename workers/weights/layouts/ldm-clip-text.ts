/** CLIP's text encoder in single files of Stable Diffusion 1.x: transformers' names behind a prefix, in some files without `text_model`. */
import { clipTextName } from "./diffusers.ts";
import type { Layout } from "./layout.ts";

export const LDM_CLIP_TEXT: Layout = {
  kind: "clip-text",
  layout: "Stable Diffusion's single file",
  prefixes: ["cond_stage_model.transformer."],
  marks: [/^(text_model\.)?encoder\.layers\.\d+\.self_attn\./],
  rename: () => clipTextName,
};
