/** A graph that is run more than once: on a software adapter the session costs more than all its runs. */
import type { Tensor } from "onnxruntime-web/webgpu";
import type { Graph } from "../../workers/onnx/graph.ts";
import { loadOrt } from "../../workers/onnx/ort.ts";
import { createSession } from "../../workers/onnx/session.ts";
import { fromFloat16Bits } from "../../workers/weights/float16.ts";
import type { WeightFiles } from "../../workers/weights/tensors.ts";
import { wasmPaths } from "./ort-paths.ts";
import { testDevice } from "./run-graph.ts";

/** Numbers for a float32 input, or another graph's output as it is. */
export type Feeds = Readonly<Record<string, ArrayLike<number> | Tensor>>;

export interface OpenGraph {
  run(feeds: Feeds): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

/** Builds the session of `graph`, every node on the GPU. */
export async function openGraph(graph: Graph, weights: WeightFiles): Promise<OpenGraph> {
  const ort = await loadOrt(wasmPaths);
  const session = await createSession(ort, graph, { weights, device: await testDevice(), requireGpu: true });
  return {
    async run(feeds) {
      const inputs = graph.inputs.map(({ name, shape }) => {
        const data = feeds[name];
        if (!data) throw new Error(`No data for input ${name}`);
        return [name, "dims" in data ? data : new ort.Tensor("float32", Float32Array.from(data), shape)] as const;
      });
      return (await session.run(Object.fromEntries(inputs))) as Record<string, Tensor>;
    },
    close: () => session.release(),
  };
}

/** The values of a float tensor. */
export function floats(tensor: Tensor | undefined): Float32Array {
  if (!tensor) throw new Error("The graph has no such output");
  if (tensor.type === "float32") return tensor.data as Float32Array;
  // Half floats come as Float16Array where the browser has it, else as their bits.
  const data = tensor.data as Uint16Array;
  return data.constructor.name === "Uint16Array" ? fromFloat16Bits(data) : Float32Array.from(data);
}
