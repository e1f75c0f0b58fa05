import { expect, test } from "vitest";
import { elementCount, Graph, type Value } from "../../workers/onnx/graph.ts";
import * as ops from "../../workers/onnx/ops.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import type { Reference } from "../support/module-fixture.ts";
import { expectClose, plain, runGraph } from "../support/run-graph.ts";

/** Builds operations at sizes that no kernel's vector width or tile divides, and checks them against plain arithmetic in float64. */
function testOperations(title: string, build: (t: Bench) => void): void {
  test(`${title} at odd sizes`, async () => {
    const weights = await WeightFiles.open({ files: { "w.safetensors": safetensors() } });
    const g = new Graph("ops", weights.component({ files: ["w.safetensors"], prefix: "" }), plain);
    const feeds: Record<string, Float32Array | Int32Array> = {};
    const expected: Record<string, Reference> = {};
    build({
      g,
      input(...shape) {
        const tensor = random(`x${shape}`, shape);
        const name = `${g.inputs.length}`;
        feeds[name] = tensor.data;
        return { ...tensor, value: ops.cast(g, g.input(name, "float32", shape), g.dtype) };
      },
      ids(values) {
        feeds.ids = values;
        return g.input("ids", "int32", [1, values.length]);
      },
      check(name, value, data) {
        expect(elementCount(value.shape), name).toBe(data.length);
        g.output(name, ops.cast(g, value, "float32"));
        expected[name] = { shape: value.shape, data: Float32Array.from(data) };
      },
    });
    const results = await runGraph(g, weights, feeds);
    for (const [name, reference] of Object.entries(expected)) expectClose(name, results[name], reference, 5e-6);
  });
}

interface Bench {
  readonly g: Graph;
  input(...shape: number[]): Tensor & { readonly value: Value };
  ids(values: Int32Array): Value;
  check(name: string, value: Value, expected: ArrayLike<number>): void;
}

testOperations("products and convolutions", ({ g, input, check }) => {
  for (const [name, inner, out] of LINEAR) {
    const x = input(3, 5, inner);
    const [w, b] = [TENSORS[`${name}.weight`] as Tensor, TENSORS[`${name}.bias`] as Tensor];
    const product = matmul(x.data, w.data, 15, inner, out, true);
    check(
      `linear ${inner} to ${out}`,
      ops.linear(g, x.value, name, out),
      product.map((y, i) => y + (b.data[i % out] as number)),
    );
  }
  for (const [name, channels, out, options] of CONVS) {
    const x = input(2, channels, 7, 5);
    const data = convolve(x, TENSORS[`${name}.weight`] as Tensor, TENSORS[`${name}.bias`] as Tensor, options);
    check(`conv2d ${channels} to ${out}`, ops.conv2d(g, x.value, name, out, options), data);
  }
  {
    const [a, b] = [input(2, 3, 5, 7), input(3, 7, 9)];
    const product = [0, 1, 2, 3, 4, 5].flatMap((i) => [
      ...matmul(
        a.data.subarray(i * 35, (i + 1) * 35),
        b.data.subarray((i % 3) * 63, ((i % 3) + 1) * 63),
        5,
        7,
        9,
        false,
      ),
    ]);
    check("matmul, broadcast", ops.matmul(g, a.value, b.value), product);
  }
});

