/** The operations that the networks are written in: each infers and checks shapes, then adds its nodes. */
import type { Attribute, FloatDType, Graph, Value } from "./graph.ts";
import { elementCount } from "./graph.ts";

const MICROSOFT = "com.microsoft";

function broadcast(g: Graph, op: string, a: Value, b: Value): number[] {
  const rank = Math.max(a.shape.length, b.shape.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a.shape[a.shape.length - rank + i] ?? 1;
    const y = b.shape[b.shape.length - rank + i] ?? 1;
    if (x !== y && x !== 1 && y !== 1) g.fail(`${op} of [${a.shape}] and [${b.shape}]`);
    return Math.max(x, y);
  });
}

function binary(op: string) {
  return (g: Graph, a: Value, b: Value): Value => {
    if (a.dtype !== b.dtype) g.fail(`${op} of ${a.dtype} and ${b.dtype}`);
    return g.op(op, [a, b], a.dtype, broadcast(g, op, a, b));
  };
}

/** Element-wise with numpy's broadcasting. */
export const add = binary("Add");
export const sub = binary("Sub");
export const mul = binary("Mul");
export const div = binary("Div");

function unary(op: string) {
  return (g: Graph, x: Value): Value => g.op(op, [x], x.dtype, x.shape);
}

export const sigmoid = unary("Sigmoid");
export const tanh = unary("Tanh");
export const relu = unary("Relu");
export const sqrt = unary("Sqrt");

/** x times a number. */
export function scale(g: Graph, x: Value, factor: number): Value {
  return mul(g, x, g.constant([factor], [], x.dtype as FloatDType));
}

/** x plus a number. */
export function shift(g: Graph, x: Value, offset: number): Value {
  return add(g, x, g.constant([offset], [], x.dtype as FloatDType));
}

/** Elements limited to [low, high]. */
export function clip(g: Graph, x: Value, low: number, high: number): Value {
  const bound = (value: number) => g.constant([value], [], x.dtype as FloatDType);
  return g.op("Clip", [x, bound(low), bound(high)], x.dtype, x.shape);
}

/** Exact GELU, x/2 (1 + erf(x/sqrt 2)). */
export function gelu(g: Graph, x: Value): Value {
  return g.op("Gelu", [x], x.dtype, x.shape);
}

/** x sigmoid(x). */
export function silu(g: Graph, x: Value): Value {
  return mul(g, x, sigmoid(g, x));
}

/** OpenAI CLIP's x sigmoid(1.702 x). */
export function quickGelu(g: Graph, x: Value): Value {
  return g.op("QuickGelu", [x], x.dtype, x.shape, { alpha: { float: 1.702 } }, MICROSOFT);
}

export function softmax(g: Graph, x: Value, axis = -1): Value {
  return g.op("Softmax", [x], x.dtype, x.shape, { axis });
}

export function cast(g: Graph, x: Value, dtype: FloatDType): Value {
  if (x.dtype === dtype) return x;
  return g.op("Cast", [x], dtype, x.shape, { to: dtype === "float32" ? 1 : 10 });
}

/** Mean along one axis, which stays with one element. */
export function mean(g: Graph, x: Value, axis: number): Value {
  const axes = g.constant([axis], [1], "int64");
  const shape = x.shape.map((d, i) => (i === axis ? 1 : d));
  return g.op("ReduceMean", [x, axes], x.dtype, shape, { keepdims: 1 });
}

/** At most one dimension may be -1. */
export function reshape(g: Graph, x: Value, shape: readonly number[]): Value {
  const known = elementCount(shape.filter((d) => d !== -1));
  const full = shape.map((d) => (d === -1 ? elementCount(x.shape) / known : d));
  if (elementCount(full) !== elementCount(x.shape) || full.some((d) => !Number.isInteger(d))) {
    g.fail(`cannot reshape [${x.shape}] to [${shape}]`);
  }
  return g.op("Reshape", [x, g.constant(full, [full.length], "int64")], x.dtype, full);
}

