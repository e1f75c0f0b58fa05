import { openAsBlob } from "node:fs";
import { describe, expect, it } from "vitest";
import { type CanonicalTensor, canonicalChunks, describeCanonicalFile } from "../../workers/weights/canonical-file.ts";
import type { ByteReader } from "../../workers/weights/convert.ts";
import { sha256 } from "../../workers/weights/hash.ts";
import { CHUNK_BYTES } from "../../workers/weights/parse-bundle.ts";
import { readSafetensorsHeader } from "../../workers/weights/safetensors.ts";
import { asFloat32, WeightFiles } from "../../workers/weights/tensors.ts";

async function opened(file: string, blob: Blob) {
  const weights = await WeightFiles.open({ files: { [file]: blob } });
  const source = weights.component({ files: [file], prefix: "" });
  const tensors: CanonicalTensor[] = [...source.names()].map((name) => {
    const location = source.get(name);
    if (!location) throw new Error(name);
    return { name, shape: location.shape, location };
  });
  return { weights, tensors };
}

async function written(tensors: readonly CanonicalTensor[], weights: ByteReader) {
  const parts: Blob[] = [];
  for await (const chunk of canonicalChunks(tensors, weights)) parts.push(new Blob([chunk]));
  return { parts, blob: new Blob(parts) };
}

/** One tensor a name, F32 or half bits, as a checkpoint on its own. */
function inMemory(values: Record<string, Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>>) {
  const bytes = new Blob(Object.values(values));
  let offset = 0;
  const tensors = Object.entries(values).map(([name, array]) => {
    const { length, byteLength } = array;
    const dtype = array instanceof Float32Array ? "F32" : "F16";
    const location = { file: "f", dtype, shape: [length], offset, length: byteLength };
    offset += byteLength;
    return { name, shape: [length], location };
  });
  const reader = {
    readBytes: (l: { offset: number; length: number }, begin = 0, end = l.length) =>
      bytes.slice(l.offset + begin, l.offset + end).arrayBuffer(),
  };
  return { tensors, reader };
}

describe("canonical files", () => {
  it("are byte for byte what the reference library writes of fp16 tensors", async () => {
    const blob = await openAsBlob("public/models/mini/unet.safetensors");
    const { weights, tensors } = await opened("unet.safetensors", blob);
    const { blob: again } = await written(tensors.toReversed(), weights);
    expect(await sha256(await again.arrayBuffer())).toBe(await sha256(await blob.arrayBuffer()));
  });

  it("hold the values rounded to fp16, and are described before they are written", async () => {
    const blob = await openAsBlob("test/fixtures/01_modules/resampler/weights.safetensors");
    const { weights, tensors } = await opened("w.safetensors", blob);
    const { file, tensors: settled } = await describeCanonicalFile(tensors, weights);
    const { blob: made } = await written(tensors, weights);
    expect(settled).toEqual(tensors);
    expect(file).toMatchObject({ size: made.size, sha256: await sha256(await made.arrayBuffer()) });
    const { weights: read, tensors: stored } = await opened("made.safetensors", made);
    for (const { name, location } of tensors) {
      const other = stored.find((tensor) => tensor.name === name);
      if (!other) throw new Error(name);
      expect(other.location).toMatchObject({ dtype: "F16", shape: location.shape });
      const values = await weights.read(location);
      const halves = await read.read(other.location);
      const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - (halves[i] as number))), 0);
      expect(worst).toBeLessThan(2 ** -10);
    }
    // What is canonical stays as it is.
    expect((await describeCanonicalFile(stored, read)).file).toEqual(file);
  });

  it("keep a tensor in F32 that float16 cannot hold, and say which", async () => {
    const { tensors, reader } = inMemory({
      a: Float32Array.of(1, 2, 3),
      large: Float32Array.of(70_000, -1e-20),
      nothing: Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, 65_504),
    });
    const { file, tensors: settled } = await describeCanonicalFile(tensors, reader);
    expect(settled.filter(({ form }) => form === "F32").map(({ name }) => name)).toEqual(["large"]);
    const { blob } = await written(settled, reader);
    expect(blob.size).toBe(file.size);
    const { tensors: locations } = await readSafetensorsHeader("m", blob);
    // Larger elements first: every tensor is aligned to its own.
    expect([...locations].map(([name, { dtype }]) => [name, dtype])).toEqual([
      ["large", "F32"],
      ["a", "F16"],
      ["nothing", "F16"],
    ]);
    const large = locations.get("large");
    if (!large) throw new Error("lost");
    const bytes = await blob.slice(large.offset, large.offset + large.length).arrayBuffer();
    expect(asFloat32(large, bytes)).toEqual(Float32Array.of(70_000, -1e-20));
  });

  it("come in chunks whose hashes are those of the description", async () => {
    const { tensors, reader } = inMemory({ values: Uint16Array.from({ length: CHUNK_BYTES + 1000 }, (_, i) => i) });
    let told = 0;
    const { file } = await describeCanonicalFile(tensors, reader, { onBytes: (bytes) => (told += bytes) });
    const hashes: string[] = [];
    const sizes: number[] = [];
    for await (const chunk of canonicalChunks(tensors, reader)) {
      hashes.push(await sha256(chunk));
      sizes.push(chunk.byteLength);
    }
    expect(hashes).toEqual(file.chunks);
    expect(sizes.slice(0, -1)).toEqual([CHUNK_BYTES, CHUNK_BYTES]);
    expect(told).toBe(file.size);
  });

  it("stop when they are told to", async () => {
    const { tensors, reader } = inMemory({ values: new Float32Array(100) });
    const stopped = describeCanonicalFile(tensors, reader, { signal: AbortSignal.abort(new Error("stop")) });
    await expect(stopped).rejects.toThrow("stop");
  });
});
