/**
 * Which form of attention this device computes rightly. Runs in the stock browser alone: on llvmpipe the fused kernel never ends
 * (without subgroups, or in fp16), and all of the browser's graphics wait for it.
 */
import { describe, expect, test } from "vitest";
import { createDevice, requestAdapter } from "../../workers/gpu/device.ts";
import { attention } from "../../workers/onnx/attention.ts";
import { selfTestAttention } from "../../workers/onnx/attention-self-test.ts";
import { Graph } from "../../workers/onnx/graph.ts";
import { loadOrt } from "../../workers/onnx/ort.ts";
import type { SelfTestReply, SelfTestRequest } from "../../workers/self-test.worker.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { type AttentionCase, attentionReference, noise, padding } from "../support/attention-reference.ts";
import { wasmPaths } from "../support/ort-paths.ts";
import { dtype, plain, runGraph } from "../support/run-graph.ts";

/** The fused kernel's own widths; what it does at them is right or wrong depending on the device. */
const FUSED_CASES: readonly AttentionCase[] = [
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
    expected[name] = attentionReference(one, q, k, v);
  }
  const results = await runGraph(g, await WeightFiles.open({ files: {} }), feeds, device);
  const errors = Object.entries(expected).map(([name, data]) => {
    const off = data.map((y, i) => y - ((results[name] as Float32Array)[i] as number));
    return Math.hypot(...off) / Math.hypot(...data);
  });
  return Math.max(...errors);
}

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
        if (data.type === "error") reject(new Error(data.error.said.text));
      });
      worker.addEventListener("error", (event) => reject(new Error(event.message)));
      worker.postMessage({ id: 1, type: "run", wasmPaths, headDims, timeoutMs } satisfies SelfTestRequest);
    });
  } finally {
    worker.terminate();
  }
}
