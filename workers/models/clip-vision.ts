/** CLIP's vision transformer as Kosmos-G cuts it (unilm/models/vl/clip.py, open_clip model.py). */
import { Graph, type GraphOptions, type TensorSource, type Value } from "../onnx/graph.ts";
import {
  add,
  broadcastTo,
  cast,
  concat,
  conv2d,
  l2Normalize,
  layerNorm,
  linear,
  quickGelu,
  reshape,
  transpose,
} from "../onnx/ops.ts";
import type { ClipVisionConfig } from "../weights/bundle.ts";
import { multiheadAttention } from "./magneto.ts";

/** How many tokens an image becomes: the class token and one a patch. */
export function clipTokens(config: ClipVisionConfig): number {
  return Math.floor(config.image_size / config.patch_size) ** 2 + 1;
}

/**
 * Images [N, 3, S, S], normalised with CLIP's mean and deviation, to tokens [N, T, width], class token first: the last block's,
 * `ln_post` on every token, no projection, and every token L2-normalised.
 */
export function clipVision(g: Graph, pixelValues: Value, config: ClipVisionConfig): { lnPost: Value; tokens: Value } {
  const { image_size: size, patch_size: kernel, width, layers, heads, mlp } = config;
  const images = pixelValues.shape[0] as number;
  if (`${pixelValues.shape}` !== `${[images, 3, size, size]}`) {
    g.fail(`images of shape [${pixelValues.shape}], the configuration asks for [N, 3, ${size}, ${size}]`);
  }
  return g.scope("img_model", () =>
    g.scope("visual", () => {
      const grid = conv2d(g, pixelValues, "conv1", width, { kernel, stride: kernel, bias: false });
      const patches = transpose(g, reshape(g, grid, [images, width, -1]), [0, 2, 1]);
      const classToken = reshape(g, g.weight("class_embedding", [width]), [1, 1, width]);
      const sequence = concat(g, [broadcastTo(g, classToken, [images, 1, width]), patches], 1);
      let x = add(g, sequence, g.weight("positional_embedding", [clipTokens(config), width]));
      x = layerNorm(g, x, "ln_pre");
      x = g.scope("transformer", () => {
        let y = x;
        for (let i = 0; i < layers; i++) y = residualAttentionBlock(g, y, `resblocks.${i}`, heads, mlp);
        return y;
      });
      const lnPost = layerNorm(g, x, "ln_post");
      return { lnPost, tokens: l2Normalize(g, lnPost) };
    }),
  );
}

/** Pre-LN block; the attention is torchscale's, with separate projections and no inner LayerNorm. */
function residualAttentionBlock(g: Graph, x: Value, name: string, heads: number, mlp: number): Value {
  return g.scope(name, () => {
    const normal = layerNorm(g, x, "ln_1");
    const y = add(g, x, multiheadAttention(g, normal, normal, "ts_attn", { heads }));
    const h = layerNorm(g, y, "ln_2");
    const out = g.scope("mlp", () =>
      linear(g, quickGelu(g, linear(g, h, "c_fc", mlp)), "c_proj", h.shape[2] as number),
    );
    return add(g, y, out);
  });
}

/** `pixel_values` [images, 3, S, S] float32 -> `tokens` [images, T, width] float32. */
export function buildClipVisionGraph(
  tensors: TensorSource,
  config: ClipVisionConfig,
  { images }: { images: number },
  options: GraphOptions,
): Graph {
  const g = new Graph("clip_vision", tensors, options);
  const pixelValues = g.input("pixel_values", "float32", [images, 3, config.image_size, config.image_size]);
  const { tokens } = clipVision(g, cast(g, pixelValues, g.dtype), config);
  g.output("tokens", cast(g, tokens, "float32"));
  return g;
}