testOperations("norms and activations", ({ g, input, check }) => {
  for (const width of NORMS) {
    const x = input(2, 3, width);
    const [w, b] = [TENSORS[`norm${width}.weight`] as Tensor, TENSORS[`norm${width}.bias`] as Tensor];
    const rows = chunks(x.data, width).flatMap((row) => {
      const normal = normalize(row, 1e-5);
      return normal.map((y, i) => y * (w.data[i] as number) + (b.data[i] as number));
    });
    check(`layerNorm ${width}`, ops.layerNorm(g, x.value, `norm${width}`), rows);
  }
  {
    const [channels, height, width, groups] = [6, 3, 5, 2];
    const x = input(2, channels, height, width);
    const [w, b] = [TENSORS["norm6.weight"] as Tensor, TENSORS["norm6.bias"] as Tensor];
    const size = height * width;
    const rows = chunks(x.data, (channels / groups) * size).flatMap((row) => normalize(row, 1e-6));
    const affine = rows.map(
      (y, i) => y * at(w.data, Math.floor(i / size) % channels) + at(b.data, Math.floor(i / size) % channels),
    );
    check("groupNorm", ops.groupNorm(g, x.value, "norm6", groups, 1e-6), affine);
  }
  {
    const x = input(3, 11);
    const each = (f: (x: number) => number) => [...x.data].map(f);
    const sigmoid = (y: number) => 1 / (1 + Math.exp(-y));
    check(
      "gelu",
      ops.gelu(g, x.value),
      each((y) => (y / 2) * (1 + erf(y / Math.SQRT2))),
    );
    check(
      "quickGelu",
      ops.quickGelu(g, x.value),
      each((y) => y * sigmoid(1.702 * y)),
    );
    check(
      "silu",
      ops.silu(g, x.value),
      each((y) => y * sigmoid(y)),
    );
    check(
      "clip",
      ops.clip(g, x.value, -0.5, 0.25),
      each((y) => Math.min(0.25, Math.max(-0.5, y))),
    );
    check(
      "scale",
      ops.scale(g, x.value, 3),
      each((y) => 3 * y),
    );
    check(
      "softmax",
      ops.softmax(g, x.value),
      chunks(x.data, 11).flatMap((row) => {
        const sum = row.reduce((total, y) => total + Math.exp(y), 0);
        return row.map((y) => Math.exp(y) / sum);
      }),
    );
    check(
      "l2Normalize",
      ops.l2Normalize(g, x.value),
      chunks(x.data, 11).flatMap((row) => {
        const norm = Math.hypot(...row);
        return row.map((y) => y / norm);
      }),
    );
  }
});

testOperations("layout", ({ g, input, ids: idsInput, check }) => {
  {
    const x = input(2, 3, 5);
    const other = input(2, 4, 5);
    const index = (b: number, t: number, c: number) => at(x.data, (b * 3 + t) * 5 + c);
    check(
      "transpose",
      ops.transpose(g, x.value, [2, 0, 1]),
      grid([5, 2, 3], (c, b, t) => index(b, t, c)),
    );
    check(
      "slice",
      ops.slice(g, x.value, 2, 1, 4),
      grid([2, 3, 3], (b, t, c) => index(b, t, c + 1)),
    );
    check(
      "split",
      ops.split(g, x.value, 3, 1)[1] as Value,
      grid([2, 1, 5], (b, _, c) => index(b, 1, c)),
    );
    const both = (b: number, t: number, c: number) =>
      t < 3 ? index(b, t, c) : at(other.data, (b * 4 + t - 3) * 5 + c);
    check("concat", ops.concat(g, [x.value, other.value], 1), grid([2, 7, 5], both));
    const row = input(1, 1, 5);
    check(
      "broadcastTo",
      ops.broadcastTo(g, row.value, [2, 3, 5]),
      grid([2, 3, 5], (_b, _t, c) => at(row.data, c)),
    );
    check(
      "add, broadcast",
      ops.add(g, x.value, row.value),
      grid([2, 3, 5], (b, t, c) => index(b, t, c) + at(row.data, c)),
    );
  }
  {
    const ids = Int32Array.of(6, 0, 3, 3, 5);
    const table = (TENSORS["table.weight"] as Tensor).data;
    check(
      "embedding",
      ops.embedding(g, idsInput(ids), "table", 7, 9),
      grid([5, 1, 9], (t, _, c) => at(table, at(ids, t) * 9 + c)),
    );
  }
  {
    const x = input(1, 3, 3, 5);
    check(
      "upsample",
      ops.upsampleNearest2x(g, x.value),
      grid([3, 6, 10], (c, i, j) => at(x.data, (c * 3 + (i >> 1)) * 5 + (j >> 1))),
    );
  }
});

interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

const LINEAR = [
  ["fc1", 5, 1],
  ["fc2", 33, 17],
  ["fc3", 30, 31],
] as const;
/** Channels in sixes and nines are where ORT's own kernel needs help: see conv2d. */
const CONVS = [
  ["conv1", 5, 6, { kernel: 3, padding: 1 }],
  ["conv2", 9, 8, { kernel: 3, stride: 2, padding: [0, 1, 1, 0] }],
  ["conv3", 6, 4, { kernel: 3, padding: 1 }],
  ["conv4", 3, 7, { kernel: 2, stride: 2 }],
  ["conv5", 15, 4, { kernel: 1 }],
] as const satisfies readonly (readonly [string, number, number, ops.Conv2dOptions])[];
const NORMS = [5, 6, 97];

