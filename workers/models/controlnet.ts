/** ControlNet for Stable Diffusion 1.x (diffusers: controlnets/controlnet.py; arXiv 2302.05543). */
import { Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import { add, cast, conv2d, mul, silu } from "../onnx/ops.ts";
import type { ControlNetConfig } from "../weights/bundle.ts";
import {
  blockContext,
  type ControlNetResiduals,
  convIn,
  downPath,
  headsOfLevel,
  type PassSize,
  passInputs,
  type UNetInputs,
} from "./unet.ts";
import { midBlock } from "./unet-blocks.ts";

/**
 * ControlNetModel: what it adds to a U-Net's residuals, already times `scale` (a scalar in the graph's type).
 * controlnetCond [B, 3, H f, W f] in [0, 1], where f is 2 to the number of conditioning levels less one: the pixel size.
 */
export function controlNetModel(
  g: Graph,
  inputs: UNetInputs,
  controlnetCond: Value,
  scale: Value,
  config: ControlNetConfig,
): ControlNetResiduals {
  const levels = config.block_out_channels.length;
  const block = blockContext(g, config, inputs);
  const stem = add(g, convIn(g, config, inputs.sample), conditioningEmbedding(g, config, controlnetCond));
  const { hidden, residuals } = downPath(g, config, stem, block);
  const mid = midBlock(g, hidden, headsOfLevel(g, config, levels - 1), block);
  const zeroConv = (x: Value, name: string) => mul(g, conv2d(g, x, name, x.shape[1] as number, { kernel: 1 }), scale);
  return {
    down: residuals.map((residual, i) => zeroConv(residual, `controlnet_down_blocks.${i}`)),
    mid: zeroConv(mid, "controlnet_mid_block"),
  };
}

/** ControlNetConditioningEmbedding: a picture -> [B, block_out_channels[0], H, W]. */
function conditioningEmbedding(g: Graph, config: ControlNetConfig, picture: Value): Value {
  const [first, ...rest] = config.conditioning_embedding_out_channels as [number, ...number[]];
  return g.scope("controlnet_cond_embedding", () => {
    let hidden = silu(g, conv2d(g, picture, "conv_in", first, { kernel: 3, padding: 1 }));
    rest.forEach((channels, i) => {
      const [same, down] = [`blocks.${2 * i}`, `blocks.${2 * i + 1}`];
      hidden = silu(g, conv2d(g, hidden, same, hidden.shape[1] as number, { kernel: 3, padding: 1 }));
      hidden = silu(g, conv2d(g, hidden, down, channels, { kernel: 3, stride: 2, padding: 1 }));
    });
    return conv2d(g, hidden, "conv_out", config.block_out_channels[0] as number, { kernel: 3, padding: 1 });
  });
}

/**
 * The ControlNet as a graph. Inputs, all float32: those of the U-Net (see buildUNetGraph), controlnet_cond [batch, 3, height f, width f] in
 * [0, 1] and conditioning_scale [1]. Outputs in the graph's type, named as the U-Net's inputs: down_block_additional_residuals.N and
 * mid_block_additional_residual.
 * @throws GraphError names the layer whose tensor is missing or does not have the configuration's shape.
 */
export function buildControlNetGraph(
  tensors: TensorSource,
  config: ControlNetConfig,
  size: PassSize,
  options: GraphOptions,
): Graph {
  const g = new Graph("controlnet", tensors, options);
  const factor = 2 ** (config.conditioning_embedding_out_channels.length - 1);
  const inputs = passInputs(g, config, size);
  const cond = g.input("controlnet_cond", "float32", [size.batch, 3, size.height * factor, size.width * factor]);
  const scale = g.input("conditioning_scale", "float32", [1]);
  const { down, mid } = controlNetModel(g, inputs, cast(g, cond, g.dtype), cast(g, scale, g.dtype), config);
  down.forEach((residual, i) => {
    g.output(`down_block_additional_residuals.${i}`, residual);
  });
  g.output("mid_block_additional_residual", mid);
  return g;
}
