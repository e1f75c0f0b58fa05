import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  AttributeProto_AttributeType,
  ModelProtoSchema,
  TensorProto_DataLocation,
  type ValueInfoProto,
} from "../../workers/onnx/gen/onnx_pb.ts";
import { Graph, type GraphOptions, type Value } from "../../workers/onnx/graph.ts";
import { onnxModel } from "../../workers/onnx/onnx-model.ts";
import { add, layerNorm, linear } from "../../workers/onnx/ops.ts";
import { placeWeights } from "../../workers/onnx/session.ts";
import { fromFloat16Bits, toFloat16Bits } from "../../workers/weights/float16.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";

const options: GraphOptions = { dtype: "float32", attention: "plain", maxBufferBytes: 1 << 20 };

/** A safetensors file of the given tensors, in their order. */
function safetensors(
  tensors: Readonly<Record<string, { dtype: "F32" | "F16"; shape: number[]; values: number[] }>>,
): Blob {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const [name, { dtype, shape, values }] of Object.entries(tensors)) {
    const data = Float32Array.from(values);
    const bytes = new Uint8Array(dtype === "F32" ? data.buffer : toFloat16Bits(data).buffer);
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return new Blob([length, json, ...parts]);
}

const range = (count: number, start = 0) => Array.from({ length: count }, (_, i) => start + i);

const files = {
  "a.safetensors": safetensors({
    unused: { dtype: "F32", shape: [50], values: range(50) },
    "fc.weight": { dtype: "F32", shape: [2, 3], values: range(6, 100) },
    "fc.bias": { dtype: "F32", shape: [2], values: [7, 8] },
    "unused too": { dtype: "F32", shape: [9], values: range(9) },
  }),
  "b.safetensors": safetensors({
    "norm.weight": { dtype: "F16", shape: [2], values: [0.5, 0.25] },
    "norm.bias": { dtype: "F16", shape: [2], values: [-1, 3] },
  }),
};

async function build(graphOptions: GraphOptions) {
  const weights = await WeightFiles.open({ files });
  const g = new Graph("small", weights.component({ files: Object.keys(files), prefix: "" }), graphOptions);
  const x = g.input("x", graphOptions.dtype, [4, 3]);
  const hidden = linear(g, x, "fc", 2);
  g.output("hidden", hidden);
  g.output("y", layerNorm(g, add(g, hidden, hidden), "norm"));
  g.output("again", hidden);
  g.output("copy", x);
  return { g, weights };
}

describe("the ONNX model", async () => {
  const { g } = await build(options);
  const model = fromBinary(ModelProtoSchema, onnxModel(g));

  test("says what it needs", () => {
    expect(model.irVersion).toBe(9n);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
      ["", 20n],
      ["com.microsoft", 1n],
    ]);
  });

  test("has typed inputs and outputs under their names; what is no node's own result is copied", () => {
    const graph = model.graph;
    const describeValue = (value: ValueInfoProto) => {
      const tensor = value.type?.value;
      if (tensor?.case !== "tensorType") throw new Error("no tensor");
      return [value.name, tensor.value.elemType, tensor.value.shape?.dim.map((d) => Number(d.value.value))];
    };
    expect(graph?.input.map(describeValue)).toEqual([["x", 1, [4, 3]]]);
    expect(graph?.output.map(describeValue)).toEqual([
      ["hidden", 1, [4, 2]],
      ["y", 1, [4, 2]],
      ["again", 1, [4, 2]],
      ["copy", 1, [4, 3]],
    ]);
    const copies = graph?.node.filter((node) => node.opType === "Identity");
    expect(copies?.map((node) => [node.input[0], node.output[0]])).toEqual([
      ["hidden", "again"],
      ["x", "copy"],
    ]);
  });

  test("is wired: every input of a node is something that came before it", () => {
    const known = new Set([
      "",
      ...(model.graph?.input ?? []).map((i) => i.name),
      ...(model.graph?.initializer ?? []).map((i) => i.name),
    ]);
    for (const node of model.graph?.node ?? []) {
      for (const name of node.input) expect(known, `${node.name} reads ${name}`).toContain(name);
      for (const name of node.output) known.add(name);
    }
    for (const output of model.graph?.output ?? []) expect(known).toContain(output.name);
  });

  test("has weights as byte ranges of the checkpoint, constants in itself", () => {
    const weight = model.graph?.initializer.find((tensor) => tensor.name === "fc.weight");
    const location = g.initializers.get("fc.weight");
    if (location?.kind !== "weight") throw new Error("no weight");
    expect(weight?.dataLocation).toBe(TensorProto_DataLocation.EXTERNAL);
    expect(weight?.dims).toEqual([2n, 3n]);
    expect(Object.fromEntries(weight?.externalData.map(({ key, value }) => [key, value]) ?? [])).toEqual({
      location: "a.safetensors",
      offset: `${location.location.offset}`,
      length: "24",
    });
    const shape = model.graph?.initializer.find((tensor) => tensor.dataType === 7);
    expect([...new BigInt64Array(shape?.rawData.slice().buffer ?? new ArrayBuffer(0))]).toEqual([4n, 3n]);
  });

  test("has attributes of the right kind", () => {
    const attribute = (op: string, name: string) =>
      model.graph?.node.find((node) => node.opType === op)?.attribute.find((a) => a.name === name);
    expect(attribute("Gemm", "transB")).toMatchObject({ type: AttributeProto_AttributeType.INT, i: 1n });
    expect(attribute("LayerNormalization", "axis")).toMatchObject({ type: AttributeProto_AttributeType.INT, i: -1n });
    const epsilon = attribute("LayerNormalization", "epsilon");
    expect(epsilon?.type).toBe(AttributeProto_AttributeType.FLOAT);
    expect(epsilon?.f).toBeCloseTo(1e-5, 10);
  });
});