const TENSORS: Readonly<Record<string, Tensor>> = Object.fromEntries(
  [
    ...LINEAR.flatMap(
      ([name, inner, out]) =>
        [
          [`${name}.weight`, [out, inner]],
          [`${name}.bias`, [out]],
        ] as const,
    ),
    ...NORMS.flatMap(
      (width) =>
        [
          [`norm${width}.weight`, [width]],
          [`norm${width}.bias`, [width]],
        ] as const,
    ),
    ...CONVS.flatMap(
      ([name, channels, out, { kernel }]) =>
        [
          [`${name}.weight`, [out, channels, kernel, kernel]],
          [`${name}.bias`, [out]],
        ] as const,
    ),
    ["table.weight", [7, 9]] as const,
  ].map(([name, shape]) => [name, random(name, shape)]),
);

/** Numbers with few bits, the same for the same name: float16 holds them as they are. */
function random(name: string, shape: readonly number[]): Tensor {
  let state = [...name].reduce((sum, c) => Math.imul(sum, 31) + (c.codePointAt(0) as number), 17);
  const data = Float32Array.from({ length: elementCount(shape) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.round((state / 2 ** 31) * 400) / 256;
  });
  return { shape, data };
}

function safetensors(): Blob {
  const header: Record<string, unknown> = {};
  let offset = 0;
  for (const [name, { shape, data }] of Object.entries(TENSORS)) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  return new Blob([BigUint64Array.of(BigInt(json.length)), json, ...Object.values(TENSORS).map(({ data }) => data)]);
}

const at = (values: ArrayLike<number>, i: number) => values[i] as number;

function grid([m, n, p]: readonly [number, number, number], f: (i: number, j: number, k: number) => number): number[] {
  return Array.from({ length: m * n * p }, (_, i) => f(Math.floor(i / (n * p)), Math.floor(i / p) % n, i % p));
}

function chunks(values: Float32Array, size: number): number[][] {
  return Array.from({ length: values.length / size }, (_, i) => [...values.subarray(i * size, (i + 1) * size)]);
}

function normalize(row: readonly number[], eps: number): number[] {
  const mean = row.reduce((sum, y) => sum + y, 0) / row.length;
  const variance = row.reduce((sum, y) => sum + (y - mean) ** 2, 0) / row.length;
  return row.map((y) => (y - mean) / Math.sqrt(variance + eps));
}

/** a [rows, inner] times b [inner, columns], or times b^T where b is [columns, inner]. */
function matmul(
  a: Float32Array,
  b: Float32Array,
  rows: number,
  inner: number,
  columns: number,
  transposed: boolean,
): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum += (a[i * inner + k] as number) * (b[transposed ? j * inner + k : k * columns + j] as number);
    return sum;
  });
}

/** x [B, C, H, W]: torch.nn.functional.conv2d, zero-padded. */
function convolve(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  { kernel, stride = 1, padding = 0 }: ops.Conv2dOptions,
): number[] {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [top, left, bottom, right] = typeof padding === "number" ? [padding, padding, padding, padding] : padding;
  const size = (length: number, pads: number) => Math.floor((length + pads - kernel) / stride) + 1;
  const [rows, columns] = [size(height, top + bottom), size(width, left + right)];
  const out: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let o = 0; o < bias.data.length; o++) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          let sum = at(bias.data, o);
          for (let c = 0; c < channels; c++) {
            for (let u = 0; u < kernel; u++) {
              for (let v = 0; v < kernel; v++) {
                const [y, z] = [i * stride + u - top, j * stride + v - left];
                if (y < 0 || y >= height || z < 0 || z >= width) continue;
                const tap = at(weight.data, ((o * channels + c) * kernel + u) * kernel + v);
                sum += at(x.data, ((b * channels + c) * height + y) * width + z) * tap;
              }
            }
          }
          out.push(sum);
        }
      }
    }
  }
  return out;
}

/** By its Taylor series: the arguments here are below 2. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
