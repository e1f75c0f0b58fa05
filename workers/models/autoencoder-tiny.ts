/** The TAESD family of small autoencoders (github.com/madebyollin/taesd; diffusers: autoencoder_tiny.py, vae.py). */
import { Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import {
  add,
  cast,
  conv2d,
  div,
  groupNorm,
  mul,
  pixelShuffle,
  pixelUnshuffle,
  relu,
  scale,
  sub,
  tanh,
  upsampleNearest2x,
} from "../onnx/ops.ts";
import type { AutoencoderTinyConfig } from "../weights/bundle.ts";
import type { PictureBatch } from "./vae.ts";

/** Adds one layer of a torch.nn.Sequential under the name that its place gives it. */
type Layer = (g: Graph, x: Value, name: string) => Value;

const conv3x3 =
  (channels: number, options: { stride?: number; bias?: boolean } = {}): Layer =>
  (g, x, name) =>
    conv2d(g, x, name, channels, { kernel: 3, padding: 1, ...options });

/** Block: ReLU(x + three convolutions of x); with a pool branch x first gets what a wider, normalised 1×1 path says. */
const block =
  (width: number, poolBranch: boolean): Layer =>
  (g, input, name) =>
    g.scope(name, () => {
      const x = poolBranch ? add(g, input, pool(g, input, width)) : input;
      let hidden = relu(g, conv3x3(width)(g, x, "conv.0"));
      hidden = relu(g, conv3x3(width)(g, hidden, "conv.2"));
      hidden = conv3x3(width)(g, hidden, "conv.4");
      return relu(g, add(g, hidden, x));
    });

function pool(g: Graph, x: Value, width: number): Value {
  const wide = conv2d(g, x, "pool.0", width * 4, { kernel: 1, bias: false });
  return conv2d(g, relu(g, groupNorm(g, wide, "pool.1", 4, 1e-5)), "pool.3", width, { kernel: 1, bias: false });
}

/** Runs `layers` as the sequence `name`. TAESD numbers them from `first`, diffusers from 0 and one folder deeper. */
function sequential(g: Graph, x: Value, name: string, first: number, layers: readonly Layer[]): Value {
  return g.scope(name, () => {
    const diffusers = g.has("layers.0.weight");
    return layers.reduce((hidden, layer, i) => layer(g, hidden, diffusers ? `layers.${i}` : `${first + i}`), x);
  });
}

/** Decoder: z [B, latent_channels, h, w] -> a picture [B, out_channels, h f, w f] in about [0, 1], f being 2 to the number of levels less one. */
export function tinyDecoder(g: Graph, z: Value, config: AutoencoderTinyConfig): Value {
  const { width, blocks_per_level: levels, pool_branch, out_channels } = config;
  const layers: Layer[] = [conv3x3(width), (g, x) => relu(g, x)];
  levels.forEach((blocks, level) => {
    const last = level === levels.length - 1;
    for (let i = 0; i < blocks; i++) layers.push(block(width, pool_branch && level === 0));
    if (!last) layers.push((g, x) => upsampleNearest2x(g, x));
    layers.push(last ? conv3x3(out_channels) : conv3x3(width, { bias: false }));
  });
  const clamped = scale(g, tanh(g, scale(g, z, 1 / 3)), 3);
  // The clamp is TAESD's layer 0.
  return sequential(g, clamped, "decoder", 1, layers);
}

/** Encoder: a picture [B, in_channels, H, W] in [0, 1] -> z [B, latent_channels, H / f, W / f]. Its levels are the decoder's, last to first. */
export function tinyEncoder(g: Graph, picture: Value, config: AutoencoderTinyConfig): Value {
  const { width, pool_branch, latent_channels } = config;
  const layers: Layer[] = [];
  const levels = config.blocks_per_level.toReversed();
  levels.forEach((blocks, level) => {
    layers.push(level === 0 ? conv3x3(width) : conv3x3(width, { stride: 2, bias: false }));
    for (let i = 0; i < blocks; i++) layers.push(block(width, pool_branch && level === levels.length - 1));
  });
  layers.push(conv3x3(latent_channels));
  return sequential(g, picture, "encoder", 0, layers);
}

/** A float32 value a channel, for [B, C, H, W]. */
function perChannel(g: Graph, values: readonly number[], config: AutoencoderTinyConfig): Value {
  const channels = config.latent_channels;
  if (values.length !== channels) g.fail(`${values.length} latent means or deviations for ${channels} channels`);
  return g.constant(values, [1, channels, 1, 1], "float32");
}

/** The U-Net's latents, float32 [B, latent_channels p p, h, w], as the autoencoder's z, float32 [B, latent_channels, h p, w p]. */
function toAutoencoder(g: Graph, config: AutoencoderTinyConfig, latents: Value): Value {
  let z = pixelShuffle(g, latents, config.patch_size);
  if (config.scaling_factor !== 1) z = scale(g, z, 1 / config.scaling_factor);
  if (config.latents_std) z = mul(g, z, perChannel(g, config.latents_std, config));
  return config.latents_mean ? add(g, z, perChannel(g, config.latents_mean, config)) : z;
}

/** The inverse of toAutoencoder. */
function fromAutoencoder(g: Graph, config: AutoencoderTinyConfig, z: Value): Value {
  let latents = config.latents_mean ? sub(g, z, perChannel(g, config.latents_mean, config)) : z;
  if (config.latents_std) latents = div(g, latents, perChannel(g, config.latents_std, config));
  if (config.scaling_factor !== 1) latents = scale(g, latents, config.scaling_factor);
  return pixelUnshuffle(g, latents, config.patch_size);
}

/**
 * Latents to a picture. Input: latents [batch, latent_channels p p, height, width] as the U-Net has them, p being patch_size.
 * Output: image [batch, out_channels, height p f, width p f], 0 black and 1 white, not clamped. Both float32.
 * @throws GraphError names the layer whose tensor is missing or does not have the configuration's shape.
 */
export function buildTinyDecoderGraph(
  tensors: TensorSource,
  config: AutoencoderTinyConfig,
  { batch, height, width }: PictureBatch,
  options: GraphOptions,
): Graph {
  const g = new Graph("autoencoder_tiny_decoder", tensors, options);
  const channels = config.latent_channels * config.patch_size ** 2;
  const latents = g.input("latents", "float32", [batch, channels, height, width]);
  const z = cast(g, toAutoencoder(g, config, latents), g.dtype);
  g.output("image", cast(g, tinyDecoder(g, z, config), "float32"));
  return g;
}

/**
 * A picture to latents. Input: image [batch, in_channels, height, width] in [0, 1], its sides divisible by p f.
 * Output: latents [batch, latent_channels p p, height / p f, width / p f] as the U-Net has them. Both float32.
 * @throws GraphError names the layer whose tensor is missing or does not have the configuration's shape.
 */
export function buildTinyEncoderGraph(
  tensors: TensorSource,
  config: AutoencoderTinyConfig,
  { batch, height, width }: PictureBatch,
  options: GraphOptions,
): Graph {
  const g = new Graph("autoencoder_tiny_encoder", tensors, options);
  const image = g.input("image", "float32", [batch, config.in_channels, height, width]);
  const z = tinyEncoder(g, cast(g, image, g.dtype), config);
  g.output("latents", fromAutoencoder(g, config, cast(g, z, "float32")));
  return g;
}
