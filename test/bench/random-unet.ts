/** A U-Net of Stable Diffusion 1.5's shape with random weights, for its speed and size alone. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import type { UNetConfig } from "../../workers/weights/bundle.ts";
import { toFloat16Bits } from "../../workers/weights/float16.ts";

/** Of SD 1.5's widths. */
export const WIDTHS = { quarter: 1 / 4, half: 1 / 2, full: 1 } as const;
export type Width = keyof typeof WIDTHS;

/** stable-diffusion-v1-5/unet/config.json with narrower levels. 32 groups do not divide 80 channels: a quarter has 16. */
export function sd15UNetConfig(width: Width): UNetConfig {
  return {
    sample_size: 64,
    in_channels: 4,
    out_channels: 4,
    flip_sin_to_cos: true,
    freq_shift: 0,
    down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    mid_block_type: "UNetMidBlock2DCrossAttn",
    up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    block_out_channels: [320, 640, 1280, 1280].map((channels) => channels * WIDTHS[width]),
    layers_per_block: 2,
    norm_num_groups: width === "quarter" ? 16 : 32,
    norm_eps: 1e-5,
    cross_attention_dim: 768,
    attention_head_dim: 8,
  };
}

type Shapes = Map<string, readonly number[]>;

/** Every tensor of diffusers' UNet2DConditionModel of this configuration, by its name. */
export function unetTensors(config: UNetConfig): Shapes {
  const shapes: Shapes = new Map();
  const { block_out_channels: widths, layers_per_block: layers, cross_attention_dim: contextDim } = config;
  const temb = (widths[0] as number) * 4;

  const weight = (name: string, shape: readonly number[]) => shapes.set(`${name}.weight`, shape);
  const layer = (name: string, shape: readonly [number, ...number[]]) => {
    weight(name, shape);
    shapes.set(`${name}.bias`, [shape[0]]);
  };
  const conv = (name: string, from: number, to: number, kernel = 3) => layer(name, [to, from, kernel, kernel]);
  const resnet = (name: string, from: number, to: number) => {
    layer(`${name}.norm1`, [from]);
    conv(`${name}.conv1`, from, to);
    layer(`${name}.time_emb_proj`, [to, temb]);
    layer(`${name}.norm2`, [to]);
    conv(`${name}.conv2`, to, to);
    if (from !== to) conv(`${name}.conv_shortcut`, from, to, 1);
  };
  const transformer = (name: string, channels: number) => {
    layer(`${name}.norm`, [channels]);
    conv(`${name}.proj_in`, channels, channels, 1);
    const block = `${name}.transformer_blocks.0`;
    for (const [i, from] of [channels, contextDim].entries()) {
      const attention = `${block}.attn${i + 1}`;
      layer(`${block}.norm${i + 1}`, [channels]);
      weight(`${attention}.to_q`, [channels, channels]);
      weight(`${attention}.to_k`, [channels, from]);
      weight(`${attention}.to_v`, [channels, from]);
      layer(`${attention}.to_out.0`, [channels, channels]);
    }
    layer(`${block}.norm3`, [channels]);
    layer(`${block}.ff.net.0.proj`, [channels * 8, channels]);
    layer(`${block}.ff.net.2`, [channels, channels * 4]);
    conv(`${name}.proj_out`, channels, channels, 1);
  };

  conv("conv_in", config.in_channels, widths[0] as number);
  layer("time_embedding.linear_1", [temb, widths[0] as number]);
  layer("time_embedding.linear_2", [temb, temb]);
  let channels = widths[0] as number;
  const residuals = [channels];
  config.down_block_types.forEach((type, level) => {
    for (let i = 0; i < layers; i++) {
      const width = widths[level] as number;
      resnet(`down_blocks.${level}.resnets.${i}`, channels, width);
      if (type === "CrossAttnDownBlock2D") transformer(`down_blocks.${level}.attentions.${i}`, width);
      residuals.push(width);
      channels = width;
    }
    if (level === widths.length - 1) return;
    conv(`down_blocks.${level}.downsamplers.0.conv`, channels, channels);
    residuals.push(channels);
  });
  resnet("mid_block.resnets.0", channels, channels);
  transformer("mid_block.attentions.0", channels);
  resnet("mid_block.resnets.1", channels, channels);
  config.up_block_types.forEach((type, i) => {
    const width = widths[widths.length - 1 - i] as number;
    for (let j = 0; j <= layers; j++) {
      resnet(`up_blocks.${i}.resnets.${j}`, channels + (residuals.pop() as number), width);
      if (type === "CrossAttnUpBlock2D") transformer(`up_blocks.${i}.attentions.${j}`, width);
      channels = width;
    }
    if (i < widths.length - 1) conv(`up_blocks.${i}.upsamplers.0.conv`, channels, channels);
  });
  layer("conv_norm_out", [channels]);
  conv("conv_out", channels, config.out_channels);
  return shapes;
}

const count = (shape: readonly number[]) => shape.reduce((product, d) => product * d, 1);

export function parameterCount(shapes: Shapes): number {
  return [...shapes.values()].reduce((sum, shape) => sum + count(shape), 0);
}

/**
 * Writes the tensors as a safetensors file in fp16, one after the other. Weights are uniform with variance 1 / fan-in, so that
 * activations keep their size; norms are the identity. The same seed gives the same file.
 */
export async function writeRandomTensors(file: string, shapes: Shapes, seed: number): Promise<void> {
  let end = 0;
  const header = Object.fromEntries(
    [...shapes].map(([name, shape]) => {
      const begin = end;
      end += count(shape) * 2;
      return [name, { dtype: "F16", shape, data_offsets: [begin, end] }];
    }),
  );
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(json.length), true);

  const stream = createWriteStream(file);
  const write = async (bytes: Uint8Array) => {
    if (!stream.write(bytes)) await once(stream, "drain");
  };
  await write(new Uint8Array(length.buffer));
  await write(json);
  const random = uniform(seed);
  for (const [name, shape] of shapes) {
    const values = new Float32Array(count(shape));
    if (shape.length > 1) {
      const range = Math.sqrt(3 / count(shape.slice(1)));
      for (let i = 0; i < values.length; i++) values[i] = range * random();
    } else if (name.endsWith(".weight")) values.fill(1);
    await write(new Uint8Array(toFloat16Bits(values).buffer));
  }
  stream.end();
  await finished(stream);
}

/** Numbers from -1 to 1 (xorshift32): plenty for weights that only have to be there. */
function uniform(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}
