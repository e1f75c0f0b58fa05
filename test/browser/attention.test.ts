import { describe, expect, test } from "vitest";
import { createDevice, requestAdapter } from "../../workers/gpu/device.ts";
import { attention, MASKED } from "../../workers/onnx/attention.ts";
import { selfTestAttention } from "../../workers/onnx/attention-self-test.ts";
import { elementCount, Graph, type GraphOptions } from "../../workers/onnx/graph.ts";
import { cast } from "../../workers/onnx/ops.ts";
import { loadOrt } from "../../workers/onnx/ort.ts";
import type { SelfTestReply, SelfTestRequest } from "../../workers/self-test.worker.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { wasmPaths } from "../support/ort-paths.ts";
import { precision } from "../support/precision.ts";
import { dtype, expectClose, plain, runGraph } from "../support/run-graph.ts";

interface Case {
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

const CASES: readonly Case[] = [
  { name: "self", batch: 2, queries: 70, keys: 70, heads: 2, headDim: 40 },
  { name: "cross", batch: 1, queries: 64, keys: 77, heads: 3, headDim: 12 },
  { name: "one query", batch: 2, queries: 1, keys: 5, heads: 2, headDim: 8 },
  { name: "causal", batch: 2, queries: 33, keys: 33, heads: 2, headDim: 10, causal: true },
  { name: "padded", batch: 3, queries: 10, keys: 27, heads: 4, headDim: 12, kept: [27, 20, 3] },
  { name: "causal and padded", batch: 2, queries: 9, keys: 9, heads: 1, headDim: 16, causal: true, kept: [9, 4] },
];

const rowBytes = (keys: number) => keys * (dtype === "float16" ? 2 : 4);

/** Limits in score rows: everything in one; some heads at a time; one head; a few query rows; one. */
const cuts = ({ queries, keys, heads }: Case): (readonly [string, number])[] => [
  ["whole", 2 ** 30],
  ["by batch", rowBytes(keys) * queries * heads],
  ["by head", rowBytes(keys) * queries],
  ["by 7 rows", rowBytes(keys) * Math.min(7, queries)],
  ["by row", rowBytes(keys)],
];

describe("plain attention is softmax(q k^T / sqrt(d) + mask) v, however it is cut", () => {
  test.each(CASES)("$name", async (one) => {
    const { batch, queries, keys, heads, headDim } = one;
    const qShape = [batch, queries, heads * headDim];
    const kShape = [batch, keys, heads * headDim];
    const feeds = { q: noise(1, qShape), k: noise(2, kShape), v: noise(3, kShape), mask: padding(one) };
    const limits = { ...plain };
    const g = new Graph("attention", { get: () => undefined, names: () => [] }, limits);
    const input = (name: string, shape: readonly number[]) => cast(g, g.input(name, "float32", shape), g.dtype);
    const [q, k, v] = [input("q", qShape), input("k", kShape), input("v", kShape)];
    const mask = one.kept && input("mask", [batch, 1, 1, keys]);
    const options = { heads, causal: one.causal ?? false, ...(mask && { mask }) };
    const pieces: number[] = [];
    for (const [name, maxBufferBytes] of cuts(one)) {
      limits.maxBufferBytes = maxBufferBytes;
      const before = g.nodes.length;
      g.output(name, cast(g, attention(g, q, k, v, options), "float32"));
      pieces.push(g.nodes.slice(before).filter((node) => node.opType === "Softmax").length);
    }
    const rows = batch * heads * queries;
    expect(pieces).toEqual([1, batch, batch * heads, batch * heads * Math.ceil(queries / Math.min(7, queries)), rows]);
    const results = await runGraph(g, await WeightFiles.open({ files: {} }), feeds);
    const expected = { shape: qShape, data: reference(one, feeds.q, feeds.k, feeds.v) };
    for (const [name] of cuts(one)) expectClose(`attention ${one.name}, ${name}`, results[name], expected, 2e-6);
  });
});

test("fused attention falls back to the plain form where the kernel does not fit", () => {
  const fused: GraphOptions = { ...plain, attention: "fused" };
  const kernels = (width: number) => {
    const g = new Graph("attention", { get: () => undefined, names: () => [] }, fused);
    const x = g.input("x", g.dtype, [1, 9, width]);
    attention(g, x, x, x, { heads: 1 });
    return g.nodes.some((node) => node.opType === "MultiHeadAttention");
  };
  expect([40, 160, 10, 512].map(kernels)).toEqual([true, true, false, false]);
});

/** The fused kernel's own widths; what it does at them is right or wrong depending on the device. */
const FUSED_CASES: readonly Case[] = [
  { name: "self", batch: 2, queries: 130, keys: 130, heads: 2, headDim: 12 },
  { name: "cross", batch: 2, queries: 64, keys: 77, heads: 2, headDim: 12 },
  { name: "padded", batch: 2, queries: 10, keys: 27, heads: 2, headDim: 12, kept: [27, 3] },
  { name: "causal", batch: 2, queries: 33, keys: 33, heads: 2, headDim: 12, causal: true },
];

/** Largest relative error (L2) of the fused form against float64. */
async function fusedError(device: GPUDevice): Promise<number> {
  const g = new Graph("fused attention", { get: () => undefined, names: () => [] }, { ...plain, attention: "fused" });
  const feeds: Record<string, Float32Array> = {};
  const expected: Record<string, Float32Array> = {};
  for (const one of FUSED_CASES) {
    const { name, batch, queries, keys, heads, headDim, causal = false } = one;
    const input = (part: string, shape: readonly number[], data: Float32Array) => {
      feeds[`${name} ${part}`] = data;
      return g.input(`${name} ${part}`, "float32", shape);
    };
    const shape = (rows: number) => [batch, rows, heads * headDim];
    const [q, k, v] = [noise(1, shape(queries)), noise(2, shape(keys)), noise(3, shape(keys))];
    const values = [input("q", shape(queries), q), input("k", shape(keys), k), input("v", shape(keys), v)] as const;
    const mask = one.kept && { mask: input("mask", [batch, 1, 1, keys], padding(one)) };
    g.output(name, attention(g, ...values, { heads, causal, ...mask }));
    expected[name] = reference(one, q, k, v);
  }
  const results = await runGraph(g, await WeightFiles.open({ files: {} }), feeds, device);
  const errors = Object.entries(expected).map(([name, data]) => {
    const off = data.map((y, i) => y - ((results[name] as Float32Array)[i] as number));
    return Math.hypot(...off) / Math.hypot(...data);
  });
  return Math.max(...errors);
}

// In fp16 on the software adapter of these tests the kernel never ends, and all of the browser's graphics wait for it.
if (precision === "fp32")
  describe("the self-test", () => {
    test.each([false, true])("chooses as an independent check does; subgroups: %s", async (subgroups) => {
      const device = await createDevice(await requestAdapter(), { subgroups });
      const ort = await loadOrt(wasmPaths);
      const result = await selfTestAttention(ort, device, { headDims: [12], dtype, timeoutMs: 120_000 });
      const error = await fusedError(device);
      console.info(`fused kernel off by ${error.toExponential(1)}; ${JSON.stringify(result)}`);
      expect(result.choice).toBe(error < 1e-4 ? "fused" : "plain");
      expect(result.maxError).toBeGreaterThan(error / 10);
      expect(result.maxError).toBeLessThan(error * 10);
      device.destroy();
    });

    test("says plain when the kernel gives no answer in time, and its worker can be ended", async () => {
      const result = await inWorker([12], 1);
      expect(result).toEqual({ choice: "plain", reason: "the fused kernel gave no answer in 0.001 s", maxError: null });
      const g = new Graph("after", { get: () => undefined, names: () => [] }, plain);
      g.output("y", g.input("x", "float32", [2]));
      const { y } = await runGraph(g, await WeightFiles.open({ files: {} }), { x: Float32Array.of(1, 2) });
      expect([...(y as Float32Array)]).toEqual([1, 2]);
    });

    test("says plain, and does not throw, where the kernel cannot even be built", async () => {
      const device = await createDevice(await requestAdapter());
      device.destroy();
      const result = await selfTestAttention(await loadOrt(wasmPaths), device, { headDims: [12], dtype });
      expect(result.choice).toBe("plain");
      expect(result.reason).toMatch(/^the fused kernel (failed|gave no answer)/);
    });

    test("has nothing to try where no head has a width that the kernel takes", async () => {
      const result = await inWorker([10, 512], 20_000);
      expect(result.choice).toBe("plain");
      expect(result.reason).toContain("no attention head");
    });
  });

async function inWorker(headDims: number[], timeoutMs: number) {
  const worker = new Worker(new URL("../../workers/self-test.worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise<Extract<SelfTestReply, { type: "result" }>["result"]>((resolve, reject) => {
      worker.addEventListener("message", ({ data }: MessageEvent<SelfTestReply | { type: "hold" }>) => {
        if (data.type === "result") resolve(data.result);
        if (data.type === "error") reject(new Error(data.error.message));
      });
      worker.addEventListener("error", (event) => reject(new Error(event.message)));
      worker.postMessage({ id: 1, type: "run", wasmPaths, headDims, timeoutMs } satisfies SelfTestRequest);
    });
  } finally {
    worker.terminate();
  }
}

/** Attention in float64. */
function reference(one: Case, q: Float32Array, k: Float32Array, v: Float32Array): Float32Array {
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

function padding({ batch, keys, kept }: Case): Float32Array {
  return Float32Array.from({ length: batch * keys }, (_, i) =>
    i % keys < (kept?.[Math.floor(i / keys)] ?? keys) ? 0 : MASKED,
  );
}

/** Uniform with variance 1, rounded to what float16 holds. */
function noise(seed: number, shape: readonly number[]): Float32Array {
  let state = seed;
  return Float32Array.from({ length: elementCount(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.round(((state >>> 8) / 2 ** 24 - 0.5) * Math.sqrt(12) * 512) / 512;
  });
}
