/** AlignerNet's M, which turns hidden states of the MLLM into the U-Net's condition (unilm/models/aligner.py). */
import { MASKED } from "../onnx/attention.ts";
import { Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import { add, broadcastTo, cast, layerNorm, linear, mul, reshape, scale, sub } from "../onnx/ops.ts";
import type { AlignerConfig } from "../weights/bundle.ts";
import { magnetoLayer } from "./magneto.ts";

export interface AlignerValues {
  /** The projected hidden states, without positions [B, T, dim]. */
  readonly encoderEmbedding: Value;
  /** [B, T, dim] */
  readonly encoderOut: Value;
  /** [B, num_queries, dim] */
  readonly condition: Value;
}

/** Hidden states [B, T, in_dim] and paddingMask [B, T] (1 at pads, 0 elsewhere) -> condition: what the U-Net's cross-attention reads. */
export function aligner(g: Graph, hidden: Value, paddingMask: Value, config: AlignerConfig): AlignerValues {
  const [batch, tokens, width] = hidden.shape as [number, number, number];
  if (width !== config.in_dim)
    g.fail(`hidden states [${hidden.shape}], the AlignerNet takes ${config.in_dim} wide ones`);
  const mask = scale(g, reshape(g, paddingMask, [batch, 1, 1, tokens]), MASKED);
  return g.scope("aligner", () => {
    const { encoderEmbedding, encoderOut } = encoderProjection(g, hidden, paddingMask, mask, config);
    const query = reshape(g, g.weight("encoder_query", [config.num_queries, config.dim]), [
      1,
      config.num_queries,
      config.dim,
    ]);
    const condition = g.scope("encoder", () => {
      let x = broadcastTo(g, query, [batch, config.num_queries, config.dim]);
      for (let i = 0; i < config.decoder_layers; i++) {
        const { heads, ffn } = config;
        x = magnetoLayer(g, x, `layers.${i}`, { heads, ffn, context: encoderOut, contextMask: mask });
      }
      return layerNorm(g, x, "layer_norm");
    });
    return { encoderEmbedding, encoderOut, condition };
  });
}

/** `encoder_proj`, a torchscale Encoder: projection, learned positions, bidirectional layers that do not look at pads. */
function encoderProjection(g: Graph, hidden: Value, paddingMask: Value, mask: Value, config: AlignerConfig) {
  const [batch, tokens] = hidden.shape as [number, number, number];
  const { dim, heads, ffn } = config;
  return g.scope("encoder_proj", () => {
    // Token j reads row j + 2, as everywhere in fairseq.
    const positions = g.scope("embed_positions", () => g.weightRows("weight", 2, tokens, dim));
    const encoderEmbedding = linear(g, hidden, "embed_tokens", dim);
    const keep = sub(g, g.constant([1], []), reshape(g, paddingMask, [batch, tokens, 1]));
    let x = mul(g, add(g, encoderEmbedding, positions), keep);
    for (let i = 0; i < config.encoder_layers; i++) x = magnetoLayer(g, x, `layers.${i}`, { heads, ffn, mask });
    return { encoderEmbedding, encoderOut: layerNorm(g, x, "layer_norm") };
  });
}

/** `hidden` [batch, tokens, in_dim] and `padding_mask` [batch, tokens] float32 (1 at pads) -> `condition` [batch, num_queries, dim] float32. */
export function buildAlignerGraph(
  tensors: TensorSource,
  config: AlignerConfig,
  shape: { batch: number; tokens: number },
  options: GraphOptions,
): Graph {
  const g = new Graph("aligner", tensors, options);
  const hidden = g.input("hidden", "float32", [shape.batch, shape.tokens, config.in_dim]);
  const paddingMask = g.input("padding_mask", "float32", [shape.batch, shape.tokens]);
  const { condition } = aligner(g, cast(g, hidden, g.dtype), cast(g, paddingMask, g.dtype), config);
  g.output("condition", cast(g, condition, "float32"));
  return g;
}
