import { describe, expect, test } from "vitest";
import { attention } from "../../workers/onnx/attention.ts";
import { type FloatDType, Graph, GraphError, type TensorLocation, type Value } from "../../workers/onnx/graph.ts";
import { weightBytes } from "../../workers/onnx/graph-memory.ts";
import * as ops from "../../workers/onnx/ops.ts";

const options = { dtype: "float32" as FloatDType, attention: "plain" as const, maxBufferBytes: 1 << 20 };

function stored(shapes: Readonly<Record<string, readonly number[]>>, dtype = "F32") {
  const tensors = new Map<string, TensorLocation>();
  let offset = 100;
  for (const [name, shape] of Object.entries(shapes)) {
    const length = shape.reduce((product, d) => product * d, dtype === "F32" ? 4 : 2);
    tensors.set(name, { file: "model.safetensors", dtype, shape, offset, length });
    offset += length;
  }
  return { get: (name: string) => tensors.get(name), names: () => tensors.keys() };
}

const graph = (shapes: Readonly<Record<string, readonly number[]>> = {}, dtype: FloatDType = "float32") =>
  new Graph("test", stored(shapes), { ...options, dtype });

describe("weights", () => {
  test("are the checkpoint's byte ranges under their full names", () => {
    const g = graph({ "a.b.weight": [3, 2], "a.b.bias": [3] });
    const weight = g.scope("a", () => g.scope("b", () => g.weight("weight", [3, 2])));
    expect(weight).toEqual({ name: "a.b.weight", dtype: "float32", shape: [3, 2] });
    expect(g.initializers.get("a.b.weight")).toMatchObject({
      kind: "weight",
      location: { file: "model.safetensors", offset: 100, length: 24 },
    });
  });

  test("are held once, however often they are read", () => {
    const g = graph({ w: [4] });
    expect(g.weight("w", [4])).toBe(g.weight("w", [4]));
    expect(g.initializers.size).toBe(1);
  });

  test("a missing tensor is named, and so is its layer", () => {
    const g = graph();
    const missing = () => g.scope("encoder", () => g.scope("layers.3", () => g.weight("fc1.weight", [1])));
    expect(missing).toThrow(GraphError);
    expect(missing).toThrow("encoder.layers.3: the checkpoint has no tensor encoder.layers.3.fc1.weight");
    expect(codeOf(missing)).toBe("missing-tensor");
  });

  test("a wrong shape names layer, tensor, and both shapes", () => {
    const g = graph({ "fc1.weight": [8, 4] });
    const wrong = () => g.scope("fc1", () => g.weight("weight", [4, 8]));
    expect(wrong).toThrow("fc1: tensor weight has shape [8,4], the configuration asks for [4,8]");
    expect(codeOf(wrong)).toBe("wrong-shape");
  });

  test("a linear layer in 4-bit blocks is MatMulNBits, its scales in the graph's type", () => {
    const packed: TensorLocation = { file: "w", dtype: "U8", shape: [8, 2, 16], offset: 0, length: 256 };
    const scales: TensorLocation = { file: "w", dtype: "F16", shape: [8, 2], offset: 256, length: 32 };
    const blocks = { ...packed, dtype: "INT4", shape: [8, 64], scales, error: scales };
    const source = { get: (name: string) => (name === "fc1.weight" ? blocks : undefined), names: () => ["fc1.weight"] };
    const g = new Graph("test", source, options);
    const x = g.input("x", "float32", [2, 3, 64]);
    expect(ops.linear(g, x, "fc1", 8, { bias: false }).shape).toEqual([2, 3, 8]);
    const [node] = g.nodes.filter(({ domain }) => domain === "com.microsoft");
    expect(node).toMatchObject({ opType: "MatMulNBits", attributes: { K: 64, N: 8, bits: 4, block_size: 32 } });
    expect(node?.inputs.slice(1)).toEqual(["fc1.weight", "fc1.weight.scales", "", ""]);
    expect(g.initializers.get("fc1.weight")).toMatchObject({ value: { dtype: "uint8", shape: [8, 2, 16] } });
    expect(g.initializers.get("fc1.weight.scales")).toMatchObject({ value: { dtype: "float32", shape: [16] } });
    expect(weightBytes(g)).toBe(256 + 4 * 16);
    expect(() => ops.linear(g, x, "fc1", 9, { bias: false })).toThrow(/has shape \[8,64\].*\[9,64\]/);
    // Nothing else reads blocks.
    expect(() => g.scope("fc1", () => g.weight("weight", [8, 64]))).toThrow(/4-bit/);
  });

  test("rows of a table are a range within it", () => {
    const g = graph({ "positions.weight": [10, 4] });
    const rows = g.scope("positions", () => g.weightRows("weight", 2, 3, 4));
    expect(rows.shape).toEqual([3, 4]);
    expect(g.initializers.get(rows.name)).toMatchObject({
      location: { offset: 100 + 2 * 16, length: 3 * 16, shape: [3, 4] },
    });
    expect(() => g.weightRows("positions.weight", 2, 9, 4)).toThrow("has 10 rows, 11 are needed");
    expect(() => g.weightRows("positions.weight", 0, 1, 5)).toThrow("the configuration asks for [*, 5]");
  });

  test("the layer is left again after an error", () => {
    const g = graph();
    expect(() => g.scope("a", () => g.weight("w", [1]))).toThrow();
    expect(g.layer).toBe("");
  });
});

