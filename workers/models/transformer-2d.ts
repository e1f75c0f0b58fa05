/** The U-Net's spatial transformer (diffusers: transformers/transformer_2d.py, attention.py). */
import { attention } from "../onnx/attention.ts";
import type { Graph, Value } from "../onnx/graph.ts";
import { add, gelu, groupNorm, layerNorm, linear, mul, reshape, split, transpose } from "../onnx/ops.ts";
import { type Context, keyAndValue } from "./cross-attention.ts";

/**
 * Transformer2DModel `name` with one block: x [B, C, H, W], context [B, S, D] -> [B, C, H, W].
 * proj_in and proj_out work on rows; published weights have them as 1×1 convolutions or as linear layers, which is the same.
 */
export function transformer2D(
  g: Graph,
  x: Value,
  context: Context,
  name: string,
  heads: number,
  groups: number,
): Value {
  return g.scope(name, () => {
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const normal = reshape(g, groupNorm(g, x, "norm", groups, 1e-6), [batch, channels, height * width]);
    let rows = linear(g, transpose(g, normal, [0, 2, 1]), "proj_in", channels);
    rows = basicTransformerBlock(g, rows, context, "transformer_blocks.0", heads);
    rows = linear(g, rows, "proj_out", channels);
    return add(g, reshape(g, transpose(g, rows, [0, 2, 1]), x.shape), x);
  });
}

/** BasicTransformerBlock `name`: self-attention, cross-attention, feed-forward, each on a LayerNorm and added. */
function basicTransformerBlock(g: Graph, x: Value, context: Context, name: string, heads: number): Value {
  return g.scope(name, () => {
    let normal = layerNorm(g, x, "norm1");
    let hidden = add(g, attend(g, normal, normal, "attn1", heads), x);
    normal = layerNorm(g, hidden, "norm2");
    hidden = add(g, attend(g, normal, context, "attn2", heads), hidden);
    return add(g, feedForward(g, layerNorm(g, hidden, "norm3"), "ff"), hidden);
  });
}

/** Attention `name`: queries from x [B, T, C], keys and values from context [B, S, D] -> [B, T, C]. */
function attend(g: Graph, x: Value, context: Context, name: string, heads: number): Value {
  const channels = x.shape[2] as number;
  return g.scope(name, () => {
    const query = linear(g, x, "to_q", channels, { bias: false });
    const { key, value } = keyAndValue(g, context, channels);
    return linear(g, attention(g, query, key, value, { heads }), "to_out.0", channels);
  });
}

/** FeedForward `name` with GEGLU, four times as wide as x. */
function feedForward(g: Graph, x: Value, name: string): Value {
  const channels = x.shape[2] as number;
  return g.scope(name, () => {
    const [hidden, gate] = split(g, linear(g, x, "net.0.proj", channels * 8), 2, -1) as [Value, Value];
    return linear(g, mul(g, hidden, gelu(g, gate)), "net.2", channels);
  });
}
