/** The self-attention in the middle of the VAE (diffusers: attention_processor.py; before 0.18 attention.py's AttentionBlock). */
import { attention } from "../onnx/attention.ts";
import type { Graph, Value } from "../onnx/graph.ts";
import { add, groupNorm, linear, reshape, transpose } from "../onnx/ops.ts";
import type { Norm } from "./resnet.ts";

/** The projections' names, and the ones that files written before diffusers 0.18 have. */
const PROJECTIONS = {
  query: ["to_q", "query"],
  key: ["to_k", "key"],
  value: ["to_v", "value"],
  out: ["to_out.0", "proj_attn"],
} as const;

/** Attention `name` over all positions with one head: x [B, C, H, W] -> [B, C, H, W]. Its weights may be 1×1 convolutions. */
export function vaeAttention(g: Graph, x: Value, name: string, { groups, eps }: Norm): Value {
  return g.scope(name, () => {
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    const normal = reshape(g, groupNorm(g, x, "group_norm", groups, eps), [batch, channels, height * width]);
    const rows = transpose(g, normal, [0, 2, 1]);
    const project = (input: Value, part: keyof typeof PROJECTIONS) => {
      const [today, old] = PROJECTIONS[part];
      return linear(g, input, g.has(`${old}.weight`) ? old : today, channels);
    };
    const attended = attention(g, project(rows, "query"), project(rows, "key"), project(rows, "value"), { heads: 1 });
    return add(g, x, reshape(g, transpose(g, project(attended, "out"), [0, 2, 1]), x.shape));
  });
}
