/** Graphs on the device of this run, in the test's own page. */
import { expect } from "vitest";
import { EngineFault } from "../../workers/faults.ts";
import type { FloatDType, Graph, GraphOptions } from "../../workers/onnx/graph.ts";
import { loadOrt } from "../../workers/onnx/ort.ts";
import { createSession } from "../../workers/onnx/session.ts";
import type { WeightFiles } from "../../workers/weights/tensors.ts";
import type { Reference } from "./module-fixture.ts";
import { wasmPaths } from "./ort-paths.ts";
import { precision } from "./precision.ts";

/** The float type of the graphs of this run. */
export const dtype: FloatDType = precision === "fp16" ? "float16" : "float32";

export const plain: GraphOptions = { dtype, attention: "plain", maxBufferBytes: 128 << 20 };

let shared: Promise<GPUDevice> | undefined;

/** One device a test file. */
export function testDevice(): Promise<GPUDevice> {
  shared ??= (async () => {
    const adapter = await navigator.gpu.requestAdapter();
    if (!adapter) throw new Error("No adapter");
    return adapter.requestDevice({ requiredFeatures: precision === "fp16" ? ["shader-f16"] : [] });
  })();
  return shared;
}

/** Builds the session, runs it once, every node on the GPU, and gives the float outputs back. */
export async function runGraph(
  graph: Graph,
  weights: WeightFiles,
  feeds: Readonly<Record<string, Reference["data"]>>,
  onDevice?: GPUDevice,
): Promise<Record<string, Float32Array>> {
  const ort = await loadOrt(wasmPaths);
  const device = onDevice ?? (await testDevice());
  const session = await createSession(ort, graph, { weights, device, requireGpu: true }).catch((error: unknown) => {
    // What ORT said is more use in a failed test than what people are told.
    throw new Error(error instanceof EngineFault ? error.detail : undefined, { cause: error });
  });
  try {
    const inputs = graph.inputs.map(({ name, shape, dtype }) => {
      const data = feeds[name];
      if (!data) throw new Error(`No data for input ${name}`);
      if (dtype === "int32") return [name, new ort.Tensor(dtype, Int32Array.from(data), shape)] as const;
      return [name, new ort.Tensor("float32", Float32Array.from(data), shape)] as const;
    });
    const results = await session.run(Object.fromEntries(inputs));
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
  } finally {
    await session.release();
  }
}

export function maxAbsError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs((actual[i] as number) - (expected[i] as number));
    // NaN must not pass.
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

/** Root of the squared differences over the squares of `from`. */
export function relativeDistance(values: ArrayLike<number>, from: ArrayLike<number>): number {
  let difference = 0;
  let squares = 0;
  for (let i = 0; i < from.length; i++) {
    difference += ((values[i] as number) - (from[i] as number)) ** 2;
    squares += (from[i] as number) ** 2;
  }
  return Math.sqrt(difference / squares);
}

export function standardDeviation(values: ArrayLike<number>): number {
  const all = Array.from(values);
  const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
  return Math.sqrt(all.reduce((sum, x) => sum + (x - mean) ** 2, 0) / all.length);
}

/**
 * Checks an output at this run's tolerance: fp32 within `tolerance` (max abs), fp16 within `fp16Share` of the reference's deviation.
 * Prints the error, for the record.
 */
export function expectClose(
  name: string,
  actual: Float32Array | undefined,
  expected: Reference,
  tolerance = 5e-5,
  fp16Share = 0.05,
): void {
  expect(actual?.length, name).toBe(expected.data.length);
  const error = maxAbsError(actual as Float32Array, expected.data);
  const limit = precision === "fp16" ? fp16Share * standardDeviation(expected.data) : tolerance;
  console.info(`${precision} ${name}: max error ${error.toExponential(2)}, limit ${limit.toExponential(2)}`);
  expect(error, name).toBeLessThanOrEqual(limit);
}
