import { openAsBlob, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TensorLocation } from "../../workers/onnx/graph.ts";
import { convertTensors } from "../../workers/weights/convert.ts";
import { fromFloat16BitsByTable, toFloat16BitsByRounding } from "../../workers/weights/float16.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";

type Tensor = { dtype: string; shape: number[]; data: Float32Array | Uint16Array | BigInt64Array };

function safetensors(tensors: Record<string, Tensor>): Blob {
  const header: Record<string, unknown> = {};
  const parts: BlobPart[] = [];
  let begin = 0;
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [begin, begin + data.byteLength] };
    parts.push(data as BlobPart);
    begin += data.byteLength;
  }
  // An odd header length: offsets need no alignment.
  const text = JSON.stringify(header);
  const json = new TextEncoder().encode(text.padEnd(text.length + ((text.length + 1) % 2)));
  return new Blob([new BigUint64Array([BigInt(json.length)]), json, ...parts]);
}

const f32 = (shape: number[], data: number[]): Tensor => ({ dtype: "F32", shape, data: Float32Array.from(data) });
const f16 = (shape: number[], data: number[]): Tensor => ({
  dtype: "F16",
  shape,
  data: toFloat16BitsByRounding(Float32Array.from(data)),
});

/** Counts the bytes that are read through slices, and fails when the file is read whole. */
function watched(blob: Blob): { blob: Blob; reads: [number, number][] } {
  const reads: [number, number][] = [];
  const slice = blob.slice.bind(blob);
  blob.slice = (start = 0, end = blob.size) => {
    reads.push([start, end - start]);
    return slice(start, end);
  };
  blob.arrayBuffer = () => Promise.reject(new Error("the whole file was read"));
  return { blob, reads };
}

const at = (weights: WeightFiles, file: string, name: string) =>
  weights.component({ files: [file], prefix: "" }).get(name) as TensorLocation;

describe("WeightFiles", () => {
  it("reads the numbers that PyTorch wrote", async () => {
    const dir = "test/fixtures/01_modules/resampler";
    const weights = await WeightFiles.open({
      files: { "weights.safetensors": await openAsBlob(`${dir}/weights.safetensors`) },
    });
    const location = at(weights, "weights.safetensors", "img_connector.dense.bias");
    // By hand from the bytes of the file, without the code under test.
    const bytes = readFileSync(`${dir}/weights.safetensors`);
    const headerBytes = Number(bytes.readBigUInt64LE(0));
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerBytes)) as Record<string, { data_offsets: number[] }>;
    const begin = 8 + headerBytes + (header["img_connector.dense.bias"]?.data_offsets[0] as number);
    const expected = Array.from({ length: 96 }, (_, i) => bytes.readFloatLE(begin + 4 * i));
    expect([...(await weights.read(location))]).toEqual(expected);
    expect(expected.some((x) => x !== 0)).toBe(true);
  });

  it("gives a component its tensors by their official names, over several files", async () => {
    const weights = await WeightFiles.open({
      files: {
        "a.safetensors": safetensors({ "unet.conv_in.bias": f32([2], [1, 2]), "vae.x": f32([1], [5]) }),
        "b.safetensors": safetensors({ "unet.conv_out.bias": f32([1], [3]) }),
        "dict.txt": new Blob(["not weights"]),
      },
    });
    const unet = weights.component({ files: ["a.safetensors", "b.safetensors"], prefix: "unet." });
    expect([...unet.names()]).toEqual(["conv_in.bias", "conv_out.bias"]);
    expect(unet.get("conv_out.bias")).toMatchObject({ file: "b.safetensors", shape: [1] });
    expect(unet.get("x")).toBeUndefined();
    expect(() => weights.component({ files: ["dict.txt"], prefix: "" })).toThrow(/dict.txt is not a safetensors file/);
  });

  it("refuses a tensor that two files hold", async () => {
    const file = () => safetensors({ "w.bias": f32([1], [1]) });
    const weights = await WeightFiles.open({ files: { "a.safetensors": file(), "b.safetensors": file() } });
    expect(() => weights.component({ files: ["a.safetensors", "b.safetensors"], prefix: "w." })).toThrow(
      "Tensor w.bias is in a.safetensors and in b.safetensors",
    );
  });

  it("reads F32, F16 and BF16 as float32 and refuses the rest", async () => {
    const bf16: Tensor = { dtype: "BF16", shape: [2], data: Uint16Array.of(0x3f80, 0xc040) };
    const ids: Tensor = { dtype: "I64", shape: [1], data: BigInt64Array.of(7n) };
    const blob = safetensors({ a: f32([2], [0.1, -2]), b: f16([3], [0.5, -3, 65504]), c: bf16, d: ids });
    const weights = await WeightFiles.open({ files: { "m.safetensors": blob } });
    const read = (name: string) => weights.read(at(weights, "m.safetensors", name)).then((values) => [...values]);
    expect(await read("a")).toEqual([Math.fround(0.1), -2]);
    expect(await read("b")).toEqual([0.5, -3, 65504]);
    expect(await read("c")).toEqual([1, -3]);
    await expect(read("d")).rejects.toMatchObject({ code: "bad-bundle", message: expect.stringContaining("I64") });
  });

  it("says so when the stored bytes have gone", async () => {
    const blob = safetensors({ a: f32([2], [1, 2]) });
    const weights = await WeightFiles.open({ files: { "m.safetensors": blob } });
    blob.slice = () => new Blob([]);
    const short = weights.read(at(weights, "m.safetensors", "a"));
    await expect(short).rejects.toMatchObject({ code: "storage", message: expect.stringContaining("m.safetensors") });
    blob.slice = () => {
      throw new DOMException("The requested file could not be read", "NotReadableError");
    };
    await expect(weights.read(at(weights, "m.safetensors", "a"))).rejects.toMatchObject({ code: "storage" });
  });
});

