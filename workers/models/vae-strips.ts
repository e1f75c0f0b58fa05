/** The blocks of the VAE's decoder on pictures in strips (diffusers: models/resnet.py, upsampling.py): of one strip, the same as on the whole. */
import type { Graph } from "../onnx/graph.ts";
import { add, conv2d, silu, upsampleNearest2x } from "../onnx/ops.ts";
import { conv3x3OfStrips, groupNormOfStrips, type Strips } from "../onnx/strips.ts";
import type { AutoencoderKLConfig } from "../weights/bundle.ts";
import type { Norm } from "./resnet.ts";

/** ResnetBlock2D `name` without a time embedding: [B, C, Hi, W] -> [B, outChannels, Hi, W]. */
export function resnetBlock2DOfStrips(g: Graph, strips: Strips, name: string, outChannels: number, norm: Norm): Strips {
  const activated = (x: Strips, part: string) =>
    groupNormOfStrips(g, x, part, norm.groups, norm.eps).map((strip) => silu(g, strip));
  return g.scope(name, () => {
    let hidden = conv3x3OfStrips(g, activated(strips, "norm1"), "conv1", outChannels);
    hidden = conv3x3OfStrips(g, activated(hidden, "norm2"), "conv2", outChannels);
    return strips.map((x, i) => {
      const shortcut = x.shape[1] === outChannels ? x : conv2d(g, x, "conv_shortcut", outChannels, { kernel: 1 });
      return add(g, shortcut, hidden[i] as (typeof hidden)[number]);
    });
  });
}

/** Upsample2D `name`: nearest neighbour ×2, then a convolution. */
export function upsample2DOfStrips(g: Graph, strips: Strips, name: string): Strips {
  const up = strips.map((strip) => upsampleNearest2x(g, strip));
  return g.scope(name, () => conv3x3OfStrips(g, up, "conv", up[0]?.shape[1] as number));
}

/**
 * In how many strips latents [batch, *, height, width] go up, for no buffer of the decoder to pass `maxBytes`. `elementBytes` of an activation.
 * Graphs of one strip are those of the whole. No fewer rows than one of the latents make a strip: then a buffer may still be too large.
 */
export function stripCount(
  { block_out_channels: widths }: AutoencoderKLConfig,
  [batch, , height, width]: readonly [number, number, number, number],
  elementBytes: number,
  maxBytes: number,
): number {
  // A level begins with the channels of the one before it.
  const rowBytes = widths.toReversed().map((channels, level, all) => {
    const most = Math.max(channels, all[level - 1] ?? channels);
    return batch * most * width * 2 ** level * elementBytes;
  });
  const fits = (rows: number, neighbours: number) =>
    rowBytes.every((bytes, level) => bytes * (rows * 2 ** level + neighbours) <= maxBytes);
  if (fits(height, 0)) return 1;
  let count = 2;
  while (count < height && !fits(Math.ceil(height / count), 2)) count++;
  return Math.min(count, height);
}
