/**
 * An ONNX graph under construction: typed values with known shapes, nodes checked as they are added, and initializers
 * that are byte ranges of checkpoint files (external data). Everything that can be wrong is wrong here, by name, and
 * not later in a failed session.
 */
import { type Said, say } from "../messages.ts";
import { toFloat16Bits } from "../weights/float16.ts";

export type DType = "float32" | "float16" | "int64" | "int32" | "uint8" | "bool";
export type FloatDType = "float32" | "float16";

/** A tensor that flows through the graph. Every dimension is known when the graph is built. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** Where a checkpoint keeps one tensor: `length` bytes at `offset` of `file`, row-major, little-endian. */
export interface TensorLocation {
  readonly file: string;
  /** safetensors' name: F32, F16, BF16, ... */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** A matrix in 4-bit blocks, as weights/four-bit.ts has them: `offset` and `length` are those of its numbers, two a byte. */
export interface FourBitLocation extends TensorLocation {
  readonly dtype: "INT4";
  /** F16 [N, K / 32] */
  readonly scales: TensorLocation;
  /** F32 [2]: what was lost. */
  readonly error: TensorLocation;
}

export const isFourBit = (location: TensorLocation): location is FourBitLocation => location.dtype === "INT4";

/** The tensors of one component by their official names. */
export interface TensorSource {
  /** @param asked the shape that the graph needs, where it is about to be read: for a source that only takes down what is asked for. */
  get(name: string, asked?: readonly number[]): TensorLocation | undefined;
  names(): Iterable<string>;
}

/** Wrong graph: a missing tensor, a wrong shape, an operation on shapes that do not go together. The message names the layer. */
export class GraphError extends Error {
  override readonly name = "GraphError";
  readonly said: Said;
  constructor(
    readonly code: "missing-tensor" | "wrong-shape",
    /** Dotted path of the layer, as in the checkpoint's names. */
    readonly layer: string,
    problem: Said | string,
  ) {
    const said = graphProblem(layer || "graph", problem);
    super(said.text);
    this.said = said;
  }
}

/** A problem in plain words is one of the network's making, for those who build it. */
const graphProblem = (layer: string, problem: Said | string) =>
  typeof problem === "string"
    ? say("{layer}: {technical}", { layer, technical: problem })
    : say("{layer}: {problem}", { layer, problem });

export type Attribute = number | readonly number[] | string | { readonly float: number };

export interface GraphNode {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A tensor of the checkpoint as the graph reads it; `location.dtype` may differ from `dtype`: then it is converted at load. */
export interface WeightInitializer {
  readonly kind: "weight";
  readonly value: Value;
  readonly location: TensorLocation;
}

/** A small tensor that lies in the graph file itself. */
export interface ConstantInitializer {
  readonly kind: "constant";
  readonly value: Value;
  readonly data: Uint8Array;
}

export type Initializer = WeightInitializer | ConstantInitializer;

export interface GraphOptions {
  /** The type that weights and activations have in this graph. */
  readonly dtype: FloatDType;
  /** "plain": MatMul, Softmax, MatMul, right everywhere. "fused": com.microsoft.MultiHeadAttention, where the self-test passed. */
  readonly attention: "plain" | "fused";
  /** No tensor that attention makes may be larger than this: maxStorageBufferBindingSize of the adapter, in bytes. */
  readonly maxBufferBytes: number;
}

export const BYTES: Record<DType, number> = { float32: 4, float16: 2, int64: 8, int32: 4, uint8: 1, bool: 1 };

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, d) => product * d, 1);
}

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((d, i) => d === b[i]);

