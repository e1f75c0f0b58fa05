import { openAsBlob } from "node:fs";
import { gzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { EngineFault } from "../../workers/faults.ts";
import { openCheckpoint, shardIndex } from "../../workers/weights/checkpoint-file.ts";
import { joined, latin1, numbers, SparseBlob, seeded } from "./weights-sparse-file.ts";

function safetensors(header: object, dataBytes: number): SparseBlob {
  const json = latin1(JSON.stringify(header));
  return new SparseBlob([joined(numbers([json.length, 8]), json), dataBytes]);
}

describe("openCheckpoint", () => {
  it("knows each format by its content", async () => {
    const formats: [string, string][] = [
      ["test/fixtures/01_modules/resampler/weights.safetensors", "safetensors"],
      ["test/fixtures/12_checkpoints/kinds_zip.pt", "torch-zip"],
      ["test/fixtures/12_checkpoints/kinds_legacy.pt", "torch-legacy"],
    ];
    for (const [path, format] of formats) {
      const checkpoint = await openCheckpoint("a.picture.png", await openAsBlob(path));
      expect(checkpoint.format).toBe(format);
      expect(checkpoint.tensors.size).toBeGreaterThan(0);
    }
  });

  it("reads a few ranges of a large safetensors file", async () => {
    const bytes = 7 * 2 ** 30;
    const f16 = { dtype: "F16", shape: [bytes / 2], data_offsets: [0, bytes] };
    const blob = safetensors({ __metadata__: { format: "pt" }, w: f16 }, bytes);
    const { tensors, metadata } = await openCheckpoint("m.safetensors", blob);
    expect(tensors.get("w")).toMatchObject({ dtype: "F16", length: bytes });
    expect(metadata).toEqual(new Map([["format", "pt"]]));
    expect(blob.bytesRead).toBeLessThan(2000);
  });

  it.each(["F32", "F16", "BF16"])("reads %s from safetensors", async (dtype) => {
    const width = dtype === "F32" ? 4 : 2;
    const blob = safetensors({ w: { dtype, shape: [3], data_offsets: [0, 3 * width] } }, 3 * width);
    expect((await openCheckpoint("m", blob)).tensors.get("w")?.dtype).toBe(dtype);
  });

  const tar = joined(new Uint8Array(257), "ustar", new Uint8Array(250));
  it.each<[string, Uint8Array<ArrayBuffer> | string, RegExp]>([
    ["no bytes", "", /empty; fetch the file again/],
    ["zeros", new Uint8Array(5000), /unfinished download/],
    ["a web page", "\n<!DOCTYPE html><html><head>", /a web page/],
    ["a web page without doctype", '<html lang="en">', /a web page/],
    [
      "a git-lfs pointer",
      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n",
      /git-lfs pointer.*git lfs pull/,
    ],
    ["a git-annex pointer", "/annex/objects/SHA256E-s7--00.pt\n", /git-annex pointer.*git annex get/],
    ["a git-annex link as text", "../.git/annex/objects/aa/bb/SHA256E-s7--00.pt", /git-annex pointer/],
    ["gzip", gzipSync(latin1("hello")) as Uint8Array<ArrayBuffer>, /gzip; unpack/],
    ["bzip2", "BZh91AY&SY", /bzip2; unpack/],
    ["zstd", "\x28\xb5\x2f\xfd\x00", /zstd; unpack/],
    ["tar", tar, /tar, or a checkpoint from before PyTorch 0\.1\.10/],
    ["an empty zip archive", joined("PK\x05\x06", new Uint8Array(18)), /an empty zip archive/],
    ["GGUF", "GGUF\x03\x00\x00\x00", /GGUF, whose quantised weights/],
    ["ONNX", "\x08\x08\x12\x07pytorch\x1a\x052.1.0", /ONNX/],
    ["HDF5", "\x89HDF\r\n\x1a\n", /HDF5/],
    ["a picture", "\x89PNG\r\n\x1a\n", /a picture \(PNG\)/],
    ["a photo", "\xff\xd8\xff\xe0\x00\x10JFIF", /a picture \(JPEG\)/],
    ["JSON", '{"weight_map": {}}', /JSON; an index belongs beside/],
    ["text", "Access to this model is restricted.", /text/],
    ["anything else", "\xde\xad\xbe\xef\x00\x01\x02\x03\xff", /neither safetensors nor/],
    ["a plain pickle", "\x80\x02}.", /not one by torch\.save/],
    ["a pickle of protocol 9", "\x80\x09}.", /neither safetensors nor/],
    ["safetensors that are cut", joined(numbers([50, 8]), '{"a'), /cut off inside the header/],
    ["a zip archive that is cut", "PK\x03\x04\x00\x00\x00\x00\x00\x00", /cut off/],
  ])("refuses %s and says what it is", async (_, bytes, message) => {
    const blob = new Blob([typeof bytes === "string" ? latin1(bytes) : bytes]);
    const error = await openCheckpoint("model.ckpt", blob).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EngineFault);
    expect(error).toMatchObject({ code: "bad-bundle", message: expect.stringMatching(message) });
    expect((error as Error).message).toMatch(/^model\.ckpt/);
  });

  it("meets bytes by chance with its own error", async () => {
    const random = seeded(4);
    const starts = [
      "",
      "PK\x03\x04",
      "\x80\x02",
      "\x80\x04\x95",
      "\x20\x00\x00\x00\x00\x00\x00\x00{",
      "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
    ];
    for (let i = 0; i < 1500; i++) {
      const noise = Uint8Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256));
      const blob = new Blob([joined(starts[i % starts.length] as string, noise)]);
      await expect(openCheckpoint("m", blob)).rejects.toThrow(EngineFault);
    }
  });
});

describe("shardIndex", () => {
  it("gives the file of each tensor", () => {
    const map = { "a.weight": "model-00001-of-00002.safetensors", "b.weight": "model-00002-of-00002.safetensors" };
    expect([...shardIndex({ metadata: { total_size: 8 }, weight_map: map })]).toEqual(Object.entries(map));
  });

  it.each<[string, unknown, RegExp]>([
    ["null", null, /The index of the model's files/],
    ["a list", [], /weight_map/],
    ["no map", {}, /weight_map/],
    ["an empty map", { weight_map: {} }, /weight_map: names no tensor/],
    ["a file in a folder above", { weight_map: { "a.b": "../model.bin" } }, /weight_map, a\.b: not a plain file name/],
    ["an address", { weight_map: { a: "https://example.org/model.bin" } }, /weight_map, a: not a plain file name/],
    ["a hidden file", { weight_map: { a: ".git" } }, /not a plain file name/],
    ["a number", { weight_map: { a: 1 } }, /weight_map, a/],
  ])("refuses %s", (_, json, message) => {
    expect(() => shardIndex(json)).toThrow(EngineFault);
    expect(() => shardIndex(json)).toThrow(message);
  });
});
