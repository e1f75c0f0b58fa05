/** How a timestep enters the denoiser (diffusers: models/embeddings.py). */
import type { Graph, Value } from "../onnx/graph.ts";
import { cast, linear, silu } from "../onnx/ops.ts";

export interface TimestepEmbeddingConfig {
  /** Cosines before sines. */
  readonly flip_sin_to_cos: boolean;
  readonly freq_shift: number;
}

/**
 * The sinusoidal projection of timesteps, in float64 and rounded once: [timesteps.length, dim], row-major. (On the GPU it would be
 * inexact: WGSL promises nothing for sin(999), and half precision cannot even hold the angle.)
 * diffusers' get_timestep_embedding with max_period 10000.
 */
export function timestepEmbedding(
  timesteps: readonly number[],
  dim: number,
  { flip_sin_to_cos, freq_shift }: TimestepEmbeddingConfig,
): Float32Array<ArrayBuffer> {
  const half = Math.floor(dim / 2);
  const [sinAt, cosAt] = flip_sin_to_cos ? [half, 0] : [0, half];
  const rows = new Float32Array(timesteps.length * dim);
  timesteps.forEach((timestep, row) => {
    for (let i = 0; i < half; i++) {
      const angle = timestep * Math.exp((-Math.log(10000) * i) / (half - freq_shift));
      rows[row * dim + sinAt + i] = Math.sin(angle);
      rows[row * dim + cosAt + i] = Math.cos(angle);
    }
  });
  return rows;
}

/** TimestepEmbedding `time_embedding`: [B or 1, C] float32 -> [B or 1, width] in the graph's type. */
export function timeEmbedding(g: Graph, projection: Value, width: number): Value {
  return g.scope("time_embedding", () => {
    const hidden = linear(g, cast(g, projection, g.dtype), "linear_1", width);
    return linear(g, silu(g, hidden), "linear_2", width);
  });
}