export function transpose(g: Graph, x: Value, perm: readonly number[]): Value {
  if ([...perm].sort((a, b) => a - b).some((p, i) => p !== i) || perm.length !== x.shape.length) {
    g.fail(`transpose of [${x.shape}] by [${perm}]`);
  }
  return g.op(
    "Transpose",
    [x],
    x.dtype,
    perm.map((p) => x.shape[p] as number),
    { perm },
  );
}

export function concat(g: Graph, parts: readonly Value[], axis: number): Value {
  const [first] = parts;
  if (!first) return g.fail("concat of nothing");
  const at = axis < 0 ? first.shape.length + axis : axis;
  for (const part of parts) {
    if (part.shape.length !== first.shape.length || part.shape.some((d, i) => i !== at && d !== first.shape[i])) {
      g.fail(`concat of [${first.shape}] and [${part.shape}] along ${axis}`);
    }
  }
  const shape = first.shape.map((d, i) => (i === at ? parts.reduce((sum, p) => sum + (p.shape[at] as number), 0) : d));
  return g.op("Concat", parts, first.dtype, shape, { axis: at });
}

/** torch's expand: dimensions of one repeated up to `shape`. */
export function broadcastTo(g: Graph, x: Value, shape: readonly number[]): Value {
  const full = broadcast(g, "Expand", x, { ...x, shape });
  if (`${full}` !== `${shape}`) g.fail(`cannot expand [${x.shape}] to [${shape}]`);
  if (`${shape}` === `${x.shape}`) return x;
  return g.op("Expand", [x, g.constant(shape, [shape.length], "int64")], x.dtype, shape);
}

/** Equal parts along an axis. */
export function split(g: Graph, x: Value, parts: number, axis: number): Value[] {
  const at = axis < 0 ? x.shape.length + axis : axis;
  const size = (x.shape[at] as number) / parts;
  if (!Number.isInteger(size)) g.fail(`split of [${x.shape}] into ${parts} along ${axis}`);
  const shape = x.shape.map((d, i) => (i === at ? size : d));
  return g.node(
    "Split",
    [x],
    Array.from({ length: parts }, () => ({ dtype: x.dtype, shape })),
    { axis: at, num_outputs: parts },
  );
}

/** Elements `start` to `end` along one axis. */
export function slice(g: Graph, x: Value, axis: number, start: number, end: number): Value {
  const at = axis < 0 ? x.shape.length + axis : axis;
  if (start < 0 || end > (x.shape[at] as number) || end <= start)
    g.fail(`slice ${start}:${end} of [${x.shape}] along ${axis}`);
  const shape = x.shape.map((d, i) => (i === at ? end - start : d));
  const ints = (n: number) => g.constant([n], [1], "int64");
  return g.op("Slice", [x, ints(start), ints(end), ints(at)], x.dtype, shape);
}

/** Batched product of the last two dimensions, leading dimensions broadcast. */
export function matmul(g: Graph, a: Value, b: Value): Value {
  const [m, k] = a.shape.slice(-2) as [number, number];
  const [k2, n] = b.shape.slice(-2) as [number, number];
  if (k !== k2) g.fail(`MatMul of [${a.shape}] and [${b.shape}]`);
  const lead = broadcast(g, "MatMul", { ...a, shape: a.shape.slice(0, -2) }, { ...b, shape: b.shape.slice(0, -2) });
  return g.op("MatMul", [a, b], a.dtype, [...lead, m, n]);
}

/**
 * torch.nn.Linear `name` ({name}.weight [out, in], {name}.bias [out]) on the last dimension.
 * Reshape, Gemm(transB), Reshape: the weight stays as published and is never folded into the wasm heap. One in 4-bit blocks goes to
 * MatMulNBits, which unpacks it in the kernel.
 */
