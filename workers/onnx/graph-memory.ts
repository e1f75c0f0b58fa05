/** What a graph takes of the device's memory, from its shapes alone. */
import { BYTES, elementCount, type Graph, type Value } from "./graph.ts";

/** Bytes. */
export interface GraphMemory {
  /** Of the checkpoint's tensors, in the graph's types. */
  readonly weights: number;
  /** The most that is alive at once besides: what nodes have made and others still read. Kernels' own scratch is not in it. */
  readonly activations: number;
  /** The largest single buffer, weight or not. */
  readonly largestBuffer: number;
}

/** Nodes whose result is their input's memory under another shape. */
const ALIASES = new Set(["Reshape", "Identity"]);

/** Nodes run in the order in which they were added; a value is given back behind its last reader. */
export function graphMemory(graph: Graph): GraphMemory {
  const weights = weightBytes(graph);
  const owner = owners(graph);
  const ownerOf = (name: string) => owner.get(name) ?? name;
  const lastReader = new Map<string, number>();
  graph.nodes.forEach(({ inputs }, i) => {
    for (const name of inputs) lastReader.set(ownerOf(name), i);
  });
  for (const { value } of graph.outputs) lastReader.set(ownerOf(value.name), graph.nodes.length);

  const alive = new Map<string, number>();
  const inputs = graph.inputs.map(bytesOf);
  let now = sum(inputs);
  let activations = now;
  let largestBuffer = Math.max(0, ...inputs, ...[...graph.initializers.values()].map(({ value }) => bytesOf(value)));
  graph.nodes.forEach((node, i) => {
    if (!ALIASES.has(node.opType)) {
      for (const name of node.outputs) {
        const bytes = bytesOf(graph.value(name));
        alive.set(name, bytes);
        now += bytes;
        largestBuffer = Math.max(largestBuffer, bytes);
      }
      activations = Math.max(activations, now);
    }
    for (const name of [...node.inputs, ...node.outputs].map(ownerOf)) {
      if ((lastReader.get(name) ?? i) > i) continue;
      now -= alive.get(name) ?? 0;
      alive.delete(name);
    }
  });
  return { weights, activations, largestBuffer };
}

/** Bytes of the checkpoint's tensors that a graph reads, in the types in which it reads them. */
export function weightBytes(graph: Graph): number {
  return sum(
    [...graph.initializers.values()].filter(({ kind }) => kind === "weight").map(({ value }) => bytesOf(value)),
  );
}

/** For every alias the value whose memory it is. */
function owners(graph: Graph): Map<string, string> {
  const owner = new Map<string, string>();
  for (const { opType, inputs, outputs } of graph.nodes) {
    const [input] = inputs;
    const [output] = outputs;
    if (ALIASES.has(opType) && input && output) owner.set(output, owner.get(input) ?? input);
  }
  return owner;
}

const bytesOf = ({ dtype, shape }: Value) => BYTES[dtype] * elementCount(shape);

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