export class Graph {
  readonly nodes: GraphNode[] = [];
  readonly initializers = new Map<string, Initializer>();
  readonly inputs: Value[] = [];
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];
  private path: string[] = [];
  private readonly made = new Map<string, Value>();
  /** What nodes have made, by name. */
  private readonly results = new Map<string, Value>();
  private serial = 0;

  constructor(
    readonly name: string,
    private readonly tensors: TensorSource,
    readonly options: GraphOptions,
  ) {}

  /** The float type of this graph's activations. */
  get dtype(): FloatDType {
    return this.options.dtype;
  }

  /** Dotted path of the layer that is being built: the prefix of its tensors. */
  get layer(): string {
    return this.path.join(".");
  }

  /** Builds `body` inside a layer: its tensors are looked up, and its errors reported, under `layer.name`. */
  scope<T>(name: string, body: () => T): T {
    this.path.push(name);
    try {
      return body();
    } finally {
      this.path.pop();
    }
  }

  fail(problem: Said | string, code: GraphError["code"] = "wrong-shape"): never {
    throw new GraphError(code, this.layer, problem);
  }

  input(name: string, dtype: DType, shape: readonly number[]): Value {
    this.claim(name);
    if (shape.some((d) => !Number.isInteger(d) || d < 1)) this.fail(`input ${name} of shape [${shape}]`);
    const value = { name, dtype, shape };
    this.inputs.push(value);
    return value;
  }

  output(name: string, value: Value): void {
    this.claim(name);
    this.outputs.push({ name, value });
  }

  /** Inputs and outputs share one space of names. */
  private claim(name: string): void {
    if ([...this.inputs, ...this.outputs].some((known) => known.name === name)) this.fail(`${name} is named twice`);
  }

  private qualify(name: string): string {
    return this.path.length === 0 ? name : `${this.layer}.${name}`;
  }

  /** Whether the checkpoint holds `name` in the current layer (optional biases, old and new spellings). */
  has(name: string): boolean {
    return this.tensors.get(this.qualify(name)) !== undefined;
  }

  /**
   * The checkpoint's tensor `name` of the current layer as an initializer of this graph's float type.
   * Trailing dimensions of one that the checkpoint has beyond `shape` are dropped.
   * @throws GraphError missing-tensor, or wrong-shape when the checkpoint's shape is not `shape`.
   */
  weight(name: string, shape: readonly number[], dtype: FloatDType = this.dtype): Value {
    const location = this.locate(name, shape);
    const { length } = shape;
    // The same bytes: a 1x1 convolution [out, in, 1, 1] is read as the linear layer [out, in] where one is asked for.
    const trailing = location.shape.slice(length);
    if (!sameShape(location.shape.slice(0, length), shape) || trailing.some((d) => d !== 1)) {
      this.failAtShape(name, location.shape, `${shape}`);
    }
    return this.addWeight(this.qualify(name), { ...location, shape }, dtype);
  }

  /**
   * The matrix `name` [rows, columns] of the current layer where the checkpoint has it in 4-bit blocks: its numbers, uint8
   * [rows, columns / 32, 16], and scales [rows * columns / 32] in this graph's float type. undefined: it has it as numbers.
   */
  fourBitWeight(name: string, shape: readonly [number, number]): { packed: Value; scales: Value } | undefined {
    const location = this.locate(name, shape);
    if (!isFourBit(location)) return undefined;
    if (!sameShape(location.shape, shape)) this.failAtShape(name, location.shape, `${shape}`);
    const { scales, file, offset, length } = location;
    const full = this.qualify(name);
    const packed = { file, offset, length, dtype: "U8", shape: [...scales.shape, 16] };
    return {
      packed: this.addWeight(full, packed, "uint8"),
      scales: this.addWeight(`${full}.scales`, { ...scales, shape: [elementCount(scales.shape)] }, this.dtype),
    };
  }

  /** Rows `start` to `start + count` of the two-dimensional tensor `name` [rows, width], without reading the others. */
  weightRows(name: string, start: number, count: number, width: number): Value {
    const location = this.locate(name, [start + count, width]);
    const [rows, columns] = location.shape;
    if (location.shape.length !== 2 || columns !== width || rows === undefined) {
      this.failAtShape(name, location.shape, `*, ${width}`);
    }
    if (start + count > rows) {
      this.fail(say("tensor {name} has {rows} rows, {needed} are needed", { name, rows, needed: start + count }));
    }
    const rowBytes = location.length / rows;
    const slice = {
      ...location,
      shape: [count, width],
      offset: location.offset + start * rowBytes,
      length: count * rowBytes,
    };
    return this.addWeight(`${this.qualify(name)}[${start}:${start + count}]`, slice, this.dtype);
  }

  private failAtShape(name: string, found: readonly number[], expected: string): never {
    const shape = `${found}`;
    this.fail(
      say("tensor {name} has shape [{shape}], the configuration asks for [{expected}]", { name, shape, expected }),
    );
  }

  private locate(name: string, asked: readonly number[]): TensorLocation {
    return (
      this.tensors.get(this.qualify(name), asked) ??
      this.fail(say("the checkpoint has no tensor {name}", { name: this.qualify(name) }), "missing-tensor")
    );
  }

  private addWeight(name: string, location: TensorLocation, dtype: FloatDType | "uint8"): Value {
    if (isFourBit(location)) this.fail(`tensor ${name} is in 4-bit blocks, which are read by linear layers alone`);
    const key = dtype === this.dtype || dtype === "uint8" ? name : `${name}:${dtype}`;
    const known = this.initializers.get(key);
    if (known) return known.value;
    const value: Value = { name: key, dtype, shape: [...location.shape] };
    this.initializers.set(key, { kind: "weight", value, location });
    return value;
  }

  /** A small constant of the graph's float type (default), float32 or int64, stored in the graph itself. */
  constant(
    values: readonly number[] | Float32Array,
    shape: readonly number[],
    dtype: FloatDType | "int64" = this.dtype,
  ): Value {
    if (values.length !== elementCount(shape)) this.fail(`constant of ${values.length} values for shape [${shape}]`);
    const value: Value = { name: this.fresh("constant"), dtype, shape };
    this.initializers.set(value.name, { kind: "constant", value, data: encode(values, dtype) });
    return value;
  }

  /** The value that `make` adds, made at the first call only: for what every layer shares. */
  once(key: string, make: () => Value): Value {
    let value = this.made.get(key);
    if (!value) {
      value = make();
      this.made.set(key, value);
    }
    return value;
  }

  private fresh(op: string): string {
    this.serial += 1;
    return `${this.path.length === 0 ? "" : `${this.layer}/`}${op}_${this.serial}`;
  }

  /** Adds a node with outputs of the given types. Shapes are the caller's to infer: see ops.ts. */
  node(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: readonly { readonly dtype: DType; readonly shape: readonly number[] }[],
    attributes: Record<string, Attribute> = {},
    domain = "",
  ): Value[] {
    for (const { shape } of outputs) {
      if (shape.some((d) => !Number.isInteger(d) || d < 1)) this.fail(`${opType} would give shape [${shape}]`);
    }
    const name = this.fresh(opType);
    const values = outputs.map((o, i) => ({ name: outputs.length === 1 ? name : `${name}:${i}`, ...o }));
    for (const value of values) this.results.set(value.name, value);
    this.nodes.push({
      name,
      opType,
      domain,
      inputs: inputs.map((v) => v?.name ?? ""),
      outputs: values.map((v) => v.name),
      attributes,
    });
    return values;
  }

  /** A node's result by its name. */
  value(name: string): Value {
    return this.results.get(name) ?? this.fail(`no node makes ${name}`);
  }

  /** `node` for operations with one output. */
  op(
    opType: string,
    inputs: readonly (Value | null)[],
    dtype: DType,
    shape: readonly number[],
    attributes: Record<string, Attribute> = {},
    domain = "",
  ): Value {
    const [value] = this.node(opType, inputs, [{ dtype, shape }], attributes, domain);
    return value as Value;
  }
}

function encode(values: ArrayLike<number>, dtype: FloatDType | "int64"): Uint8Array {
  switch (dtype) {
    case "float32":
      return new Uint8Array(Float32Array.from(values).buffer);
    case "int64":
      return new Uint8Array(BigInt64Array.from(Array.from(values, BigInt)).buffer);
    case "float16":
      return new Uint8Array(toFloat16Bits(Float32Array.from(values)).buffer);
  }
}
