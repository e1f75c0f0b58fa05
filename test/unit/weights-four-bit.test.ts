import { openAsBlob } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TensorLocation } from "../../workers/onnx/graph.ts";
import { type CanonicalTensor, canonicalChunks, describeCanonicalFile } from "../../workers/weights/canonical-file.ts";
import type { ByteReader } from "../../workers/weights/convert.ts";
import { fromFloat16Bits, toFloat16Bits } from "../../workers/weights/float16.ts";
import {
  BLOCK,
  type Blocks,
  fourBitBytes,
  fromFourBit,
  joinFourBit,
  mayBeFourBit,
  relativeError,
  toFourBit,
} from "../../workers/weights/four-bit.ts";
import { sha256 } from "../../workers/weights/hash.ts";
import { readSafetensorsHeader } from "../../workers/weights/safetensors.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";

/** Normally distributed, the same for the same seed. */
function normal(count: number, deviation: number, seed = 1): Float32Array<ArrayBuffer> {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 0) + 1) / 2 ** 32;
  };
  return Float32Array.from(
    { length: count },
    () => deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
}

function blocksOf(values: Float32Array): Blocks {
  const blocks = toFourBit(values);
  if (!blocks) throw new Error("does not fit");
  return blocks;
}

describe("4-bit blocks", () => {
  it("are off by half a step at most, beyond the last step by what is cut off; the error is that of what comes back", () => {
    const values = normal(64 * BLOCK, 0.02);
    const blocks = blocksOf(values);
    const back = fromFourBit(blocks);
    const scales = fromFloat16Bits(blocks.scales);
    let difference = 0;
    let squares = 0;
    values.forEach((value, i) => {
      const scale = Math.abs(scales[Math.floor(i / BLOCK)] as number);
      const off = Math.abs(value - (back[i] as number));
      const q = Math.abs(value / scale);
      // 7 or 8 are the last steps: the scale's sign says which.
      expect(off, `${i}`).toBeLessThanOrEqual((Math.max(0.5, q - 7) + 1e-6) * scale);
      difference += off ** 2;
      squares += value ** 2;
    });
    expect(blocks.difference / difference).toBeCloseTo(1, 6);
    expect(blocks.squares / squares).toBeCloseTo(1, 6);
  });

  it("lose 8.1 % of normally distributed numbers, which is less than the largest number over -8 alone loses", () => {
    const values = normal(4096 * BLOCK, 0.02);
    let difference = 0;
    let squares = 0;
    for (let start = 0; start < values.length; start += BLOCK) {
      const block = values.subarray(start, start + BLOCK);
      const largest = block.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
      for (const value of block) {
        const q = Math.max(-8, Math.min(7, Math.round(value / (largest / -8))));
        difference += (value - (q * largest) / -8) ** 2;
        squares += value ** 2;
      }
    }
    const plain = relativeError({ difference, squares });
    expect(plain).toBeGreaterThan(0.085);
    expect(plain).toBeLessThan(0.087);
    const searched = relativeError(blocksOf(values));
    expect(searched).toBeGreaterThan(0.08);
    expect(searched).toBeLessThan(0.082);
  });

  it("lose 8.2 % of the mini's own GPT", async () => {
    const weights = await WeightFiles.open({
      files: { "m.safetensors": await openAsBlob("public/models/mini/kosmosg.safetensors") },
    });
    const tensors = weights.component({ files: ["m.safetensors"], prefix: "" });
    let error = { difference: 0, squares: 0 };
    let matrices = 0;
    for (const name of tensors.names()) {
      const location = tensors.get(name) as TensorLocation;
      if (!mayBeFourBit(name, location.shape)) continue;
      const { difference, squares } = blocksOf(await weights.read(location));
      error = { difference: error.difference + difference, squares: error.squares + squares };
      matrices++;
    }
    expect(matrices % 6).toBe(0);
    expect(matrices).toBeGreaterThan(0);
    expect(relativeError(error)).toBeCloseTo(0.082, 3);
  });

  it("hold sixteen even steps exactly, whichever sign the longer side has", () => {
    for (const sign of [1, -1]) {
      const values = Float32Array.from({ length: BLOCK }, (_, i) => sign * ((i % 16) - 8) * 0.25);
      expect(fromFourBit(blocksOf(values))).toEqual(values);
      expect(blocksOf(values).difference).toBe(0);
    }
  });

  it("have the first number in the lower half of the first byte, as MatMulNBits reads them", () => {
    const values = new Float32Array(BLOCK);
    values[0] = -8;
    values[1] = 7;
    const { packed, scales } = blocksOf(values);
    expect(fromFloat16Bits(scales)).toEqual(Float32Array.of(1));
    expect([...packed]).toEqual([0xf0, ...new Array(15).fill(0x88)]);
  });

  it("of nothing but zeros are zeros and lose nothing", () => {
    const { packed, scales, difference, squares } = blocksOf(new Float32Array(2 * BLOCK));
    expect([...scales]).toEqual([0, 0]);
    expect(new Set(packed)).toEqual(new Set([0x88]));
    expect({ difference, squares }).toEqual({ difference: 0, squares: 0 });
    expect(relativeError({ difference, squares })).toBe(0);
  });

  it("of numbers below float16 become zeros, and the error says so", () => {
    const values = new Float32Array(BLOCK).fill(1e-9);
    const blocks = blocksOf(values);
    expect(new Set(fromFourBit(blocks))).toEqual(new Set([0]));
    expect(relativeError(blocks)).toBe(1);
  });

  it.each([
    ["infinity", Number.POSITIVE_INFINITY],
    ["minus infinity", Number.NEGATIVE_INFINITY],
    ["NaN", Number.NaN],
    ["what float16 does not reach", 70_000],
    ["what squares beyond float32", -3e38],
  ])("are refused for %s, wherever it stands", (_, bad) => {
    for (const at of [0, 17, 2 * BLOCK - 1]) {
      const values = normal(2 * BLOCK, 0.02);
      values[at] = bad;
      expect(toFourBit(values)).toBeUndefined();
    }
    const large = normal(BLOCK, 0.02);
    large[3] = -57_000;
    expect(toFourBit(large)).toBeDefined();
  });
});

