import { openAsBlob } from "node:fs";
import { describe, expect, it } from "vitest";
import { EngineFault } from "../../workers/faults.ts";
import { readSafetensorsHeader } from "../../workers/weights/safetensors.ts";

/** A safetensors file of this header (an object, or text as it is) and so many bytes of data. */
function file(header: unknown, dataBytes = 0): Blob {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(json.length), true);
  return new Blob([length.buffer, json, new Uint8Array(dataBytes)]);
}

const f32 = (shape: number[], begin: number, end: number) => ({ dtype: "F32", shape, data_offsets: [begin, end] });

describe("readSafetensorsHeader", () => {
  it("finds every tensor of a file that the reference library wrote", async () => {
    const blob = await openAsBlob("test/fixtures/01_modules/resampler/weights.safetensors");
    const { tensors } = await readSafetensorsHeader("weights.safetensors", blob);
    const headerBytes = new DataView(await blob.slice(0, 8).arrayBuffer()).getUint32(0, true);
    const bytes = [...tensors.values()].reduce((sum, t) => sum + t.length, 0);
    expect(bytes).toBe(blob.size - 8 - headerBytes);
    const query = tensors.get("img_connector.latent_query");
    expect(query).toMatchObject({ file: "weights.safetensors", dtype: "F32", shape: [8, 96], length: 8 * 96 * 4 });
  });

  it("gives absolute byte offsets in the order of the file, empty tensors and scalars included", async () => {
    const header = `${JSON.stringify({
      __metadata__: { format: "pt" },
      b: f32([2, 2], 4, 20),
      scalar: f32([], 0, 4),
      empty: f32([0, 3], 20, 20),
    })}   `;
    const { tensors, metadata } = await readSafetensorsHeader("m.safetensors", file(header, 20));
    const start = 8 + header.length;
    expect([...tensors]).toEqual([
      ["scalar", { file: "m.safetensors", dtype: "F32", shape: [], offset: start, length: 4 }],
      ["b", { file: "m.safetensors", dtype: "F32", shape: [2, 2], offset: start + 4, length: 16 }],
      ["empty", { file: "m.safetensors", dtype: "F32", shape: [0, 3], offset: start + 20, length: 0 }],
    ]);
    expect(metadata).toEqual(new Map([["format", "pt"]]));
  });

  it("reads nothing but the header", async () => {
    const blob = file({ a: f32([1 << 20], 0, 4 << 20) }, 4 << 20);
    let read = 0;
    const slice = blob.slice.bind(blob);
    blob.slice = (start = 0, end = blob.size) => {
      read += end - start;
      return slice(start, end);
    };
    blob.arrayBuffer = () => Promise.reject(new Error("the whole file was read"));
    await readSafetensorsHeader("m", blob);
    expect(read).toBeLessThan(200);
  });

  const hugeLength = new Blob([new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 123, 125])]);
  it.each<[string, Blob, RegExp]>([
    ["no bytes", new Blob([]), /not a safetensors file/],
    ["a header longer than any", hugeLength, /header would have 18446744073709552000 bytes/],
    ["a header past the end", new Blob([file({}).slice(0, 8), "{"]), /cut off inside the header/],
    ["no JSON", file("not json"), /its header is not JSON/],
    ["bytes that are no UTF-8", new Blob([new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe])]), /not JSON/],
    ["a list", file("[]"), /not a JSON object/],
    ["null", file("null"), /not a JSON object/],
    ["overlapping tensors", file({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), /tensor b: overlaps/],
    ["the same bytes twice", file({ a: f32([2], 0, 8), b: f32([2], 0, 8) }, 8), /tensor b: overlaps/],
    ["a hole", file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), /tensor b: 4 bytes before it/],
    ["bytes left over", file({ a: f32([1], 0, 4) }, 9), /5 bytes at the end/],
    ["a negative offset", file({ a: f32([1], -4, 0) }, 4), /tensor a: its data_offsets/],
    ["minus zero", file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[-0,4]}}', 4), /tensor a: its data_offsets/],
    ["a backward range", file({ a: f32([1], 4, 0) }, 4), /tensor a: its data_offsets \[4, 0\] run backwards/],
    ["a tensor past the end", file({ a: f32([4], 0, 16) }, 12), /tensor a: ends at byte \d+, but the file has \d+/],
    [
      "an offset that is no number",
      file({ a: { ...f32([1], 0, 4), data_offsets: ["0", 4] } }, 4),
      /tensor a: .*offsets/,
    ],
    ["three offsets", file({ a: { ...f32([1], 0, 4), data_offsets: [0, 4, 8] } }, 8), /tensor a: .*offsets/],
    ["a fractional size", file({ a: f32([0.5], 0, 2) }, 2), /tensor a: its shape/],
    ["a negative size", file({ a: f32([-1, -1], 0, 4) }, 4), /tensor a: its shape/],
    ["bytes that do not fit the shape", file({ a: f32([3], 0, 8) }, 8), /tensor a: F32 of shape \[3\] has 12 bytes/],
    ["a shape whose product overflows", file({ a: f32([2 ** 40, 2 ** 40], 0, 8) }, 8), /tensor a: F32 of shape/],
    ["an unknown dtype", file({ a: { ...f32([1], 0, 4), dtype: "F128" } }, 4), /tensor a: unknown dtype F128/],
    ["a dtype of Object's", file({ a: { ...f32([1], 0, 4), dtype: "toString" } }, 4), /tensor a: unknown dtype/],
    ["an entry that is no object", file({ a: 1 }), /tensor a: its entry/],
    [
      "a tensor named twice",
      file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
      /tensor a: the header names this twice/,
    ],
    [
      "a tensor named twice, once escaped",
      file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{}}'),
      /tensor a: the header names this twice/,
    ],
    [
      "a field twice",
      file('{"a":{"dtype":"U8","dtype":"F32","shape":[0],"data_offsets":[0,0]}}'),
      /tensor dtype: .*twice/,
    ],
    [
      "__proto__",
      file('{"__proto__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
      /tensor __proto__: not a tensor's name/,
    ],
    ["constructor", file('{"constructor":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'), /not a tensor's name/],
    ["metadata that is no text", file({ __metadata__: { a: 1 } }), /__metadata__/],
  ])("refuses %s", async (_, blob, message) => {
    const error = await readSafetensorsHeader("m.safetensors", blob).then(
      () => undefined,
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(EngineFault);
    expect(error).toMatchObject({ code: "bad-bundle", message: expect.stringMatching(message) });
    expect((error as Error).message).toMatch(/^m\.safetensors/);
  });

  it("keeps a stranger's name in a message short and printable", async () => {
    const name = `\u0007${"x".repeat(5000)}`;
    await expect(readSafetensorsHeader("m", file({ [name]: 1 }))).rejects.toThrow(/^m, tensor \\u0007x{100,120}…: /);
  });
});
