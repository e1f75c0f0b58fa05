/** CLIP's text encoder, named as transformers names it (modeling_clip.py: CLIPTextModel). */
import { Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import { add, cast, embedding, gelu, layerNorm, linear, quickGelu } from "../onnx/ops.ts";
import type { ClipTextConfig } from "../weights/bundle.ts";
import { multiheadAttention } from "./magneto.ts";

/** Name of the table of tokens [vocab_size, hidden_size]: 152 MB in float32, more than many a device binds at once. */
export const TOKEN_TABLE = "text_model.embeddings.token_embedding.weight";

/**
 * `input`: ids [B, T] int32, or their rows of the token table [B, T, hidden_size]; T at most max_position_embeddings -> last hidden state
 * [B, T, hidden_size] after the final LayerNorm.
 */
export function clipText(g: Graph, input: Value, config: ClipTextConfig): Value {
  const { hidden_size: width, layer_norm_eps: eps, max_position_embeddings: positions } = config;
  const tokens = input.shape[1] as number;
  return g.scope("text_model", () => {
    const rows = g.scope("embeddings", () => {
      if (tokens > positions) g.fail(`${tokens} tokens, the model has positions for ${positions}`);
      const position = g.scope("position_embedding", () => g.weightRows("weight", 0, tokens, width));
      const ids = input.dtype === "int32";
      return add(g, ids ? embedding(g, input, "token_embedding", config.vocab_size, width) : input, position);
    });
    const hidden = g.scope("encoder", () => {
      let x = rows;
      for (let i = 0; i < config.num_hidden_layers; i++) x = encoderLayer(g, x, `layers.${i}`, config);
      return x;
    });
    return layerNorm(g, hidden, "final_layer_norm", eps);
  });
}

function encoderLayer(g: Graph, x: Value, name: string, config: ClipTextConfig): Value {
  const { hidden_size: width, num_attention_heads: heads, layer_norm_eps: eps } = config;
  const activation = config.hidden_act === "gelu" ? gelu : quickGelu;
  return g.scope(name, () => {
    const normal = layerNorm(g, x, "layer_norm1", eps);
    const y = add(g, x, multiheadAttention(g, normal, normal, "self_attn", { heads, causal: true }));
    const h = layerNorm(g, y, "layer_norm2", eps);
    const mlp = g.scope("mlp", () =>
      linear(g, activation(g, linear(g, h, "fc1", config.intermediate_size)), "fc2", width),
    );
    return add(g, y, mlp);
  });
}

/**
 * `input_ids` [batch, tokens] int32, or with `givenEmbeddings` `token_embeddings` [batch, tokens, hidden_size] float32, the rows of TOKEN_TABLE
 * that the ids name -> `last_hidden_state` [batch, tokens, hidden_size] float32.
 */
export function buildClipTextGraph(
  tensors: TensorSource,
  config: ClipTextConfig,
  { batch, tokens, givenEmbeddings = false }: { batch: number; tokens: number; givenEmbeddings?: boolean },
  options: GraphOptions,
): Graph {
  const g = new Graph("clip_text", tensors, options);
  const input = givenEmbeddings
    ? cast(g, g.input("token_embeddings", "float32", [batch, tokens, config.hidden_size]), g.dtype)
    : g.input("input_ids", "int32", [batch, tokens]);
  g.output("last_hidden_state", cast(g, clipText(g, input, config), "float32"));
  return g;
}

/**
 * Which row of `last_hidden_state` CLIP pools: the first end-of-text token's, which has the vocabulary's highest id.
 * @param inputIds one row of token ids
 */
export function pooledRow(inputIds: ArrayLike<number>): number {
  let best = 0;
  for (let t = 1; t < inputIds.length; t++) {
    if ((inputIds[t] as number) > (inputIds[best] as number)) best = t;
  }
  return best;
}
