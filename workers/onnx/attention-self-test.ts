/** Which form of attention this device computes right: the fused kernel is compared with the plain operations, on the device itself. */
import { WeightFiles } from "../weights/tensors.ts";
import { type AttentionOptions, attention, FUSED_MAX_HEAD_DIM, MASKED } from "./attention.ts";
import { elementCount, type FloatDType, Graph, type GraphOptions, type Value } from "./graph.ts";
import { cast } from "./ops.ts";
import type { Ort } from "./ort.ts";
import { createSession } from "./session.ts";

export interface AttentionSelfTestOptions {
  /** Widths of one attention head that the networks have. */
  readonly headDims: readonly number[];
  /** What the networks compute in. */
  readonly dtype: FloatDType;
  /** The fused kernel never ends on some devices. Default 20 s. */
  readonly timeoutMs?: number;
}

export interface AttentionSelfTestResult {
  readonly choice: "fused" | "plain";
  /** One line for the device report. */
  readonly reason: string;
  /** Largest relative error (L2) of a fused result against the plain one; null where there was none to compare. */
  readonly maxError: number | null;
}

/** Fused and plain differ by rounding alone: what wrong kernels give is 4 % and more. */
const TOLERANCE: Record<FloatDType, number> = { float32: 1e-4, float16: 1e-2 };

/** Longer than one tile of 64 rows and no multiple of it; the condition's 77 tokens; pads; a causal sequence. */
const CASES: readonly { name: string; queries: number; keys: number; causal?: boolean; padded?: boolean }[] = [
  { name: "self", queries: 130, keys: 130 },
  { name: "cross", queries: 96, keys: 77 },
  { name: "padded", queries: 77, keys: 70, padded: true },
  { name: "causal", queries: 70, keys: 70, causal: true },
];
const BATCH = 2;
const HEADS = 2;

/**
 * Builds both forms at the head widths in use and compares their results. Never throws: whatever the fused form does, the plain one stays.
 * A kernel that hangs cannot be stopped: run this in a worker of its own, and end that worker when this has answered or is overdue.
 */
export async function selfTestAttention(
  ort: Ort,
  device: GPUDevice,
  { headDims, dtype, timeoutMs = 20_000 }: AttentionSelfTestOptions,
): Promise<AttentionSelfTestResult> {
  const dims = [...new Set(headDims)].filter((d) => d % 4 === 0 && d <= FUSED_MAX_HEAD_DIM);
  const keepPlain = (reason: string, maxError: number | null = null) =>
    ({ choice: "plain", reason, maxError }) as const;
  if (dims.length === 0) return keepPlain("no attention head of this model has a width that the fused kernel takes");
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, timeoutMs, "late");
  });
  try {
    const outcome = await Promise.race([compare(ort, device, dims, dtype), late]);
    if (outcome === "late") return keepPlain(`the fused kernel gave no answer in ${timeoutMs / 1000} s`);
    const { worst, error } = outcome;
    const rounded = error.toExponential(1);
    // Not "error > tolerance": NaN has to fail.
    if (!(error <= TOLERANCE[dtype])) return keepPlain(`the fused kernel is off by ${rounded} (${worst})`, error);
    return { choice: "fused", reason: `the fused kernel agrees with the plain form to ${rounded}`, maxError: error };
  } catch (error) {
    const detail = error instanceof Error && "detail" in error ? error.detail : error;
    return keepPlain(`the fused kernel failed: ${String(detail).slice(0, 200)}`);
  } finally {
    clearTimeout(timer);
  }
}

async function compare(ort: Ort, device: GPUDevice, dims: readonly number[], dtype: FloatDType) {
  const plain = await results(ort, device, dims, dtype, "plain");
  const fused = await results(ort, device, dims, dtype, "fused");
  let [worst, error] = ["", 0];
  for (const [name, expected] of Object.entries(plain)) {
    const e = relativeError(fused[name] as Float32Array, expected);
    if (!(e <= error)) [worst, error] = [name, e];
  }
  return { worst, error };
}

/** All cases at all head widths in one session: each kernel is compiled once. */
async function results(
  ort: Ort,
  device: GPUDevice,
  dims: readonly number[],
  dtype: FloatDType,
  form: GraphOptions["attention"],
): Promise<Record<string, Float32Array>> {
  const { maxStorageBufferBindingSize: maxBufferBytes } = device.limits;
  const none = { get: () => undefined, names: () => [] };
  const g = new Graph(`the ${form} attention self-test`, none, { dtype, attention: form, maxBufferBytes });
  for (const dim of dims) for (const one of CASES) addCase(g, dim, one);
  const weights = await WeightFiles.open({ files: {} });
  const session = await createSession(ort, g, { weights, device, requireGpu: true });
  try {
    const feeds = g.inputs.map(({ name, shape }) => {
      const data = name.endsWith("mask") ? padding(shape) : noise(name, elementCount(shape));
      return [name, new ort.Tensor("float32", data, shape)] as const;
    });
    const outputs = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
  } finally {
    await session.release();
  }
}

function addCase(g: Graph, dim: number, { name, queries, keys, causal, padded }: (typeof CASES)[number]): void {
  const label = `${name}, head width ${dim}`;
  const input = (part: string, shape: readonly number[]): Value =>
    cast(g, g.input(`${label}: ${part}`, "float32", shape), g.dtype);
  const q = input("q", [BATCH, queries, HEADS * dim]);
  const [k, v] = [input("k", [BATCH, keys, HEADS * dim]), input("v", [BATCH, keys, HEADS * dim])];
  const options: AttentionOptions = {
    heads: HEADS,
    ...(causal && { causal }),
    ...(padded && { mask: input("mask", [BATCH, 1, 1, keys]) }),
  };
  g.output(label, cast(g, attention(g, q, k, v, options), "float32"));
}

/** The second row of the batch has its last third padded. */
function padding(shape: readonly number[]): Float32Array<ArrayBuffer> {
  const keys = shape[3] as number;
  return Float32Array.from({ length: BATCH * keys }, (_, i) => (i >= keys + (keys * 2) / 3 ? MASKED : 0));
}

/** Values between -1.7 and 1.7 with variance 1, the same ones at every call with this seed. */
function noise(seed: string, count: number): Float32Array<ArrayBuffer> {
  let state = 2166136261;
  for (const c of seed) state = Math.imul(state ^ (c.codePointAt(0) as number), 16777619);
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 8) / 2 ** 24 - 0.5) * Math.sqrt(12);
  });
}

function relativeError(actual: Float32Array, expected: Float32Array): number {
  let [difference, norm] = [0, 0];
  for (const [i, y] of expected.entries()) {
    difference += ((actual[i] as number) - y) ** 2;
    norm += y ** 2;
  }
  return Math.sqrt(difference / norm);
}
