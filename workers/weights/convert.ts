/** Tensors in another precision: what a device without shader-f16, or an fp32 VAE decoder, reads instead of the file. */
import type { TensorLocation } from "../onnx/graph.ts";
import { overflowsFloat16, toFloat16Bits } from "./float16.ts";
import { asFloat32, elementBytes } from "./tensors.ts";

/** Reads the bytes `begin` to `end` of a tensor, all by default. WeightFiles is one. */
export interface ByteReader {
  readBytes(location: TensorLocation, begin?: number, end?: number): Promise<ArrayBuffer>;
}

export interface ConvertedTensors {
  /** All tensors one after another, little-endian. */
  blob: Blob;
  /** Where `blob` holds each; `file` is the name that was asked for. */
  locations: Map<string, TensorLocation>;
  /** Tensors with finite values that float16 cannot hold: these were written as F32. */
  outOfRange: string[];
}

/** 4 MiB of float32: the most that is in memory at once, beside its source and its result. */
const CHUNK_ELEMENTS = 1 << 20;

/**
 * Writes tensors in another dtype into a Blob, chunk by chunk. To F16 rounds to nearest, ties to even.
 * @param tensors F32, F16 or BF16, by name
 * @param file name that the new locations carry
 */
export async function convertTensors(
  weights: ByteReader,
  tensors: ReadonlyMap<string, TensorLocation>,
  dtype: "F16" | "F32",
  file: string,
): Promise<ConvertedTensors> {
  const parts: Blob[] = [];
  const locations = new Map<string, TensorLocation>();
  const outOfRange: string[] = [];
  let offset = 0;
  for (const [name, source] of tensors) {
    const halves = dtype === "F16" ? await toFloat16(weights, source) : undefined;
    if (dtype === "F16" && !halves) outOfRange.push(name);
    const converted = halves ?? (await toFloat32(weights, source));
    parts.push(converted);
    locations.set(name, {
      file,
      dtype: halves ? "F16" : "F32",
      shape: source.shape,
      offset,
      length: converted.size,
    });
    offset += converted.size;
  }
  return { blob: new Blob(parts), locations, outOfRange };
}

/** A tensor's values as float32, a chunk at a time. */
export async function* floatChunks(
  weights: ByteReader,
  source: TensorLocation,
): AsyncGenerator<Float32Array<ArrayBuffer>> {
  const chunkBytes = CHUNK_ELEMENTS * elementBytes(source);
  for (let begin = 0; begin < source.length; begin += chunkBytes) {
    yield asFloat32(source, await weights.readBytes(source, begin, Math.min(begin + chunkBytes, source.length)));
  }
}

async function toFloat32(weights: ByteReader, source: TensorLocation): Promise<Blob> {
  const parts: Blob[] = [];
  // Blobs at once, so that the bytes can leave the heap.
  for await (const values of floatChunks(weights, source)) parts.push(new Blob([values]));
  return new Blob(parts);
}

/** undefined: a finite value is too large for float16. */
async function toFloat16(weights: ByteReader, source: TensorLocation): Promise<Blob | undefined> {
  const parts: Blob[] = [];
  for await (const values of floatChunks(weights, source)) {
    const bits = toFloat16Bits(values);
    if (overflowsFloat16(values, bits)) return undefined;
    parts.push(new Blob([bits]));
  }
  return new Blob(parts);
}
