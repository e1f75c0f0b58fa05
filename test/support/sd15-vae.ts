import type { AutoencoderKLConfig } from "../../workers/weights/bundle.ts";

/** stable-diffusion-v1-5/vae/config.json. */
export const SD15_VAE: AutoencoderKLConfig = {
  in_channels: 3,
  out_channels: 3,
  block_out_channels: [128, 256, 512, 512],
  layers_per_block: 2,
  latent_channels: 4,
  norm_num_groups: 32,
  scaling_factor: 0.18215,
};
