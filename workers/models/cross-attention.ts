/**
 * The keys and values of the U-Net's cross-attention depend on the condition alone, not on the step: one graph makes them once a prompt,
 * and the U-Net's own graph takes them as inputs (diffusers: attention_processor.py computes them at every step).
 */
import { Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import { cast, linear } from "../onnx/ops.ts";
import type { DownPathConfig } from "../weights/bundle.ts";

/** Keys and values come from outside: inputs of the graph, `batch` rows of `tokens` each. */
export interface GivenContext {
  readonly batch: number;
  readonly tokens: number;
}

/** What cross-attention reads: the condition [B, S, D], or keys and values that were made of it before. */
export type Context = Value | GivenContext;

export interface KeyAndValue {
  readonly key: Value;
  readonly value: Value;
}

/** Of the layer that is being built, [B, S, channels] each, in the graph's type. */
export function keyAndValue(g: Graph, context: Context, channels: number): KeyAndValue {
  if ("name" in context) {
    return {
      key: linear(g, context, "to_k", channels, { bias: false }),
      value: linear(g, context, "to_v", channels, { bias: false }),
    };
  }
  const shape = [context.batch, context.tokens, channels];
  return { key: g.input(`${g.layer}.key`, g.dtype, shape), value: g.input(`${g.layer}.value`, g.dtype, shape) };
}

/** Every cross-attention of a U-Net, by the name of its layer, and its width. */
export function crossAttentionLayers(config: DownPathConfig & { up_block_types?: readonly string[] }) {
  const {
    block_out_channels: widths,
    layers_per_block: layers,
    down_block_types: down,
    up_block_types: up = [],
  } = config;
  const found: { layer: string; channels: number }[] = [];
  const add = (block: string, count: number, channels: number) => {
    for (let i = 0; i < count; i++) {
      found.push({ layer: `${block}.attentions.${i}.transformer_blocks.0.attn2`, channels });
    }
  };
  down.forEach((type, level) => {
    if (type === "CrossAttnDownBlock2D") add(`down_blocks.${level}`, layers, widths[level] as number);
  });
  add("mid_block", 1, widths.at(-1) as number);
  up.forEach((type, i) => {
    if (type === "CrossAttnUpBlock2D") add(`up_blocks.${i}`, layers + 1, widths[widths.length - 1 - i] as number);
  });
  return found;
}

/**
 * encoder_hidden_states [batch, tokens, cross_attention_dim] float32 -> for each cross-attention `<layer>.key` and `<layer>.value`
 * [batch, tokens, channels], in the graph's type: the inputs of a U-Net graph with `givenKeysAndValues`.
 * @throws GraphError names the layer whose tensor is missing or does not have the configuration's shape
 */
export function buildCrossAttentionGraph(
  tensors: TensorSource,
  config: DownPathConfig & { up_block_types?: readonly string[] },
  { batch, tokens }: GivenContext,
  options: GraphOptions,
): Graph {
  const g = new Graph("cross_attention", tensors, options);
  const states = cast(
    g,
    g.input("encoder_hidden_states", "float32", [batch, tokens, config.cross_attention_dim]),
    g.dtype,
  );
  for (const { layer, channels } of crossAttentionLayers(config)) {
    const { key, value } = g.scope(layer, () => keyAndValue(g, states, channels));
    g.output(`${layer}.key`, key);
    g.output(`${layer}.value`, value);
  }
  return g;
}