describe.each(["float32", "float16"] as const)("weights of a %s graph from files of both types", (dtype) => {
  test("lie where the model says, in the graph's type, and no more of a file is handed on than needed", async () => {
    const { g, weights } = await build({ ...options, dtype });
    const { places, externalData } = await placeWeights(g, weights);
    const data = new Map(externalData.map((file) => [file.path, file.data]));
    const values: Record<string, number[]> = {};
    for (const [weight, { file, offset, length }] of places) {
      const bytes = await (data.get(file) as Blob).slice(offset, offset + length).arrayBuffer();
      values[weight.value.name] = [
        ...(dtype === "float32" ? new Float32Array(bytes) : fromFloat16Bits(new Uint16Array(bytes))),
      ];
    }
    expect(values).toEqual({
      "fc.weight": range(6, 100),
      "fc.bias": [7, 8],
      "norm.weight": [0.5, 0.25],
      "norm.bias": [-1, 3],
    });
    const stored = dtype === "float32" ? { path: "a.safetensors/0", size: 32 } : { path: "b.safetensors/0", size: 8 };
    const converted = { path: `converted/${dtype}`, size: 16 };
    expect(externalData.map(({ path, data }) => ({ path, size: data.size }))).toEqual([stored, converted]);
  });
});

test("a number that float16 cannot hold is an error with the tensor's name", async () => {
  const big = { "w.safetensors": safetensors({ "layer.bias": { dtype: "F32", shape: [2], values: [1, 1e6] } }) };
  const weights = await WeightFiles.open({ files: big });
  const g = new Graph("g", weights.component({ files: ["w.safetensors"], prefix: "" }), {
    ...options,
    dtype: "float16",
  });
  g.scope("layer", () => g.weight("bias", [2]));
  await expect(placeWeights(g, weights)).rejects.toMatchObject({
    code: "bad-bundle",
    message: expect.stringContaining("layer.bias"),
  });
});

test("weights that lie far apart in a file are handed on as two stretches", async () => {
  const zeros = (length: number) => ({ dtype: "F16" as const, shape: [length], values: Array<number>(length).fill(0) });
  const file = safetensors({ "near.weight": zeros(4), between: zeros(2 ** 19), "far.weight": zeros(4) });
  const weights = await WeightFiles.open({ files: { "w.safetensors": file } });
  const tensors = weights.component({ files: ["w.safetensors"], prefix: "" });
  const g = new Graph("g", tensors, { ...options, dtype: "float16" });
  const [near, far] = ["near", "far"].map((name) => g.scope(name, () => g.weight("weight", [4])));
  g.output("sum", add(g, near as Value, far as Value));
  const { externalData } = await placeWeights(g, weights);
  expect(externalData.map(({ path, data }) => [path, data.size])).toEqual([
    ["w.safetensors/0", 8],
    ["w.safetensors/1", 8],
  ]);
});
