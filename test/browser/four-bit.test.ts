/** Linear layers whose weights are in 4-bit blocks, against the numbers that the blocks stand for. */
import { expect, test } from "vitest";
import { Graph } from "../../workers/onnx/graph.ts";
import { cast, linear } from "../../workers/onnx/ops.ts";
import { type CanonicalTensor, canonicalChunks } from "../../workers/weights/canonical-file.ts";
import { fromFourBit, toFourBit } from "../../workers/weights/four-bit.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { precision } from "../support/precision.ts";
import { plain, runGraph } from "../support/run-graph.ts";

const LAYER = "gpt_model.decoder.layers.0";

function random(count: number, scale: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (Math.round((state / 2 ** 31) * 512) / 512) * scale;
  });
}

test.each([
  // 45 rows are a prompt; one is what a decoder that writes would have.
  [45, 64, 96],
  [1, 128, 33],
  [7, 2048, 40],
  [96, 2048, 64],
  [64, 8192, 32],
])("%i rows of %i numbers to %i", async (rows, inner, out) => {
  const [x, w, b] = [random(rows * inner, 1, 1), random(out * inner, 0.05, 2), random(out, 0.5, 3)];
  const blob = new Blob([w, b]);
  const tensors: CanonicalTensor[] = [
    {
      name: `${LAYER}.ffn.fc1.weight`,
      shape: [out, inner],
      location: { file: "f", dtype: "F32", shape: [out, inner], offset: 0, length: w.byteLength },
      form: "INT4",
    },
    {
      name: `${LAYER}.ffn.fc1.bias`,
      shape: [out],
      location: { file: "f", dtype: "F32", shape: [out], offset: w.byteLength, length: b.byteLength },
    },
  ];
  const reader = {
    readBytes: (l: { offset: number; length: number }, begin = 0, end = l.length) =>
      blob.slice(l.offset + begin, l.offset + end).arrayBuffer(),
  };
  const parts: Blob[] = [];
  for await (const chunk of canonicalChunks(tensors, reader)) parts.push(new Blob([chunk]));
  const weights = await WeightFiles.open({ files: { "w.safetensors": new Blob(parts) } });
  const g = new Graph("layer", weights.component({ files: ["w.safetensors"], prefix: "" }), plain);
  const input = cast(g, g.input("x", "float32", [1, rows, inner]), g.dtype);
  g.output(
    "y",
    cast(
      g,
      g.scope(LAYER, () => g.scope("ffn", () => linear(g, input, "fc1", out))),
      "float32",
    ),
  );
  expect(g.nodes.map(({ opType }) => opType)).toContain("MatMulNBits");
  const { y } = await runGraph(g, weights, { x });
  const blocks = toFourBit(w);
  if (!blocks || !y) throw new Error("no blocks");
  const numbers = fromFourBit(blocks);
  let off = 0;
  let squares = 0;
  for (let i = 0; i < rows * out; i++) {
    const [row, column] = [Math.floor(i / out), i % out];
    let sum = b[column] as number;
    for (let k = 0; k < inner; k++) sum += (x[row * inner + k] as number) * (numbers[column * inner + k] as number);
    off += ((y[i] as number) - sum) ** 2;
    squares += sum ** 2;
  }
  const relative = Math.sqrt(off / squares);
  console.info(`${precision} ${rows} x ${inner} x ${out}: relative error ${relative.toExponential(2)}`);
  expect(relative).toBeLessThan(precision === "fp16" ? 5e-4 : 1e-6);
});
