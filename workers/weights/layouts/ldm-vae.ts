/**
 * Stable Diffusion's autoencoder as single files name it (CompVis' latent-diffusion: autoencoder.py, model.py), as diffusers names it.
 * Source: diffusers' single_file_utils.py.
 */
import { diffusersVaeName } from "./diffusers.ts";
import { type Layout, type Rename, replaceStart } from "./layout.ts";

const MIDDLE = [
  ["block_1.", "resnets.0."],
  ["block_2.", "resnets.1."],
  ["attn_1.norm.", "attentions.0.group_norm."],
  ["attn_1.q.", "attentions.0.to_q."],
  ["attn_1.k.", "attentions.0.to_k."],
  ["attn_1.v.", "attentions.0.to_v."],
  ["attn_1.proj_out.", "attentions.0.to_out.0."],
] as const;

/** @param names all of the autoencoder's, from `encoder` and `decoder` on. */
export function ldmVaeNames(names: readonly string[]): Rename {
  // LDM counts the decoder's levels from the picture, diffusers in the order of their work.
  const levels = names.flatMap((name) => UP.exec(name)?.[1] ?? []).map(Number);
  const last = levels.reduce((a, b) => Math.max(a, b), 0);
  return (name) => {
    const [, half, part] = /^(encoder|decoder)\.(.*)$/.exec(name) ?? [];
    if (half === undefined || part === undefined) return diffusersVaeName(name);
    const renamed = halfName(part, last);
    return renamed && `${half}.${renamed.replace(".nin_shortcut.", ".conv_shortcut.")}`;
  };
}

const UP = /^decoder\.up\.(\d{1,4})\./;

function halfName(part: string, last: number): string | undefined {
  if (part.startsWith("conv_in.") || part.startsWith("conv_out.")) return part;
  if (part.startsWith("norm_out.")) return `conv_${part}`;
  if (part.startsWith("mid.")) {
    const layer = replaceStart(part.slice("mid.".length), MIDDLE);
    return layer && `mid_block.${layer}`;
  }
  const [, way, number, rest] = /^(down|up)\.(\d{1,4})\.(.*)$/.exec(part) ?? [];
  const layer =
    rest &&
    replaceStart(rest, [
      ["block.", "resnets."],
      [`${way}sample.`, `${way}samplers.0.`],
    ]);
  return layer && `${way}_blocks.${way === "up" ? last - Number(number) : number}.${layer}`;
}

export const LDM_VAE: Layout = {
  kind: "vae",
  layout: "Stable Diffusion's single file",
  prefixes: ["first_stage_model.", "vae.", ""],
  marks: [/^decoder\.(mid\.block_1|up\.\d+\.block)\./],
  rename: ldmVaeNames,
};
