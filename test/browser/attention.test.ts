import { describe, expect, test } from "vitest";
import { attention } from "../../workers/onnx/attention.ts";
import { Graph, type GraphOptions } from "../../workers/onnx/graph.ts";
import { cast } from "../../workers/onnx/ops.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { type AttentionCase, attentionReference, noise, padding } from "../support/attention-reference.ts";
import { dtype, expectClose, plain, runGraph } from "../support/run-graph.ts";

const CASES: readonly AttentionCase[] = [
  { name: "self", batch: 2, queries: 70, keys: 70, heads: 2, headDim: 40 },
  { name: "cross", batch: 1, queries: 64, keys: 77, heads: 3, headDim: 12 },
  { name: "one query", batch: 2, queries: 1, keys: 5, heads: 2, headDim: 8 },
  { name: "causal", batch: 2, queries: 33, keys: 33, heads: 2, headDim: 10, causal: true },
  { name: "padded", batch: 3, queries: 10, keys: 27, heads: 4, headDim: 12, kept: [27, 20, 3] },
  { name: "causal and padded", batch: 2, queries: 9, keys: 9, heads: 1, headDim: 16, causal: true, kept: [9, 4] },
];

const rowBytes = (keys: number) => keys * (dtype === "float16" ? 2 : 4);

/** Limits in score rows: everything in one; some heads at a time; one head; a few query rows; one. */
const cuts = ({ queries, keys, heads }: AttentionCase): (readonly [string, number])[] => [
  ["whole", 2 ** 30],
  ["by batch", rowBytes(keys) * queries * heads],
  ["by head", rowBytes(keys) * queries],
  ["by 7 rows", rowBytes(keys) * Math.min(7, queries)],
  ["by row", rowBytes(keys)],
];

describe("plain attention is softmax(q k^T / sqrt(d) + mask) v, however it is cut", () => {
  test.each(CASES)("$name", async (one) => {
    const { batch, queries, keys, heads, headDim } = one;
    const qShape = [batch, queries, heads * headDim];
    const kShape = [batch, keys, heads * headDim];
    const feeds = { q: noise(1, qShape), k: noise(2, kShape), v: noise(3, kShape), mask: padding(one) };
    const limits = { ...plain };
    const g = new Graph("attention", { get: () => undefined, names: () => [] }, limits);
    const input = (name: string, shape: readonly number[]) => cast(g, g.input(name, "float32", shape), g.dtype);
    const [q, k, v] = [input("q", qShape), input("k", kShape), input("v", kShape)];
    const mask = one.kept && input("mask", [batch, 1, 1, keys]);
    const options = { heads, causal: one.causal ?? false, ...(mask && { mask }) };
    const pieces: number[] = [];
    for (const [name, maxBufferBytes] of cuts(one)) {
      limits.maxBufferBytes = maxBufferBytes;
      const before = g.nodes.length;
      g.output(name, cast(g, attention(g, q, k, v, options), "float32"));
      pieces.push(g.nodes.slice(before).filter((node) => node.opType === "Softmax").length);
    }
    const rows = batch * heads * queries;
    expect(pieces).toEqual([1, batch, batch * heads, batch * heads * Math.ceil(queries / Math.min(7, queries)), rows]);
    const results = await runGraph(g, await WeightFiles.open({ files: {} }), feeds);
    const expected = { shape: qShape, data: attentionReference(one, feeds.q, feeds.k, feeds.v) };
    for (const [name] of cuts(one)) expectClose(`attention ${one.name}, ${name}`, results[name], expected, 2e-6);
  });
});

test("fused attention falls back to the plain form where the kernel does not fit", () => {
  const fused: GraphOptions = { ...plain, attention: "fused" };
  const kernels = (width: number) => {
    const g = new Graph("attention", { get: () => undefined, names: () => [] }, fused);
    const x = g.input("x", g.dtype, [1, 9, width]);
    attention(g, x, x, x, { heads: 1 });
    return g.nodes.some((node) => node.opType === "MultiHeadAttention");
  };
  expect([40, 160, 10, 512].map(kernels)).toEqual([true, true, false, false]);
});
