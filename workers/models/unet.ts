/** Stable Diffusion's conditional U-Net (diffusers: unets/unet_2d_condition.py). */
import { Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import { add, cast, conv2d, groupNorm, silu } from "../onnx/ops.ts";
import type { DownPathConfig, UNetConfig } from "../weights/bundle.ts";
import type { Context } from "./cross-attention.ts";
import { timeEmbedding } from "./embeddings.ts";
import { type BlockContext, downBlock, midBlock, upBlock } from "./unet-blocks.ts";

/** The tensors that a U-Net pass reads, by diffusers' names, in the graph's type unless said. */
export interface UNetInputs {
  /** [B, in_channels, H, W] */
  readonly sample: Value;
  /** timestepEmbedding(timesteps, block_out_channels[0], config), [1 or B, block_out_channels[0]], float32. */
  readonly timestepProjection: Value;
  /** [B, S, cross_attention_dim], or the keys and values that were made of it. */
  readonly encoderHiddenStates: Context;
  /** A ControlNet's, one for each residual of the down path, and its mid one. */
  readonly controlNet?: ControlNetResiduals;
}

export interface ControlNetResiduals {
  readonly down: readonly Value[];
  readonly mid: Value;
}

/** UNet2DConditionModel: noise_pred [B, out_channels, H, W] in the graph's type. */
export function unet2DConditionModel(g: Graph, inputs: UNetInputs, config: UNetConfig): Value {
  const { block_out_channels: widths, up_block_types: upTypes, norm_num_groups: groups, norm_eps: eps } = config;
  if (upTypes.length !== widths.length) {
    g.fail(`${upTypes.length} up_block_types for ${widths.length} block_out_channels`);
  }
  const { sample, controlNet } = inputs;
  const block = blockContext(g, config, inputs);

  let { hidden, residuals } = downPath(g, config, convIn(g, config, sample), block);
  hidden = midBlock(g, hidden, headsOfLevel(g, config, widths.length - 1), block);

  if (controlNet) {
    const { down, mid } = controlNet;
    if (down.length !== residuals.length) g.fail(`${down.length} ControlNet residuals for ${residuals.length}`);
    residuals = residuals.map((residual, i) => add(g, residual, down[i] as Value));
    hidden = add(g, hidden, mid);
  }

  upTypes.forEach((type, i) => {
    const level = widths.length - 1 - i;
    hidden = upBlock(g, hidden, `up_blocks.${i}`, widths[level] as number, {
      ...block,
      heads: type === "CrossAttnUpBlock2D" ? headsOfLevel(g, config, level) : undefined,
      upsample: level > 0,
      residuals,
    });
  });

  hidden = silu(g, groupNorm(g, hidden, "conv_norm_out", groups, eps));
  return conv2d(g, hidden, "conv_out", config.out_channels, { kernel: 3, padding: 1 });
}

/** conv_in: sample [B, in_channels, H, W] -> [B, block_out_channels[0], H, W]. */
export function convIn(g: Graph, config: DownPathConfig, sample: Value): Value {
  return conv2d(g, sample, "conv_in", config.block_out_channels[0] as number, { kernel: 3, padding: 1 });
}

/** The time embedding and what else each block of a pass sees. */
export function blockContext(
  g: Graph,
  config: DownPathConfig,
  { timestepProjection, encoderHiddenStates }: UNetInputs,
): BlockContext {
  const temb = timeEmbedding(g, timestepProjection, (config.block_out_channels[0] as number) * 4);
  return {
    activatedTemb: silu(g, temb),
    context: encoderHiddenStates,
    norm: { groups: config.norm_num_groups, eps: config.norm_eps },
    layers: config.layers_per_block,
  };
}

/** All down blocks: the last hidden state, and the residuals from conv_in's output on. */
export function downPath(
  g: Graph,
  config: DownPathConfig,
  stem: Value,
  block: BlockContext,
): { hidden: Value; residuals: Value[] } {
  const { block_out_channels: widths, down_block_types: types } = config;
  if (types.length !== widths.length)
    g.fail(`${types.length} down_block_types for ${widths.length} block_out_channels`);
  let hidden = stem;
  const residuals = [hidden];
  types.forEach((type, level) => {
    hidden = downBlock(g, hidden, `down_blocks.${level}`, widths[level] as number, {
      ...block,
      heads: type === "CrossAttnDownBlock2D" ? headsOfLevel(g, config, level) : undefined,
      downsample: level < types.length - 1,
      residuals,
    });
  });
  return { hidden, residuals };
}

/** Attention heads at a level: in SD 1.x `attention_head_dim` is their number, in spite of its name. */
export function headsOfLevel(g: Graph, { attention_head_dim: heads }: DownPathConfig, level: number): number {
  if (typeof heads === "number") return heads;
  return heads[level] ?? g.fail(`attention_head_dim has ${heads.length} entries, level ${level} has none`);
}

export interface PassSize {
  /** Pictures in one pass: two with guidance. */
  readonly batch: number;
  /** Height and width of the latents. */
  readonly height: number;
  readonly width: number;
  /** Length of the condition. */
  readonly tokens: number;
  /** Timesteps in one pass: 1 for all pictures (default), or `batch`. */
  readonly timesteps?: number;
  /** Instead of the condition the graph takes the keys and values that buildCrossAttentionGraph makes of it. */
  readonly givenKeysAndValues?: boolean;
}

export interface UNetSize extends PassSize {
  /** Whether the graph takes a ControlNet's residuals. */
  readonly controlNet?: boolean;
}

/**
 * The U-Net as a graph. Inputs: sample [batch, in_channels, height, width], timestep_projection [timesteps, block_out_channels[0]] (see
 * timestepEmbedding), encoder_hidden_states [batch, tokens, cross_attention_dim] (or, with `givenKeysAndValues`, those), all float32; with `controlNet` also
 * down_block_additional_residuals.N and mid_block_additional_residual, in the graph's type. Output: noise_pred like sample, float32.
 * @throws GraphError names the layer whose tensor is missing or does not have the configuration's shape.
 */
export function buildUNetGraph(
  tensors: TensorSource,
  config: UNetConfig,
  size: UNetSize,
  options: GraphOptions,
): Graph {
  const g = new Graph("unet", tensors, options);
  const inputs: UNetInputs = {
    ...passInputs(g, config, size),
    ...(size.controlNet && { controlNet: controlNetInputs(g, config, size) }),
  };
  g.output("noise_pred", cast(g, unet2DConditionModel(g, inputs, config), "float32"));
  return g;
}

/** The inputs of a pass as graph inputs: float32 whatever the graph computes in, so that latents and conditions have one type. */
export function passInputs(g: Graph, config: DownPathConfig, size: PassSize): UNetInputs {
  const { batch, height, width, tokens, timesteps = 1, givenKeysAndValues = false } = size;
  if (timesteps !== 1 && timesteps !== batch) g.fail(`${timesteps} timesteps for a batch of ${batch}`);
  const float = (name: string, shape: readonly number[]) => g.input(name, "float32", shape);
  const sample = float("sample", [batch, config.in_channels, height, width]);
  const timestepProjection = float("timestep_projection", [timesteps, config.block_out_channels[0] as number]);
  const context = () => cast(g, float("encoder_hidden_states", [batch, tokens, config.cross_attention_dim]), g.dtype);
  return {
    sample: cast(g, sample, g.dtype),
    timestepProjection,
    encoderHiddenStates: givenKeysAndValues ? { batch, tokens } : context(),
  };
}

function controlNetInputs(g: Graph, config: UNetConfig, size: PassSize): ControlNetResiduals {
  const shapes = residualShapes(config, size);
  const input = (name: string, shape: readonly number[]) => g.input(name, g.dtype, shape);
  return {
    down: shapes.map((shape, i) => input(`down_block_additional_residuals.${i}`, shape)),
    mid: input("mid_block_additional_residual", shapes.at(-1) as readonly number[]),
  };
}

/** Shapes of the down path's residuals, conv_in's first; the middle block keeps the last one's. */
function residualShapes(config: DownPathConfig, { batch, height, width }: PassSize): number[][] {
  const { block_out_channels: widths, layers_per_block: layers } = config;
  let [rows, columns] = [height, width];
  const shapes = [[batch, widths[0] as number, rows, columns]];
  widths.forEach((channels, level) => {
    for (let i = 0; i < layers; i++) shapes.push([batch, channels, rows, columns]);
    if (level === widths.length - 1) return;
    [rows, columns] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
    shapes.push([batch, channels, rows, columns]);
  });
  return shapes;
}
