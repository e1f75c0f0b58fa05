/** XConnector, the resampler between vision transformer and GPT (unilm/models/connector.py). */
import { Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import { broadcastTo, cast, concat, linear, reshape } from "../onnx/ops.ts";
import type { ResamplerConfig } from "../weights/bundle.ts";
import { multiheadAttention } from "./magneto.ts";

/**
 * Image tokens [N, T, in_dim] -> [N, num_queries, out_dim] by one cross-attention whose keys and values are the projected image
 * tokens followed by the queries themselves. No LayerNorm, no residual, no feed-forward network.
 */
export function resampler(g: Graph, tokens: Value, config: ResamplerConfig): Value {
  const { num_queries: queries, heads, out_dim: width } = config;
  const images = tokens.shape[0] as number;
  if (tokens.shape[2] !== config.in_dim)
    g.fail(`image tokens [${tokens.shape}], the resampler takes ${config.in_dim} wide ones`);
  return g.scope("img_connector", () => {
    const latent = reshape(g, g.weight("latent_query", [queries, width]), [1, queries, width]);
    const query = broadcastTo(g, latent, [images, queries, width]);
    const context = concat(g, [linear(g, tokens, "dense", width), query], 1);
    return multiheadAttention(g, query, context, "x_attn", { heads });
  });
}

/** `tokens` [images, T, in_dim] float32 -> `features` [images, num_queries, out_dim] float32. */
export function buildResamplerGraph(
  tensors: TensorSource,
  config: ResamplerConfig,
  { images, tokens }: { images: number; tokens: number },
  options: GraphOptions,
): Graph {
  const g = new Graph("resampler", tensors, options);
  const input = g.input("tokens", "float32", [images, tokens, config.in_dim]);
  g.output("features", cast(g, resampler(g, cast(g, input, g.dtype), config), "float32"));
  return g;
}
