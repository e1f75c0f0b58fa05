/** Stable Diffusion's autoencoder (diffusers: autoencoders/autoencoder_kl.py, vae.py). */
import { BYTES, Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import { cast, conv2d, groupNorm, scale, shift, silu, split } from "../onnx/ops.ts";
import { conv3x3OfStrips, cutIntoStrips, groupNormOfStrips, joinStrips } from "../onnx/strips.ts";
import type { AutoencoderKLConfig } from "../weights/bundle.ts";
import { downsample2DAsymmetric, resnetBlock2D } from "./resnet.ts";
import { vaeAttention } from "./vae-attention.ts";
import { resnetBlock2DOfStrips, stripCount, upsample2DOfStrips } from "./vae-strips.ts";

/** GroupNorm's epsilon in every norm of the VAE; the U-Net's resnets have 1e-5. */
const EPS = 1e-6;

/**
 * Decoder: z [B, latent_channels, h, w] -> [B, out_channels, h f, w f] around [-1, 1], f being 2 to the number of levels less one.
 * Goes up in as many strips as no buffer passes maxBufferBytes in: at 512×512 the whole has tensors of 268 MB.
 */
export function decoder(g: Graph, z: Value, config: AutoencoderKLConfig): Value {
  const { block_out_channels: widths, layers_per_block: layers, out_channels, norm_num_groups: groups } = config;
  const norm = { groups, eps: EPS };
  return g.scope("decoder", () => {
    let hidden = conv2d(g, z, "conv_in", widths.at(-1) as number, { kernel: 3, padding: 1 });
    hidden = midBlock(g, hidden, groups);
    const latents = z.shape as [number, number, number, number];
    let strips = cutIntoStrips(g, hidden, stripCount(config, latents, BYTES[g.dtype], g.options.maxBufferBytes));
    widths.toReversed().forEach((channels, i) => {
      g.scope(`up_blocks.${i}`, () => {
        for (let j = 0; j <= layers; j++) strips = resnetBlock2DOfStrips(g, strips, `resnets.${j}`, channels, norm);
        if (i < widths.length - 1) strips = upsample2DOfStrips(g, strips, "upsamplers.0");
      });
    });
    strips = groupNormOfStrips(g, strips, "conv_norm_out", groups, EPS).map((strip) => silu(g, strip));
    return joinStrips(g, conv3x3OfStrips(g, strips, "conv_out", out_channels));
  });
}

/** Encoder: a picture [B, in_channels, H, W] in [-1, 1] -> [B, 2 latent_channels, H / f, W / f]. */
export function encoder(g: Graph, picture: Value, config: AutoencoderKLConfig): Value {
  const { block_out_channels: widths, layers_per_block: layers, latent_channels, norm_num_groups: groups } = config;
  const norm = { groups, eps: EPS };
  return g.scope("encoder", () => {
    let hidden = conv2d(g, picture, "conv_in", widths[0] as number, { kernel: 3, padding: 1 });
    widths.forEach((channels, i) => {
      g.scope(`down_blocks.${i}`, () => {
        for (let j = 0; j < layers; j++) hidden = resnetBlock2D(g, hidden, `resnets.${j}`, channels, norm);
        if (i < widths.length - 1) hidden = downsample2DAsymmetric(g, hidden, "downsamplers.0");
      });
    });
    hidden = midBlock(g, hidden, groups);
    hidden = silu(g, groupNorm(g, hidden, "conv_norm_out", groups, EPS));
    return conv2d(g, hidden, "conv_out", latent_channels * 2, { kernel: 3, padding: 1 });
  });
}

/** UNetMidBlock2D `mid_block`: two resnets around an attention. */
function midBlock(g: Graph, x: Value, groups: number): Value {
  const channels = x.shape[1] as number;
  const norm = { groups, eps: EPS };
  return g.scope("mid_block", () => {
    let hidden = resnetBlock2D(g, x, "resnets.0", channels, norm);
    hidden = vaeAttention(g, hidden, "attentions.0", norm);
    return resnetBlock2D(g, hidden, "resnets.1", channels, norm);
  });
}

export interface PictureBatch {
  readonly batch: number;
  /** Of the graph's input: latents for a decoder, pixels for an encoder. */
  readonly height: number;
  readonly width: number;
}

/**
 * Latents to a picture: decode(latents / scaling_factor) / 2 + 0.5. Input: latents [batch, latent_channels, height, width] as the U-Net has them.
 * Output: image [batch, out_channels, height f, width f], 0 black and 1 white, not clamped. Both float32.
 * @throws GraphError names the layer whose tensor is missing or does not have the configuration's shape.
 */
export function buildVaeDecoderGraph(
  tensors: TensorSource,
  config: AutoencoderKLConfig,
  { batch, height, width }: PictureBatch,
  options: GraphOptions,
): Graph {
  const g = new Graph("vae_decoder", tensors, options);
  const latents = g.input("latents", "float32", [batch, config.latent_channels, height, width]);
  const z = cast(g, scale(g, latents, 1 / config.scaling_factor), g.dtype);
  const image = decoder(g, conv2d(g, z, "post_quant_conv", config.latent_channels, { kernel: 1 }), config);
  g.output("image", shift(g, scale(g, cast(g, image, "float32"), 0.5), 0.5));
  return g;
}

/**
 * A picture to latents. Input: image [batch, in_channels, height, width] in [0, 1]. Outputs, all [batch, latent_channels, height / f, width / f]:
 * mean and logvar of the posterior (logvar not clamped), and latents = mean * scaling_factor, as the U-Net has them. All float32.
 * @throws GraphError names the layer whose tensor is missing or does not have the configuration's shape.
 */
export function buildVaeEncoderGraph(
  tensors: TensorSource,
  config: AutoencoderKLConfig,
  { batch, height, width }: PictureBatch,
  options: GraphOptions,
): Graph {
  const g = new Graph("vae_encoder", tensors, options);
  const image = g.input("image", "float32", [batch, config.in_channels, height, width]);
  const picture = cast(g, shift(g, scale(g, image, 2), -1), g.dtype);
  const moments = conv2d(g, encoder(g, picture, config), "quant_conv", config.latent_channels * 2, { kernel: 1 });
  const [mean, logvar] = split(g, cast(g, moments, "float32"), 2, 1) as [Value, Value];
  g.output("mean", mean);
  g.output("logvar", logvar);
  g.output("latents", scale(g, mean, config.scaling_factor));
  return g;
}
