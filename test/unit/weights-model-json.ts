/** A made-up model for tests, in Node and in browsers. */
import type { BundleFile } from "../../workers/weights/bundle.ts";

/** Bytes that repeat nowhere near, the same for the same seed. */
export function noise(size: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let x = seed;
  for (let i = 0; i < words.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    words[i] = x;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** A model.json with these files; its networks read weights.safetensors. */
export function modelJsonOf(id: string, files: Record<string, BundleFile>) {
  const component = (config: object) => ({ files: ["weights.safetensors"], config });
  return {
    version: 1,
    id,
    name: `Model ${id}`,
    description: "For tests",
    license: "MIT",
    provenance: "Noise",
    files,
    components: {
      clip_vision: component({ image_size: 8, patch_size: 4, width: 8, layers: 1, heads: 1, mlp: 8 }),
      resampler: component({ num_queries: 1, heads: 1, in_dim: 8, out_dim: 8 }),
      gpt: component({ vocab_size: 8, embed_dim: 8, layers: 1, heads: 1, ffn: 8 }),
      aligner: component({
        in_dim: 8,
        dim: 8,
        heads: 1,
        ffn: 8,
        encoder_layers: 1,
        decoder_layers: 1,
        num_queries: 1,
        max_positions: 8,
      }),
      unet: component({
        sample_size: 8,
        in_channels: 4,
        out_channels: 4,
        down_block_types: ["DownBlock2D"],
        up_block_types: ["UpBlock2D"],
        block_out_channels: [8],
        layers_per_block: 1,
        norm_num_groups: 1,
        cross_attention_dim: 8,
        attention_head_dim: 1,
      }),
      vae: { type: "AutoencoderTiny", ...component({ in_channels: 3, out_channels: 3, latent_channels: 4 }) },
      tokenizer: { sentencepiece: "sentencepiece.model", dict: "dict.txt" },
      scheduler: { beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear" },
    },
    defaults: { steps: 4, guidance_scale: 3, scheduler: "ddim", width: 64, height: 64 },
  };
}