describe("constants", () => {
  const bits = (values: number[]) => {
    const g = graph({}, "float16");
    const initializer = g.initializers.get(g.constant(values, [values.length]).name);
    if (initializer?.kind !== "constant") throw new Error("no constant");
    return [...new Uint16Array(initializer.data.buffer)].map((half) => half.toString(16));
  };

  test("float16: normal, rounded to even, largest, too large", () => {
    // 2049 and 2051 lie between two halves: both go to the even one.
    expect(bits([1, -2, 2049, 2051, 65504, 65520, Number.NEGATIVE_INFINITY])).toEqual([
      "3c00",
      "c000",
      "6800",
      "6802",
      "7bff",
      "7c00",
      "fc00",
    ]);
  });

  test("float16: subnormals, ties below the smallest, and the step up to the smallest normal", () => {
    const least = 2 ** -24;
    expect(
      bits([least, 3 * least, least / 2, least * 0.51, 2.5 * least, 2 ** -14, 2 ** -14 - least, -least / 4]),
    ).toEqual(["1", "3", "0", "1", "2", "400", "3ff", "8000"]);
  });

  test("int64 and float32 are little-endian", () => {
    const g = graph();
    const data = (value: Value) => {
      const initializer = g.initializers.get(value.name);
      return initializer?.kind === "constant" ? [...initializer.data] : [];
    };
    expect(data(g.constant([-1, 2], [2], "int64"))).toEqual([
      255, 255, 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0, 0, 0,
    ]);
    expect(data(g.constant([1], [], "float32"))).toEqual([0, 0, 0x80, 0x3f]);
  });

  test("the number of values must be the shape's", () => {
    expect(() => graph().constant([1, 2], [3])).toThrow("constant of 2 values for shape [3]");
  });
});

