/** The causal decoder of the MLLM (unilm/models/gpt.py, torchscale decoder.py): embeddings in, hidden states out. */
import { Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import { add, cast, layerNorm, scale } from "../onnx/ops.ts";
import type { GptConfig } from "../weights/bundle.ts";
import { magnetoLayer } from "./magneto.ts";

/**
 * Embedding rows [B, T, D], image features already in their slots and nothing scaled, and sinusoidal `positions` [B, T, D], both
 * float32 -> hidden states [B, T, D] after the final LayerNorm. Text and image rows alike are scaled by sqrt(D), before the
 * positions are added. Causal; pads on the right are not masked: no token before them sees them. No rotary embedding.
 */
export function mllm(
  g: Graph,
  embeddings: Value,
  positions: Value,
  config: GptConfig,
): { embed: Value; layers: Value[]; hidden: Value } {
  const { embed_dim: width, heads, ffn } = config;
  if (embeddings.shape[2] !== width) g.fail(`embeddings [${embeddings.shape}], the GPT takes ${width} wide ones`);
  return g.scope("gpt_model", () =>
    g.scope("decoder", () => {
      // In float32: the scaled rows and the positions are of like size, and their sum is what all layers add to.
      const embed = cast(g, add(g, scale(g, embeddings, Math.sqrt(width)), positions), g.dtype);
      const layers: Value[] = [];
      for (let i = 0; i < config.layers; i++) {
        layers.push(magnetoLayer(g, layers.at(-1) ?? embed, `layers.${i}`, { heads, ffn, causal: true }));
      }
      return { embed, layers, hidden: layerNorm(g, layers.at(-1) ?? embed, "layer_norm") };
    }),
  );
}

/** `embeddings` and `positions` [batch, tokens, embed_dim] float32 -> `hidden` [batch, tokens, embed_dim] float32. */
export function buildMllmGraph(
  tensors: TensorSource,
  config: GptConfig,
  { batch, tokens }: { batch: number; tokens: number },
  options: GraphOptions,
): Graph {
  const g = new Graph("mllm", tensors, options);
  const shape = [batch, tokens, config.embed_dim];
  const { hidden } = mllm(g, g.input("embeddings", "float32", shape), g.input("positions", "float32", shape), config);
  g.output("hidden", cast(g, hidden, "float32"));
  return g;
}

/**
 * fairseq's sinusoids for one row of token ids (sinusoidal_positional_embedding.py, utils.make_positions): the n-th token that is no pad, from
 * n = 1, has position n + 1; row p is [sin(p w_i) | cos(p w_i)], w_i = exp(-i ln(10000) / (dim / 2 - 1)); pads get zeros.
 * @returns [tokens.length, dim]
 */
export function sinusoidalPositions(tokens: ArrayLike<number>, dim: number, padId = 1): Float32Array<ArrayBuffer> {
  const half = Math.floor(dim / 2);
  const step = half > 1 ? Math.log(10000) / (half - 1) : 0;
  const table = new Float32Array(tokens.length * dim);
  let position = 1;
  for (let t = 0; t < tokens.length; t++) {
    if (tokens[t] === padId) continue;
    position += 1;
    for (let i = 0; i < half; i++) {
      const angle = position * Math.exp(-i * step);
      table[t * dim + i] = Math.sin(angle);
      table[t * dim + half + i] = Math.cos(angle);
    }
  }
  return table;
}
