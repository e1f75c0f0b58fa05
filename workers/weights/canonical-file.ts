/**
 * The form in which imported weights are kept: one safetensors file a component, official names, fp16, in the order of the reference
 * writer (larger elements first, then by name). The same weights give the same bytes whatever file they came in, so that models
 * which share a component share its chunks.
 */
import { createSHA256 } from "hash-wasm";
import type { TensorLocation } from "../onnx/graph.ts";
import type { BundleFile } from "./bundle.ts";
import { type ByteReader, floatChunks } from "./convert.ts";
import { overflowsFloat16, toFloat16Bits } from "./float16.ts";
import { sha256 } from "./hash.ts";
import { CHUNK_BYTES } from "./parse-bundle.ts";

export interface CanonicalTensor {
  /** Official name. */
  readonly name: string;
  readonly shape: readonly number[];
  /** As many elements as `shape` has: F32, F16, BF16 or F64. */
  readonly location: TensorLocation;
}

export interface CanonicalFile {
  readonly file: BundleFile & { chunks: string[] };
  /** Tensors with finite values that float16 cannot hold: kept in F32. */
  readonly outOfRange: readonly string[];
}

export interface PassOptions {
  readonly signal?: AbortSignal;
  /** Called with the bytes written since the last call. */
  readonly onBytes?: (count: number) => void;
}

/**
 * Size and hashes of the file, without keeping it: all is read once, and once more for each tensor that turns out to be too large for
 * float16. @throws EngineFault of the reader
 */
export async function describeCanonicalFile(
  tensors: readonly CanonicalTensor[],
  reader: ByteReader,
  options: PassOptions = {},
): Promise<CanonicalFile> {
  const outOfRange: string[] = [];
  for (;;) {
    try {
      const whole = await createSHA256();
      const chunks: string[] = [];
      let size = 0;
      for await (const chunk of canonicalChunks(tensors, outOfRange, reader, options)) {
        whole.update(chunk);
        chunks.push(await sha256(chunk));
        size += chunk.byteLength;
      }
      return { file: { size, sha256: whole.digest("hex"), chunks }, outOfRange };
    } catch (error) {
      if (!(error instanceof TooLargeForFloat16)) throw error;
      outOfRange.push(error.tensor);
    }
  }
}

/**
 * The file's bytes in chunks of CHUNK_BYTES, the last one shorter. A chunk's memory is used again for the next one.
 * @param outOfRange names of tensors that stay in F32
 */
export async function* canonicalChunks(
  tensors: readonly CanonicalTensor[],
  outOfRange: readonly string[],
  reader: ByteReader,
  { signal, onBytes = () => {} }: PassOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  for await (const piece of canonicalBytes(tensors, new Set(outOfRange), reader)) {
    signal?.throwIfAborted();
    for (let at = 0; at < piece.byteLength; ) {
      const count = Math.min(piece.byteLength - at, chunk.byteLength - filled);
      chunk.set(piece.subarray(at, at + count), filled);
      filled += count;
      at += count;
      if (filled < chunk.byteLength) continue;
      yield chunk;
      filled = 0;
    }
    onBytes(piece.byteLength);
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

class TooLargeForFloat16 extends Error {
  constructor(readonly tensor: string) {
    super(tensor);
  }
}

async function* canonicalBytes(
  tensors: readonly CanonicalTensor[],
  outOfRange: ReadonlySet<string>,
  reader: ByteReader,
): AsyncGenerator<Uint8Array> {
  const kept = (tensor: CanonicalTensor) => outOfRange.has(tensor.name);
  const ordered = tensors.toSorted((a, b) => Number(kept(b)) - Number(kept(a)) || (a.name < b.name ? -1 : 1));
  yield safetensorsHeader(
    ordered.map(({ name, shape }) => ({ name, shape, dtype: outOfRange.has(name) ? "F32" : "F16" })),
  );
  for (const { name, location } of ordered) {
    if (location.dtype === "F16" && !outOfRange.has(name)) {
      for (let begin = 0; begin < location.length; begin += CHUNK_BYTES) {
        const end = Math.min(begin + CHUNK_BYTES, location.length);
        yield new Uint8Array(await reader.readBytes(location, begin, end));
      }
      continue;
    }
    for await (const values of floatChunks(reader, location)) {
      if (outOfRange.has(name)) yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      else yield new Uint8Array(halves(name, values).buffer);
    }
  }
}

function halves(name: string, values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = toFloat16Bits(values);
  if (overflowsFloat16(values, bits)) throw new TooLargeForFloat16(name);
  return bits;
}

/** Length and header of a safetensors file whose tensors follow one another in this order; padded to 8 bytes, as the reference writer does. */
export function safetensorsHeader(
  tensors: readonly { name: string; shape: readonly number[]; dtype: "F16" | "F32" }[],
): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = tensors.map(({ name, shape, dtype }) => {
    const begin = end;
    end += shape.reduce((product, d) => product * d, dtype === "F16" ? 2 : 4);
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = Math.ceil(json.byteLength / 8) * 8;
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(json, 8);
  return header;
}
