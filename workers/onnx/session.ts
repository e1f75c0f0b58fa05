/** Graph + stored checkpoint files -> InferenceSession on a GPU device. */

import type { InferenceSession } from "onnxruntime-web/webgpu";
import { EngineFault } from "../faults.ts";
import { bufferLimit } from "../gpu/device.ts";
import { say } from "../messages.ts";
import { convertTensors } from "../weights/convert.ts";
import { SteadyBlob } from "../weights/steady-blob.ts";
import type { WeightFiles } from "../weights/tensors.ts";
import type { FloatDType, Graph, WeightInitializer } from "./graph.ts";
import { graphMemory } from "./graph-memory.ts";
import { type ExternalData, onnxModel } from "./onnx-model.ts";
import type { Ort } from "./ort.ts";
import { withOrtFaults } from "./ort-errors.ts";

export interface SessionOptions {
  /** The stored files that the graph's tensors lie in. */
  readonly weights: WeightFiles;
  readonly device: GPUDevice;
  /** Where results are left: on the device for the next session or kernel, or in JS. */
  readonly outputs?: "gpu-buffer" | "cpu";
  /** Fail, rather than compute on the CPU, where ORT has no GPU kernel. */
  readonly requireGpu?: boolean;
}

/**
 * What works on the CPU: it would pull weights into the wasm heap, which never shrinks. The second makes float32 initializers of all float16 ones
 * behind a Cast: 2.6 GB of heap for SD 1.5's U-Net, and twice its size on the device.
 */
const ON_CPU = ["ConstantFolding", "FuseFp16InitializerToFp32NodeTransformer"];

/** safetensors' names. */
const STORED: Record<FloatDType, "F32" | "F16"> = { float32: "F32", float16: "F16" };

/** What needs no conversion. 4-bit numbers are never converted. */
const asStored = ({ location, value: { dtype } }: WeightInitializer) =>
  dtype === "uint8" || location.dtype === STORED[dtype as FloatDType];

/**
 * Builds the session of `graph` on `device`. Weights go from the Blobs to the GPU one after the other; none stays in the wasm heap.
 * @throws EngineFault too-large (a buffer passes the device's limits), out-of-memory, device-lost, bad-bundle (a file is missing, or a number too
 *   large for float16), internal
 */
export async function createSession(ort: Ort, graph: Graph, options: SessionOptions): Promise<InferenceSession> {
  const { device, outputs = "cpu", requireGpu = false } = options;
  requireFittingBuffers(graph, bufferLimit(device));
  const { places, externalData } = await placeWeights(graph, options.weights);
  const model = onnxModel(graph, (weight) => places.get(weight) as ExternalData);
  return withOrtFaults(device, say("building {name}", { name: graph.name }), () =>
    ort.InferenceSession.create(model, {
      // Of MatMulNBits alone: of 8192 products in fp16 0.03 % is lost then, and not 0.4 %.
      executionProviders: [{ name: "webgpu", device, enableMatmulFp32Accumulation: true }],
      externalData: externalData.map(({ path, data }) => ({ path, data: new SteadyBlob(data) })),
      preferredOutputLocation: outputs,
      extra: {
        session: { disable_cpu_ep_fallback: requireGpu ? "1" : "0" },
        optimization: { disable_specified_optimizers: ON_CPU.join(";") },
      },
    }),
  );
}

/** Beyond the limit some drivers compute nothing without a word. */
function requireFittingBuffers(graph: Graph, limit: number): void {
  const { largestBuffer } = graphMemory(graph);
  if (largestBuffer <= limit) return;
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  throw new EngineFault(
    "too-large",
    say("This takes a buffer of {needed} MB, and this graphics device allows {limit} MB. Choose a smaller picture.", {
      needed: megabytes(largestBuffer),
      limit: megabytes(limit),
    }),
    graph.name,
  );
}

export interface PlacedWeights {
  readonly places: ReadonlyMap<WeightInitializer, ExternalData>;
  /** The files that the places name. */
  readonly externalData: readonly { readonly path: string; readonly data: Blob }[];
}

/** An external file for every stretch of a checkpoint that the graph reads, and one for the converted weights of each type. */
export async function placeWeights(graph: Graph, stored: WeightFiles): Promise<PlacedWeights> {
  const weights = [...graph.initializers.values()].filter((i): i is WeightInitializer => i.kind === "weight");
  const places = new Map<WeightInitializer, ExternalData>();
  const externalData: { path: string; data: Blob }[] = [];

  for (const [file, group] of groupBy(weights.filter(asStored), (w) => w.location.file)) {
    const blob = stored.file(file);
    for (const [i, run] of neighbours(group).entries()) {
      const start = Math.min(...run.map((w) => w.location.offset));
      const end = Math.max(...run.map((w) => w.location.offset + w.location.length));
      // No file of a bundle has a folder in its name.
      const path = `${file}/${i}`;
      externalData.push({ path, data: blob.slice(start, end) });
      for (const w of run) places.set(w, { ...w.location, file: path, offset: w.location.offset - start });
    }
  }

  const others = weights.filter((w) => !asStored(w));
  for (const [dtype, group] of groupBy(others, (w) => w.value.dtype as FloatDType)) {
    const path = `converted/${dtype}`;
    const tensors = new Map(group.map((w) => [w.value.name, w.location]));
    const { blob, locations, outOfRange } = await convertTensors(stored, tensors, STORED[dtype], path);
    const [tooLarge] = outOfRange;
    if (tooLarge !== undefined) {
      throw new EngineFault(
        "bad-bundle",
        say("{name} holds numbers too large for fp16. Use this model in fp32.", { name: tooLarge }),
      );
    }
    externalData.push({ path, data: blob });
    for (const w of group) places.set(w, locations.get(w.value.name) as ExternalData);
  }
  return { places, externalData };
}

/** What lies between two weights and is not read: more makes two stretches. The asyncify build of ORT copies external files whole. */
const GAP_BYTES = 256 * 1024;

/** Weights of one file in stretches of the file that hold little else. */
function neighbours(weights: readonly WeightInitializer[]): WeightInitializer[][] {
  const runs: WeightInitializer[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const weight of weights.toSorted((a, b) => a.location.offset - b.location.offset)) {
    const { offset, length } = weight.location;
    const run = runs.at(-1);
    if (run && offset - end <= GAP_BYTES) run.push(weight);
    else runs.push([weight]);
    end = Math.max(end, offset + length);
  }
  return runs;
}

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