const MATRIX = "gpt_model.decoder.layers.0.ffn.fc1.weight";

function checkpoint(tensors: Record<string, { shape: number[]; values: Float32Array<ArrayBuffer> }>, dtype = "F32") {
  const data = Object.entries(tensors).map(([name, { shape, values }]) => {
    const words = Uint32Array.from(new Uint32Array(values.buffer), (word) => word >>> 16);
    const bytes = { F32: values, F16: toFloat16Bits(values), BF16: Uint16Array.from(words) }[dtype];
    if (!bytes) throw new Error(dtype);
    return { name, shape, bytes };
  });
  let offset = 0;
  const found: CanonicalTensor[] = data.map(({ name, shape, bytes }) => {
    const location = { file: "f", dtype, shape, offset, length: bytes.byteLength };
    offset += bytes.byteLength;
    return { name, shape, location, form: mayBeFourBit(name, shape) ? "INT4" : "F16" };
  });
  const blob = new Blob(data.map(({ bytes }) => bytes));
  const reader: ByteReader = {
    readBytes: (l, begin = 0, end = l.length) => blob.slice(l.offset + begin, l.offset + end).arrayBuffer(),
  };
  return { tensors: found, reader };
}

async function written(tensors: readonly CanonicalTensor[], reader: ByteReader): Promise<Blob> {
  const parts: Blob[] = [];
  for await (const chunk of canonicalChunks(tensors, reader)) parts.push(new Blob([chunk]));
  return new Blob(parts);
}

/** Numbers that fp16 and bf16 both hold. */
const exact = (values: Float32Array<ArrayBuffer>) =>
  Float32Array.from(values, (value) => Math.round(value * 2 ** 11) / 2 ** 11);