export function linear(g: Graph, x: Value, name: string, outFeatures: number, { bias = true } = {}): Value {
  const inFeatures = x.shape.at(-1) as number;
  return g.scope(name, () => {
    const rows = reshape(g, x, [-1, inFeatures]);
    const shape = [rows.shape[0] as number, outFeatures];
    const blocks = g.fourBitWeight("weight", [outFeatures, inFeatures]);
    const weight = blocks
      ? [blocks.packed, blocks.scales, null, null]
      : [g.weight("weight", [outFeatures, inFeatures])];
    const inputs = [rows, ...weight, ...(bias ? [g.weight("bias", [outFeatures])] : [])];
    const how = { K: inFeatures, N: outFeatures, bits: 4, block_size: 32 };
    const y = blocks
      ? g.op("MatMulNBits", inputs, x.dtype, shape, how, MICROSOFT)
      : g.op("Gemm", inputs, x.dtype, shape, { transB: 1 });
    return reshape(g, y, [...x.shape.slice(0, -1), outFeatures]);
  });
}

export interface Conv2dOptions {
  readonly kernel: number;
  readonly stride?: number;
  /** Symmetric, or [top, left, bottom, right]. */
  readonly padding?: number | readonly [number, number, number, number];
  readonly bias?: boolean;
}

/**
 * Products in one sum of a convolution from which a float16 graph takes it in float32. ORT's kernels add up in the type of their
 * operands: the U-Net fixture was off by up to 8.5 % of its deviation, more than half of it from here. The weight stays float16 in memory.
 */
const LONG_SUM = 256;

/** torch.nn.Conv2d `name` on NCHW. */
export function conv2d(g: Graph, x: Value, name: string, outChannels: number, options: Conv2dOptions): Value {
  const { kernel, stride = 1, padding = 0, bias = true } = options;
  const [batch, inChannels, height, width] = x.shape as [number, number, number, number];
  const pads = typeof padding === "number" ? [padding, padding, padding, padding] : padding;
  const [top, left, bottom, right] = pads as [number, number, number, number];
  return g.scope(name, () => {
    const type = kernel ** 2 * inChannels < LONG_SUM ? (x.dtype as FloatDType) : "float32";
    const picture = cast(g, x, type);
    const weight = cast(g, g.weight("weight", [outChannels, inChannels, kernel, kernel]), type);
    const misread = kernel > 1 && threesAreMisread(inChannels, outChannels);
    const operands = misread ? padded(g, picture, weight) : [picture, weight];
    const inputs = bias ? [...operands, g.weight("bias", [outChannels], type)] : operands;
    const out = (size: number, before: number, after: number) =>
      Math.floor((size + before + after - kernel) / stride) + 1;
    const shape = [batch, outChannels, out(height, top, bottom), out(width, left, right)];
    const attributes = { kernel_shape: [kernel, kernel], strides: [stride, stride], pads: [...pads] };
    return cast(g, g.op("Conv", inputs, type, shape, attributes), x.dtype as FloatDType);
  });
}

/** ORT's WebGPU convolution reads channels by threes here, and wrongly if there are more than three: no error, other numbers (microsoft/onnxruntime#29651). */
function threesAreMisread(inChannels: number, outChannels: number): boolean {
  return inChannels > 3 && inChannels % 3 === 0 && inChannels % 4 !== 0 && outChannels % 4 === 0;
}

/** A convolution's operands with zero channels up to a multiple of four. */
function padded(g: Graph, x: Value, weight: Value): Value[] {
  return [x, weight].map((operand) => {
    const zero = g.constant([0], [1, 1, 1, 1], operand.dtype as FloatDType);
    const missing = 4 - ((operand.shape[1] as number) % 4);
    const zeros = broadcastTo(
      g,
      zero,
      operand.shape.map((d, axis) => (axis === 1 ? missing : d)),
    );
    return concat(g, [operand, zeros], 1);
  });
}

