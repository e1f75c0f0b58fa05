/**
 * The form in which imported weights are kept: one safetensors file a component, official names, fp16, in the order of the reference
 * writer (larger elements first, then by name); behind them what is in 4-bit blocks (four-bit.ts). The same weights give the same bytes
 * whatever file they came in, so that models which share a component share its chunks.
 */
import { createSHA256 } from "hash-wasm";
import { elementCount, type FourBitLocation, isFourBit, type TensorLocation } from "../onnx/graph.ts";
import type { BundleFile } from "./bundle.ts";
import { type ByteReader, floatChunks } from "./convert.ts";
import { overflowsFloat16, toFloat16Bits } from "./float16.ts";
import { BLOCK, type BlockError, FOUR_BIT_METADATA, fourBitBytes, toFourBit } from "./four-bit.ts";
import { sha256 } from "./hash.ts";
import { CHUNK_BYTES } from "./parse-bundle.ts";

/** What a tensor is written as. */
export type Form = "F32" | "F16" | "INT4";

export interface CanonicalTensor {
  /** Official name. */
  readonly name: string;
  readonly shape: readonly number[];
  /** As many elements as `shape` has: F32, F16, BF16 or F64; or 4-bit blocks, which stay what they are. */
  readonly location: TensorLocation;
  /** F16 where it is left out. What cannot hold the tensor's numbers gives way to the next larger. */
  readonly form?: Form;
}

export interface CanonicalFile {
  readonly file: BundleFile & { chunks: string[] };
  /** As they are written: with finite values that float16 cannot hold in F32, with others than finite ones not in 4-bit blocks. */
  readonly tensors: readonly CanonicalTensor[];
  /** Of all 4-bit blocks together; undefined: there are none. */
  readonly error: BlockError | undefined;
}

export interface PassOptions {
  readonly signal?: AbortSignal;
  /** Called with the bytes written since the last call. */
  readonly onBytes?: (count: number) => void;
}

interface ChunkOptions extends PassOptions {
  /** Called for each tensor in 4-bit blocks. */
  readonly onError?: (error: BlockError) => void;
}

/**
 * Size and hashes of the file, without keeping it: all is read once, and once more for each tensor whose numbers turn out not to fit its
 * form. @throws EngineFault of the reader
 */
export async function describeCanonicalFile(
  tensors: readonly CanonicalTensor[],
  reader: ByteReader,
  options: PassOptions = {},
): Promise<CanonicalFile> {
  let forms = tensors;
  for (;;) {
    try {
      const whole = await createSHA256();
      const chunks: string[] = [];
      let size = 0;
      let error: BlockError | undefined;
      const onError = (more: BlockError) => {
        error = error ? sumOf(error, more) : more;
      };
      for await (const chunk of canonicalChunks(forms, reader, { ...options, onError })) {
        whole.update(chunk);
        chunks.push(await sha256(chunk));
        size += chunk.byteLength;
      }
      return { file: { size, sha256: whole.digest("hex"), chunks }, tensors: forms, error };
    } catch (error) {
      if (!(error instanceof DoesNotFit)) throw error;
      forms = forms.map((tensor) => (tensor.name === error.tensor ? { ...tensor, form: error.instead } : tensor));
    }
  }
}

const sumOf = (a: BlockError, b: BlockError): BlockError => ({
  difference: a.difference + b.difference,
  squares: a.squares + b.squares,
});