describe("canonical files with 4-bit blocks", () => {
  // More than is read at once, and bytes that pass a chunk's end.
  const shape = [2 ** 11 + 3, 2 ** 10];
  const values = exact(normal((shape[0] as number) * (shape[1] as number), 0.02));
  const layer = {
    [MATRIX]: { shape, values },
    "gpt_model.decoder.layer_norm.weight": { shape: [5], values: normal(5, 1) },
  };

  it("hold numbers, scales and error of a matrix, and say how to read them", async () => {
    const { tensors, reader } = checkpoint(layer);
    const { file, error } = await describeCanonicalFile(tensors, reader);
    const blob = await written(tensors, reader);
    expect(file).toMatchObject({ size: blob.size, sha256: await sha256(await blob.arrayBuffer()) });
    const { tensors: stored, metadata } = await readSafetensorsHeader("w", blob);
    expect([...stored].map(([name, { dtype, shape }]) => [name, dtype, shape])).toEqual([
      ["gpt_model.decoder.layer_norm.weight", "F16", [5]],
      [MATRIX, "U8", [shape[0], 32, 16]],
      [`${MATRIX}.scales`, "F16", [shape[0], 32]],
      [`${MATRIX}.error`, "F32", [2]],
    ]);
    expect(metadata.get("four_bit")).toContain("MatMulNBits");
    const lengths = [...stored].filter(([name]) => name.startsWith(MATRIX)).map(([, { length }]) => length);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(fourBitBytes(values.length));

    const weights = await WeightFiles.open({ files: { "w.safetensors": blob } });
    const location = weights.component({ files: ["w.safetensors"], prefix: "" }).get(MATRIX);
    if (location?.dtype !== "INT4" || !("scales" in location)) throw new Error("no blocks");
    const blocks = blocksOf(values);
    const scales = location.scales as TensorLocation;
    expect(await sha256(await weights.readBytes(location))).toBe(await sha256(blocks.packed));
    expect(await sha256(await weights.readBytes(scales))).toBe(await sha256(blocks.scales.buffer));
    expect(error && relativeError(error)).toBeCloseTo(relativeError(blocks), 6);
  });

  it("are the same bytes whatever the numbers came in, and stay them when they are read again", async () => {
    const hashes = new Set<string>();
    for (const dtype of ["F32", "F16", "BF16"]) {
      const { tensors, reader } = checkpoint({ [MATRIX]: { shape, values } }, dtype);
      hashes.add((await describeCanonicalFile(tensors, reader)).file.sha256);
    }
    const { tensors, reader } = checkpoint({ [MATRIX]: { shape, values } });
    const first = await describeCanonicalFile(tensors, reader);
    const weights = await WeightFiles.open({ files: { "w.safetensors": await written(tensors, reader) } });
    const source = weights.component({ files: ["w.safetensors"], prefix: "" });
    const again = await describeCanonicalFile(
      [...source.names()].map((name) => ({ name, shape, location: source.get(name) as TensorLocation, form: "F16" })),
      weights,
    );
    hashes.add(again.file.sha256);
    expect(hashes).toEqual(new Set([first.file.sha256]));
    expect(again.error).toEqual(first.error);
  });

  it("keep a matrix with other than finite numbers as float16 has it, and the others in blocks", async () => {
    const broken = exact(normal(4 * BLOCK, 0.02));
    broken[5] = Number.NaN;
    const other = MATRIX.replace("fc1", "fc2");
    const { tensors, reader } = checkpoint({
      [MATRIX]: { shape: [4, BLOCK], values: broken },
      [other]: { shape: [4, BLOCK], values: exact(normal(4 * BLOCK, 0.02)) },
      "gpt_model.decoder.layers.1.ffn.fc1.weight": { shape: [1, BLOCK], values: new Float32Array(BLOCK).fill(1e6) },
    });
    const { tensors: settled, file } = await describeCanonicalFile(tensors, reader);
    expect(settled.map(({ form }) => form)).toEqual(["F16", "INT4", "F32"]);
    const blob = await written(settled, reader);
    expect(await sha256(await blob.arrayBuffer())).toBe(file.sha256);
  });
});

describe("what may stand in 4-bit blocks", () => {
  it("is a linear layer of the GPT whose rows are whole blocks", () => {
    expect(mayBeFourBit(MATRIX, [8, 64])).toBe(true);
    expect(mayBeFourBit(MATRIX.replace("ffn.fc1", "self_attn.out_proj"), [8, 64])).toBe(true);
    expect(mayBeFourBit(MATRIX, [8, 48])).toBe(false);
    expect(mayBeFourBit(MATRIX.replace("weight", "bias"), [64])).toBe(false);
    expect(mayBeFourBit("gpt_model.decoder.embed_tokens.weight", [64007, 128])).toBe(false);
    expect(mayBeFourBit("aligner.encoder.layers.0.ffn.fc1.weight", [8, 64])).toBe(false);
  });

  const at = (dtype: string, shape: readonly number[]): TensorLocation => ({
    file: "f",
    dtype,
    shape,
    offset: 0,
    length: 1,
  });
  const matrix = {
    [MATRIX]: at("U8", [8, 2, 16]),
    [`${MATRIX}.scales`]: at("F16", [8, 2]),
    [`${MATRIX}.error`]: at("F32", [2]),
  };

  it("is found by its three tensors", () => {
    const joined = joinFourBit(new Map(Object.entries(matrix)));
    expect([...joined.keys()]).toEqual([MATRIX]);
    expect(joined.get(MATRIX)).toMatchObject({ dtype: "INT4", shape: [8, 64], scales: { shape: [8, 2] } });
  });

  it.each([
    ["other scales", { [`${MATRIX}.scales`]: at("F16", [8, 3]) }],
    ["scales of another type", { [`${MATRIX}.scales`]: at("F32", [8, 2]) }],
    ["another block", { [MATRIX]: at("U8", [8, 2, 32]) }],
    ["another type", { [MATRIX]: at("I8", [8, 2, 16]) }],
    ["an error of another shape", { [`${MATRIX}.error`]: at("F32", [3]) }],
  ])("is not what only looks like it: %s", (_, change) => {
    const tensors = new Map(Object.entries({ ...matrix, ...change }));
    expect(joinFourBit(tensors)).toEqual(tensors);
  });

  it("is no other network's matrix, and none without its error", () => {
    const unet = new Map(
      Object.entries(matrix).map(([name, location]) => [name.replace("gpt_model", "unet"), location]),
    );
    expect(joinFourBit(unet)).toEqual(unet);
    const { [`${MATRIX}.error`]: _, ...rest } = matrix;
    expect(joinFourBit(new Map(Object.entries(rest))).get(MATRIX)?.dtype).toBe("U8");
  });
});
