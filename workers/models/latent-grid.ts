import type { Bundle } from "../weights/bundle.ts";

/** Pixels of the picture along one side of one cell of the U-Net's latents: diffusers' vae_scale_factor, times the fold of the latents. */
export function latentGrid({ components: { vae } }: Bundle): number {
  return vae.type === "AutoencoderKL"
    ? 2 ** (vae.config.block_out_channels.length - 1)
    : 2 ** (vae.config.blocks_per_level.length - 1) * vae.config.patch_size;
}
