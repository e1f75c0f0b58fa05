/** Attention by hand, in float64, and the numbers that it is tried on. */
import { MASKED } from "../../workers/onnx/attention.ts";
import { elementCount } from "../../workers/onnx/graph.ts";

export interface AttentionCase {
  readonly name: string;
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly headDim: number;
  readonly causal?: boolean;
  /** Keys of each batch row that are no pads. */
  readonly kept?: readonly number[];
}

/** Attention in float64. */
export function attentionReference(
  one: AttentionCase,
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
): Float32Array {
  const { batch, queries, keys, heads, headDim, causal, kept } = one;
  const width = heads * headDim;
  const out = new Float32Array(batch * queries * width);
  const at = (x: Float32Array, row: number, column: number) => x[row * width + column] as number;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        const seen = Math.min(causal ? i + 1 : keys, kept?.[b] ?? keys);
        const scores = Array.from({ length: seen }, (_, j) => {
          let dot = 0;
          for (let d = h * headDim; d < (h + 1) * headDim; d++)
            dot += at(q, b * queries + i, d) * at(k, b * keys + j, d);
          return dot / Math.sqrt(headDim);
        });
        const top = Math.max(...scores);
        const weights = scores.map((s) => Math.exp(s - top));
        const sum = weights.reduce((a, w) => a + w, 0);
        for (let d = h * headDim; d < (h + 1) * headDim; d++) {
          let y = 0;
          for (const [j, w] of weights.entries()) y += (w / sum) * at(v, b * keys + j, d);
          out[(b * queries + i) * width + d] = y;
        }
      }
    }
  }
  return out;
}

/** The mask of `kept`, [batch, keys]. */
export function padding({ batch, keys, kept }: AttentionCase): Float32Array {
  return Float32Array.from({ length: batch * keys }, (_, i) =>
    i % keys < (kept?.[Math.floor(i / keys)] ?? keys) ? 0 : MASKED,
  );
}

/** Uniform with variance 1, rounded to what float16 holds. */
export function noise(seed: number, shape: readonly number[]): Float32Array {
  let state = seed;
  return Float32Array.from({ length: elementCount(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.round(((state >>> 8) / 2 ** 24 - 0.5) * Math.sqrt(12) * 512) / 512;
  });
}