/** torch.nn.LayerNorm `name` over the last dimension; statistics in float32 inside the kernel. */
export function layerNorm(g: Graph, x: Value, name: string, eps = 1e-5): Value {
  const width = x.shape.at(-1) as number;
  return g.scope(name, () =>
    g.op("LayerNormalization", [x, g.weight("weight", [width]), g.weight("bias", [width])], x.dtype, x.shape, {
      axis: -1,
      epsilon: { float: eps },
    }),
  );
}

/** torch.nn.GroupNorm `name` on NCHW: every group as one row of a LayerNormalization, then the channels' scale and shift. */
export function groupNorm(g: Graph, x: Value, name: string, groups: number, eps: number): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  if (channels % groups !== 0) g.fail(`${channels} channels do not divide into ${groups} groups`);
  const size = (channels / groups) * height * width;
  return g.scope(name, () => {
    const rows = reshape(g, x, [batch, groups, size]);
    const one = ones(g, size, x.dtype as FloatDType);
    const normal = g.op("LayerNormalization", [rows, one], x.dtype, rows.shape, { axis: -1, epsilon: { float: eps } });
    const image = reshape(g, normal, x.shape);
    const affine = (part: string) => reshape(g, g.weight(part, [channels]), [1, channels, 1, 1]);
    return add(g, mul(g, image, affine("weight")), affine("bias"));
  });
}

/** A row of ones; made by Expand so that it costs no bytes in the graph. */
function ones(g: Graph, size: number, dtype: FloatDType): Value {
  return g.once(`ones ${size} ${dtype}`, () =>
    g.op("Expand", [g.constant([1], [1], dtype), g.constant([size], [1], "int64")], dtype, [size]),
  );
}

/** torch.nn.functional.normalize over the last dimension; the norm is taken in float32. */
export function l2Normalize(g: Graph, x: Value): Value {
  const wide = cast(g, x, "float32");
  const axes = g.constant([-1], [1], "int64");
  const norm = g.op("ReduceL2", [wide, axes], "float32", [...x.shape.slice(0, -1), 1], { keepdims: 1 });
  const floor = g.constant([1e-12], [], "float32");
  return cast(g, div(g, wide, g.op("Max", [norm, floor], "float32", norm.shape)), x.dtype as FloatDType);
}

/** torch.nn.Embedding `name` [rows, width]: the rows that `ids` (int32 or int64, any shape) name. */
export function embedding(g: Graph, ids: Value, name: string, rows: number, width: number): Value {
  if (ids.dtype !== "int32" && ids.dtype !== "int64") g.fail(`embedding ${name} of ${ids.dtype} ids`);
  return g.scope(name, () =>
    g.op("Gather", [g.weight("weight", [rows, width]), ids], g.dtype, [...ids.shape, width], { axis: 0 }),
  );
}

/** Nearest-neighbour upsampling by two on NCHW. */
export function upsampleNearest2x(g: Graph, x: Value): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const scales = g.constant([1, 1, 2, 2], [4], "float32");
  const attributes: Record<string, Attribute> = {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  };
  return g.op("Resize", [x, null, scales], x.dtype, [batch, channels, height * 2, width * 2], attributes);
}

/** torch's pixel_shuffle: [B, C r r, H, W] -> [B, C, H r, W r]. */
export function pixelShuffle(g: Graph, x: Value, r: number): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  if (r === 1) return x;
  const parts = reshape(g, x, [batch, channels / (r * r), r, r, height, width]);
  return reshape(g, transpose(g, parts, [0, 1, 4, 2, 5, 3]), [batch, channels / (r * r), height * r, width * r]);
}

/** torch's pixel_unshuffle: [B, C, H r, W r] -> [B, C r r, H, W]. */
export function pixelUnshuffle(g: Graph, x: Value, r: number): Value {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  if (r === 1) return x;
  const parts = reshape(g, x, [batch, channels, height / r, r, width / r, r]);
  return reshape(g, transpose(g, parts, [0, 1, 3, 5, 2, 4]), [batch, channels * r * r, height / r, width / r]);
}