/** The file's bytes in chunks of CHUNK_BYTES, the last one shorter. A chunk's memory is used again for the next one. */
export async function* canonicalChunks(
  tensors: readonly CanonicalTensor[],
  reader: ByteReader,
  { signal, onBytes = () => {}, onError = () => {} }: ChunkOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  for await (const piece of canonicalBytes(tensors, reader, onError)) {
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

class DoesNotFit extends Error {
  constructor(
    readonly tensor: string,
    readonly instead: Form,
  ) {
    super(tensor);
  }
}

/** Bytes of a tensor in the file, where its numbers fit its form. */
export function writtenBytes(tensor: CanonicalTensor): number {
  const elements = elementCount(tensor.shape);
  const form = formOf(tensor);
  return form === "INT4" ? fourBitBytes(elements) : elements * BYTES[form];
}

const ORDER: readonly Form[] = ["F32", "F16", "INT4"];

const formOf = ({ location, form = "F16" }: CanonicalTensor): Form => (isFourBit(location) ? "INT4" : form);

async function* canonicalBytes(
  tensors: readonly CanonicalTensor[],
  reader: ByteReader,
  onError: (error: BlockError) => void,
): AsyncGenerator<Uint8Array> {
  const place = (tensor: CanonicalTensor) => ORDER.indexOf(formOf(tensor));
  const ordered = tensors.toSorted((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
  const inBlocks = ordered.some((tensor) => formOf(tensor) === "INT4");
  yield safetensorsHeader(ordered.flatMap(headerEntries), inBlocks ? FOUR_BIT_METADATA : undefined);
  for (const { name, location, form } of ordered.map((tensor) => ({ ...tensor, form: formOf(tensor) }))) {
    if (isFourBit(location)) yield* storedBlocks(location, reader, onError);
    else if (form === "INT4") yield* newBlocks(name, location, reader, onError);
    else if (form === location.dtype) yield* bytesOf(location, reader);
    else {
      for await (const values of floatChunks(reader, location)) {
        if (form === "F32") yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
        else yield new Uint8Array(halves(name, values).buffer);
      }
    }
  }
}

async function* bytesOf(location: TensorLocation, reader: ByteReader): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let begin = 0; begin < location.length; begin += CHUNK_BYTES) {
    const end = Math.min(begin + CHUNK_BYTES, location.length);
    yield new Uint8Array(await reader.readBytes(location, begin, end));
  }
}

function halves(name: string, values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = toFloat16Bits(values);
  if (overflowsFloat16(values, bits)) throw new DoesNotFit(name, "F32");
  return bits;
}

/** Numbers, scales and error of a matrix; in memory are a part of it and its scales, a sixteenth of a byte an element. */
async function* newBlocks(
  name: string,
  location: TensorLocation,
  reader: ByteReader,
  onError: (error: BlockError) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const scales: Uint16Array<ArrayBuffer>[] = [];
  let error: BlockError = { difference: 0, squares: 0 };
  for await (const values of floatChunks(reader, location)) {
    const blocks = toFourBit(values);
    if (!blocks) throw new DoesNotFit(name, "F16");
    scales.push(blocks.scales);
    error = sumOf(error, blocks);
    yield blocks.packed;
  }
  for (const part of scales) yield new Uint8Array(part.buffer);
  const stored = Float32Array.of(error.difference, error.squares);
  onError({ difference: stored[0] as number, squares: stored[1] as number });
  yield new Uint8Array(stored.buffer);
}

async function* storedBlocks(
  location: FourBitLocation,
  reader: ByteReader,
  onError: (error: BlockError) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield* bytesOf(location, reader);
  yield* bytesOf(location.scales, reader);
  const bytes = await reader.readBytes(location.error);
  const [difference = 0, squares = 0] = new Float32Array(bytes);
  onError({ difference, squares });
  yield new Uint8Array(bytes);
}

interface HeaderEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "F32" | "F16" | "U8";
}

const BYTES = { F32: 4, F16: 2, U8: 1 } as const;

function headerEntries(tensor: CanonicalTensor): HeaderEntry[] {
  const { name, shape } = tensor;
  const form = formOf(tensor);
  if (form !== "INT4") return [{ name, shape, dtype: form }];
  const [rows = 0, columns = 0] = shape;
  const blocks = columns / BLOCK;
  return [
    { name, shape: [rows, blocks, BLOCK / 2], dtype: "U8" },
    { name: `${name}.scales`, shape: [rows, blocks], dtype: "F16" },
    { name: `${name}.error`, shape: [2], dtype: "F32" },
  ];
}

/** Length and header of a safetensors file whose tensors follow one another in this order; padded to 8 bytes, as the reference writer does. */
export function safetensorsHeader(
  tensors: readonly HeaderEntry[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  let end = 0;
  const entries = tensors.map(({ name, shape, dtype }) => {
    const begin = end;
    end += shape.reduce((product, d) => product * d, BYTES[dtype]);
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const header = { ...(metadata && { __metadata__: metadata }), ...Object.fromEntries(entries) };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = Math.ceil(json.byteLength / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
