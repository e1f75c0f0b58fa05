/**
 * The U-Net as single files of Stable Diffusion name it (CompVis' latent-diffusion: openaimodel.py), as diffusers names it. The blocks are
 * numbered through; where a level ends is where its downsampler or upsampler stands. Source: diffusers' single_file_utils.py.
 */
import { type Layout, type Rename, replaceStart } from "./layout.ts";

const STEMS = [
  ["time_embed.0.", "time_embedding.linear_1."],
  ["time_embed.2.", "time_embedding.linear_2."],
  ["input_blocks.0.0.", "conv_in."],
  ["middle_block.0.", "mid_block.resnets.0."],
  ["middle_block.1.", "mid_block.attentions.0."],
  ["middle_block.2.", "mid_block.resnets.1."],
  ["out.0.", "conv_norm_out."],
  ["out.2.", "conv_out."],
] as const;

const RESNET = [
  ["in_layers.0.", "norm1."],
  ["in_layers.2.", "conv1."],
  ["emb_layers.1.", "time_emb_proj."],
  ["out_layers.0.", "norm2."],
  ["out_layers.3.", "conv2."],
  ["skip_connection.", "conv_shortcut."],
] as const;

const IN_RESNET = /^(.*\.resnets\.\d+\.)(.*)$/;

/** @param names all of the U-Net's, from `input_blocks` and the like on. */
export function ldmUNetNames(names: readonly string[]): Rename {
  const downsamplers = blockNumbers(names, /^input_blocks\.(\d{1,4})\.0\.op\./);
  const upsamplers = blockNumbers(names, /^output_blocks\.(\d{1,4})\.[12]\.conv\./);
  return (name) => {
    const renamed = replaceStart(name, STEMS) ?? inputBlock(name, downsamplers) ?? outputBlock(name, upsamplers);
    const [, block, part] = renamed?.match(IN_RESNET) ?? [];
    if (block === undefined || part === undefined) return renamed;
    const layer = replaceStart(part, RESNET);
    return layer && block + layer;
  };
}

/** More than a configuration may have. */
const MAX_LEVELS = 32;

function blockNumbers(names: readonly string[], pattern: RegExp): number[] {
  const found = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).map(Number);
  return [...new Set(found)].sort((a, b) => a - b).slice(0, MAX_LEVELS);
}

/** A level's resnets come first, then its downsampler, in a block of its own. */
function inputBlock(name: string, downsamplers: readonly number[]): string | undefined {
  const [, number, place, rest] = /^input_blocks\.(\d{1,4})\.([01])\.(.*)$/.exec(name) ?? [];
  if (rest === undefined) return undefined;
  const block = Number(number);
  const level = downsamplers.filter((last) => last < block).length;
  if (rest.startsWith("op.")) return `down_blocks.${level}.downsamplers.0.conv.${rest.slice("op.".length)}`;
  const index = block - 1 - (downsamplers[level - 1] ?? 0);
  return `down_blocks.${level}.${place === "0" ? "resnets" : "attentions"}.${index}.${rest}`;
}

/** The upsampler stands in the block of its level's last resnet, behind it and its attention, if there is one. */
function outputBlock(name: string, upsamplers: readonly number[]): string | undefined {
  const [, number, place, rest] = /^output_blocks\.(\d{1,4})\.([012])\.(.*)$/.exec(name) ?? [];
  if (rest === undefined) return undefined;
  const block = Number(number);
  const level = upsamplers.filter((last) => last < block).length;
  if (place !== "0" && rest.startsWith("conv.")) return `up_blocks.${level}.upsamplers.0.${rest}`;
  if (place === "2") return undefined;
  const index = block - 1 - (upsamplers[level - 1] ?? -1);
  return `up_blocks.${level}.${place === "0" ? "resnets" : "attentions"}.${index}.${rest}`;
}

export const LDM_UNET: Layout = {
  kind: "unet",
  layout: "Stable Diffusion's single file",
  prefixes: ["model.diffusion_model.", "diffusion_model.", ""],
  marks: [/^input_blocks\.\d+\.0\./, /^output_blocks\.\d+\.0\./],
  rename: ldmUNetNames,
};