describe("gatherRows", () => {
  const rows = 50_000;
  const width = 64;
  const value = (row: number, column: number) => ((row * 7 + column) % 2048) / 4;
  const data = Array.from({ length: rows * width }, (_, i) => value(Math.floor(i / width), i % width));

  it.each([
    ["F16", f16],
    ["F32", f32],
  ])("reads only the rows that are asked for, in their order (%s)", async (_, make) => {
    const { blob, reads } = watched(safetensors({ first: make([3], [1, 2, 3]), table: make([rows, width], data) }));
    const weights = await WeightFiles.open({ files: { "m.safetensors": blob } });
    const table = at(weights, "m.safetensors", "table");
    reads.length = 0;
    const ids = [49_999, 0, 1, 2, 25_000, 1, 25_001];
    const gathered = await weights.gatherRows(table, ids);
    expect(gathered.length).toBe(ids.length * width);
    for (const [i, id] of ids.entries()) {
      expect([...gathered.subarray(i * width, (i + 1) * width)]).toEqual(
        Array.from({ length: width }, (_, column) => value(id, column)),
      );
    }
    // Neighbours in one read: [0..2], [25000..25001], [49999].
    expect(reads.length).toBe(3);
    expect(reads.reduce((sum, [, length]) => sum + length, 0)).toBe((6 * table.length) / rows);
  });

  it("refuses rows that the table does not have", async () => {
    const blob = safetensors({ table: f32([2, 1], [1, 2]), bias: f32([2], [1, 2]) });
    const weights = await WeightFiles.open({ files: { "m.safetensors": blob } });
    const table = at(weights, "m.safetensors", "table");
    for (const id of [2, -1, 0.5, Number.NaN]) {
      await expect(weights.gatherRows(table, [0, id])).rejects.toMatchObject({ code: "wrong-shape" });
    }
    await expect(weights.gatherRows(at(weights, "m.safetensors", "bias"), [0])).rejects.toThrow(/table of rows/);
    expect(await weights.gatherRows(table, [])).toHaveLength(0);
  });
});

describe("convertTensors", () => {
  const converted = async (tensors: Record<string, Tensor>, dtype: "F16" | "F32") => {
    const weights = await WeightFiles.open({ files: { "m.safetensors": safetensors(tensors) } });
    const source = weights.component({ files: ["m.safetensors"], prefix: "" });
    const wanted = new Map([...source.names()].map((name) => [name, source.get(name) as TensorLocation]));
    return convertTensors(weights, wanted, dtype, "converted");
  };
  const values = async (blob: Blob, { offset, length, dtype }: TensorLocation) => {
    const bytes = await blob.slice(offset, offset + length).arrayBuffer();
    return [...(dtype === "F16" ? fromFloat16BitsByTable(new Uint16Array(bytes)) : new Float32Array(bytes))];
  };

  it("widens F16 and BF16 to F32 exactly, over chunk borders", async () => {
    const long = Array.from({ length: (1 << 20) + 3 }, (_, i) => (i % 1000) / 8);
    const { blob, locations, outOfRange } = await converted(
      { long: f16([(1 << 20) + 3], long), b: { dtype: "BF16", shape: [1, 1], data: Uint16Array.of(0x4049) } },
      "F32",
    );
    expect(outOfRange).toEqual([]);
    expect(locations.get("b")).toEqual({
      file: "converted",
      dtype: "F32",
      shape: [1, 1],
      offset: 4 * long.length,
      length: 4,
    });
    expect(blob.size).toBe(4 * long.length + 4);
    expect(await values(blob, locations.get("long") as TensorLocation)).toEqual(long);
    expect(await values(blob, locations.get("b") as TensorLocation)).toEqual([3.140625]);
  });

  it("rounds F32 to F16, and keeps in F32 and names what float16 cannot hold", async () => {
    const { blob, locations, outOfRange } = await converted(
      {
        fine: f32([3], [0.1, -65504, Number.POSITIVE_INFINITY]),
        "mid.norm.weight": f32([2], [1, 70000]),
        after: f32([1], [2]),
      },
      "F16",
    );
    expect(outOfRange).toEqual(["mid.norm.weight"]);
    expect(await values(blob, locations.get("fine") as TensorLocation)).toEqual([
      0.0999755859375,
      -65504,
      Number.POSITIVE_INFINITY,
    ]);
    expect(locations.get("mid.norm.weight")).toMatchObject({ dtype: "F32", offset: 6, length: 8 });
    expect(await values(blob, locations.get("mid.norm.weight") as TensorLocation)).toEqual([1, 70000]);
    expect(await values(blob, locations.get("after") as TensorLocation)).toEqual([2]);
  });
});
