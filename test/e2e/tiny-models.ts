/** Models of published topologies, as small as their rules let them be, with weights that were never trained. */
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Shapes } from "../../workers/weights/layouts/component.ts";
import { expectedTensors } from "../../workers/weights/layouts/expected-tensors.ts";
import { writeRandomTensors } from "../bench/random-unet.ts";
import { SD15_TEXT } from "../support/sd15-text.ts";

const CROSS = 32;

/** What draws, under either reader. */
const drawing = () => ({
  unet: expectedTensors("unet", {
    sample_size: 64,
    in_channels: 4,
    out_channels: 4,
    flip_sin_to_cos: true,
    freq_shift: 0,
    down_block_types: ["CrossAttnDownBlock2D", "DownBlock2D"],
    mid_block_type: "UNetMidBlock2DCrossAttn",
    up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D"],
    block_out_channels: [32, 64],
    layers_per_block: 1,
    norm_num_groups: 32,
    norm_eps: 1e-5,
    cross_attention_dim: CROSS,
    attention_head_dim: 8,
  }),
  vae: expectedTensors("vae", {
    in_channels: 3,
    out_channels: 3,
    block_out_channels: [32, 32, 32, 32],
    layers_per_block: 1,
    latent_channels: 4,
    norm_num_groups: 32,
    scaling_factor: 0.18215,
  }),
});

/** A folder with a file for each network. @returns its path */
async function writeModel(folder: string, name: string, networks: Record<string, Shapes>): Promise<string> {
  const root = join(folder, name);
  for (const [part, tensors] of Object.entries(networks)) {
    await mkdir(join(root, part), { recursive: true });
    await writeRandomTensors(join(root, part, "model.safetensors"), new Map(tensors), 7);
  }
  await writeFile(join(root, "README.md"), "# Weights that were never trained\n");
  return root;
}

/** Random weights of Stable Diffusion's topology, as small as its rules let it be, in a folder as diffusers has it. */
export function tinyDiffusion(folder: string): Promise<string> {
  return writeModel(folder, "tiny-diffusion", {
    ...drawing(),
    text_encoder: expectedTensors("clip-text", {
      vocab_size: 49408,
      hidden_size: CROSS,
      intermediate_size: 64,
      num_hidden_layers: 1,
      num_attention_heads: 1,
      max_position_embeddings: 77,
      hidden_act: "quick_gelu",
      layer_norm_eps: 1e-5,
    }),
  });
}

/** Random weights of Kosmos-G's topology under its own names, with a language model of some megabytes. */
export function tinyKosmosG(folder: string): Promise<string> {
  const width = 128;
  return writeModel(folder, "tiny-kosmos", {
    ...drawing(),
    vision: expectedTensors("clip-vision", { image_size: 28, patch_size: 14, width: 64, layers: 1, heads: 1, mlp: 64 }),
    resampler: expectedTensors("resampler", { num_queries: 4, heads: 2, in_dim: 64, out_dim: width }),
    gpt: expectedTensors("gpt", { vocab_size: 64007, embed_dim: width, layers: 4, heads: 2, ffn: 2048 }),
    aligner: expectedTensors("aligner", {
      in_dim: width,
      dim: CROSS,
      heads: 1,
      ffn: 64,
      encoder_layers: 1,
      decoder_layers: 1,
      num_queries: 77,
      max_positions: 258,
    }),
  });
}

/** Text encoder of so many bytes, all of them zero: long enough to be stopped on the way. */
export async function longTextEncoder(path: string): Promise<void> {
  const tensors = expectedTensors("clip-text", SD15_TEXT);
  let end = 0;
  const header = Object.fromEntries(
    [...tensors].map(([name, shape]) => {
      const begin = end;
      end += 2 * shape.reduce((product, d) => product * d, 1);
      return [name, { dtype: "F16", shape, data_offsets: [begin, end] }];
    }),
  );
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await open(path, "w");
  await file.write(Buffer.concat([length, json]));
  await file.truncate(8 + json.length + end);
  await file.close();
}

/** As small as the wide text encoder lets it be. @param channels of its one level */
export const wideUNet = (channels = 32) =>
  expectedTensors("unet", {
    sample_size: 64,
    in_channels: 4,
    out_channels: 4,
    flip_sin_to_cos: true,
    freq_shift: 0,
    down_block_types: ["CrossAttnDownBlock2D"],
    mid_block_type: "UNetMidBlock2DCrossAttn",
    up_block_types: ["CrossAttnUpBlock2D"],
    block_out_channels: [channels],
    layers_per_block: 1,
    norm_num_groups: 32,
    norm_eps: 1e-5,
    cross_attention_dim: 768,
    attention_head_dim: 8,
  });
