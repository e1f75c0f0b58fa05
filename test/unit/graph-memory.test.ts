import { describe, expect, test } from "vitest";
import { buildVaeDecoderGraph } from "../../workers/models/vae.ts";
import { Graph, type GraphOptions, type TensorSource } from "../../workers/onnx/graph.ts";
import { graphMemory, weightBytes } from "../../workers/onnx/graph-memory.ts";
import { add, linear, relu, reshape } from "../../workers/onnx/ops.ts";
import { SD15_VAE } from "../support/sd15-vae.ts";

/** Has every tensor, of the shape that is asked for. */
const anything: TensorSource = {
  get: (_name, shape) => shape && { file: "", dtype: "F16", shape, offset: 0, length: 0 },
  names: () => [],
};
const options: GraphOptions = { dtype: "float32", attention: "plain", maxBufferBytes: Number.MAX_SAFE_INTEGER };

describe("memory of a graph", () => {
  test("what nobody reads any more is given back", () => {
    const g = new Graph("chain", anything, options);
    let x = g.input("x", "float32", [1000]);
    for (let i = 0; i < 5; i++) x = relu(g, x);
    g.output("y", x);
    // The input is the caller's; of the chain two are alive at a time.
    expect(graphMemory(g)).toEqual({ weights: 0, activations: 12_000, largestBuffer: 4000 });
  });

  test("what is read later stays", () => {
    const g = new Graph("residual", anything, options);
    const x = relu(g, g.input("x", "float32", [1000]));
    g.output("y", add(g, relu(g, relu(g, x)), x));
    expect(graphMemory(g).activations).toBe(16_000);
  });

  test("a new shape is the same memory", () => {
    const g = new Graph("shapes", anything, options);
    const x = relu(g, g.input("x", "float32", [10, 100]));
    const rows = reshape(g, x, [100, 10]);
    g.output("y", add(g, relu(g, rows), reshape(g, x, [100, 10])));
    expect(graphMemory(g).activations).toBe(16_000);
  });

  test("weights count once, in the graph's type", () => {
    const g = new Graph("weights", anything, { ...options, dtype: "float16" });
    const x = g.input("x", "float16", [1, 64]);
    g.output("y", add(g, linear(g, x, "layer", 32), linear(g, x, "layer", 32)));
    expect(weightBytes(g)).toBe(2 * (64 * 32 + 32));
    expect(graphMemory(g).largestBuffer).toBe(2 * 64 * 32);
  });
});

describe("Stable Diffusion's decoder in float32", () => {
  const decoder = (height: number, width: number, maxBufferBytes: number) =>
    buildVaeDecoderGraph(anything, SD15_VAE, { batch: 1, height, width }, { ...options, maxBufferBytes });

  test("has tensors of 268 MB at 512 x 512", () => {
    expect(graphMemory(decoder(64, 64, Number.MAX_SAFE_INTEGER)).largestBuffer).toBe(256 * 512 * 512 * 4);
  });

  test.each([
    [64, 64, 128 << 20],
    [96, 96, 128 << 20],
    [32, 96, 64 << 20],
    [96, 32, 64 << 20],
  ])("%i x %i latents go up in strips, none larger than %i bytes", (height, width, limit) => {
    expect(graphMemory(decoder(height, width, limit)).largestBuffer).toBeLessThanOrEqual(limit);
  });

  test("stays whole where it fits", () => {
    const whole = decoder(16, 16, Number.MAX_SAFE_INTEGER);
    expect(decoder(16, 16, 128 << 20).nodes).toEqual(whole.nodes);
  });
});
