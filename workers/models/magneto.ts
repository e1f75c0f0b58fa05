/**
 * Transformer parts with the names of the published state dict: torchscale's attention and feed-forward network, and the sub-LN
 * ("Magneto", arXiv 2210.06423) layer that the GPT and the AlignerNet stack. Sources: torchscale `multihead_attention.py`,
 * `feedforward_network.py`, `decoder.py`, `encoder.py` as vendored by Kosmos-G.
 */
import { type AttentionOptions, attention } from "../onnx/attention.ts";
import type { Graph, Value } from "../onnx/graph.ts";
import { add, gelu, layerNorm, linear } from "../onnx/ops.ts";

export interface MultiheadAttentionOptions extends AttentionOptions {
  /** LayerNorm `inner_attn_ln` on the concatenated heads, before `out_proj`. */
  readonly subln?: boolean;
}

/** Attention `name` from x [B, T, C] to context [B, S, C], with biased q_proj, k_proj, v_proj and out_proj -> [B, T, C]. */
export function multiheadAttention(
  g: Graph,
  x: Value,
  context: Value,
  name: string,
  { subln = false, ...options }: MultiheadAttentionOptions,
): Value {
  const width = x.shape.at(-1) as number;
  return g.scope(name, () => {
    const q = linear(g, x, "q_proj", width);
    const k = linear(g, context, "k_proj", width);
    const v = linear(g, context, "v_proj", width);
    const heads = attention(g, q, k, v, options);
    return linear(g, subln ? layerNorm(g, heads, "inner_attn_ln") : heads, "out_proj", width);
  });
}

/** fc1, exact GELU, LayerNorm, fc2: the LayerNorm sits behind the activation (sub-LN). */
function feedForwardNetwork(g: Graph, x: Value, name: string, ffn: number): Value {
  return g.scope(name, () => {
    const h = gelu(g, linear(g, x, "fc1", ffn));
    return linear(g, layerNorm(g, h, "ffn_layernorm"), "fc2", x.shape.at(-1) as number);
  });
}

export interface MagnetoLayerOptions {
  readonly heads: number;
  readonly ffn: number;
  readonly causal?: boolean;
  /** Additive mask of the self-attention's keys: see AttentionOptions. */
  readonly mask?: Value;
  /** Another sequence [B, S, C] to read by `encoder_attn`, which has no inner LayerNorm. */
  readonly context?: Value;
  readonly contextMask?: Value;
}

/** One pre-norm sub-LN layer `name`: x [B, T, C] -> [B, T, C]. */
export function magnetoLayer(g: Graph, x: Value, name: string, options: MagnetoLayerOptions): Value {
  const { heads, ffn, causal, mask, context, contextMask } = options;
  return g.scope(name, () => {
    const normal = layerNorm(g, x, "self_attn_layer_norm");
    let y = add(g, x, multiheadAttention(g, normal, normal, "self_attn", { heads, mask, causal, subln: true }));
    if (context) {
      const query = layerNorm(g, y, "encoder_attn_layer_norm");
      y = add(g, y, multiheadAttention(g, query, context, "encoder_attn", { heads, mask: contextMask }));
    }
    return add(g, y, feedForwardNetwork(g, layerNorm(g, y, "final_layer_norm"), "ffn", ffn));
  });
}