describe("operations infer shapes and refuse what does not go together, naming the layer", () => {
  const g = graph({ "fc.weight": [6, 4], "fc.bias": [6], "conv.weight": [8, 3, 3, 3], "conv.bias": [8] });
  const x = (...shape: number[]): Value => ({ name: `x${shape}`, dtype: "float32", shape });
  const half = (...shape: number[]): Value => ({ ...x(...shape), dtype: "float16" });

  test.each<[string, () => Value, number[]]>([
    ["add, broadcast both ways", () => ops.add(g, x(2, 1, 4), x(3, 1)), [2, 3, 4]],
    ["matmul, batched", () => ops.matmul(g, x(2, 3, 5, 7), x(7, 2)), [2, 3, 5, 2]],
    ["linear", () => ops.linear(g, x(2, 5, 4), "fc", 6), [2, 5, 6]],
    [
      "conv, padded, stride 2",
      () => ops.conv2d(g, x(1, 3, 9, 8), "conv", 8, { kernel: 3, stride: 2, padding: 1 }),
      [1, 8, 5, 4],
    ],
    [
      "conv, one-sided padding",
      () => ops.conv2d(g, x(1, 3, 8, 8), "conv", 8, { kernel: 3, stride: 2, padding: [0, 0, 1, 1] }),
      [1, 8, 4, 4],
    ],
    ["reshape with -1", () => ops.reshape(g, x(2, 3, 4), [-1, 6]), [4, 6]],
    ["transpose", () => ops.transpose(g, x(2, 3, 4), [2, 0, 1]), [4, 2, 3]],
    ["concat from the end", () => ops.concat(g, [x(2, 3), x(2, 4)], -1), [2, 7]],
    ["split", () => ops.split(g, x(2, 6), 3, 1)[2] as Value, [2, 2]],
    ["slice", () => ops.slice(g, x(2, 6), -1, 1, 4), [2, 3]],
    ["broadcastTo", () => ops.broadcastTo(g, x(1, 3), [4, 2, 3]), [4, 2, 3]],
    ["upsample", () => ops.upsampleNearest2x(g, x(1, 2, 3, 4)), [1, 2, 6, 8]],
    ["attention", () => attention(g, x(2, 3, 8), x(2, 5, 8), x(2, 5, 8), { heads: 2 }), [2, 3, 8]],
  ])("%s", (_, build, shape) => {
    expect(build().shape).toEqual(shape);
  });

  test.each<[string, () => unknown, string]>([
    ["add", () => ops.add(g, x(2, 3), x(2, 4)), "Add of [2,3] and [2,4]"],
    ["add of two types", () => ops.add(g, x(2), half(2)), "Add of float32 and float16"],
    ["matmul", () => ops.matmul(g, x(2, 3), x(4, 2)), "MatMul of [2,3] and [4,2]"],
    [
      "linear",
      () => ops.linear(g, x(2, 5), "fc", 6),
      "tensor weight has shape [6,4], the configuration asks for [6,5]",
    ],
    ["conv too small", () => ops.conv2d(g, x(1, 3, 2, 2), "conv", 8, { kernel: 3 }), "Conv would give shape [1,8,0,0]"],
    ["reshape", () => ops.reshape(g, x(2, 3), [4, -1]), "cannot reshape [2,3] to [4,-1]"],
    ["transpose", () => ops.transpose(g, x(2, 3), [0, 0]), "transpose of [2,3] by [0,0]"],
    ["concat", () => ops.concat(g, [x(2, 3), x(3, 3)], 1), "concat of [2,3] and [3,3] along 1"],
    ["split", () => ops.split(g, x(2, 5), 2, 1), "split of [2,5] into 2 along 1"],
    ["slice", () => ops.slice(g, x(2, 5), 1, 3, 6), "slice 3:6 of [2,5] along 1"],
    ["broadcastTo", () => ops.broadcastTo(g, x(2, 3), [1, 3]), "cannot expand [2,3] to [1,3]"],
    ["groups", () => ops.groupNorm(g, x(1, 10, 2, 2), "norm", 4, 1e-5), "10 channels do not divide into 4 groups"],
    [
      "heads",
      () => attention(g, x(1, 2, 10), x(1, 2, 10), x(1, 2, 10), { heads: 3 }),
      "3 attention heads do not divide a width of 10",
    ],
    [
      "keys",
      () => attention(g, x(1, 2, 8), x(1, 3, 8), x(1, 2, 8), { heads: 2 }),
      "attention of q [1,2,8], k [1,3,8], v [1,2,8]",
    ],
    [
      "mask",
      () => attention(g, x(2, 4, 8), x(2, 4, 8), x(2, 4, 8), { heads: 2, mask: x(3, 1, 1, 4) }),
      "attention mask [3,1,1,4] for 4 queries and 4 keys",
    ],
    [
      "causal",
      () => attention(g, x(1, 2, 8), x(1, 3, 8), x(1, 3, 8), { heads: 2, causal: true }),
      "causal attention of 2 queries and 3 keys",
    ],
  ])("%s", (_, build, message) => {
    const error = errorOf(build);
    expect(error).toBeInstanceOf(GraphError);
    expect(error.message).toContain(message);
  });

  test("attention, when not even one row of scores fits a buffer", () => {
    const tight = new Graph("test", stored({}), { ...options, maxBufferBytes: 8 });
    const build = () => attention(tight, x(1, 2, 8), x(1, 3, 8), x(1, 3, 8), { heads: 2 });
    expect(build).toThrow("one row of 3 attention scores does not fit a buffer of 8 bytes");
  });

  test("the message begins with the layer", () => {
    const wrong = () => g.scope("down_blocks.1", () => g.scope("resnets.0", () => ops.add(g, x(2), x(3))));
    expect(wrong).toThrow("down_blocks.1.resnets.0: Add of [2] and [3]");
  });
});

describe("inputs and outputs", () => {
  test("have names of their own", () => {
    const g = graph();
    const x = g.input("x", "float32", [1]);
    expect(() => g.input("x", "float32", [1])).toThrow("x is named twice");
    expect(() => g.output("x", x)).toThrow("x is named twice");
  });

  test("have whole, positive dimensions", () => {
    expect(() => graph().input("x", "float32", [1, 0])).toThrow("input x of shape [1,0]");
    expect(() => graph().input("x", "float32", [1.5])).toThrow("input x of shape [1.5]");
  });
});

function errorOf(body: () => unknown): Error {
  try {
    body();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

const codeOf = (body: () => unknown) => (errorOf(body) as GraphError).code;
