/**
 * safetensors: 8 bytes of header length, a JSON header, then the tensors' bytes (github.com/huggingface/safetensors).
 * Only the header is read; the rules are those of the reference reader, which trusts no header.
 */

import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";
import type { TensorLocation } from "../onnx/graph.ts";
import type { ByteSource } from "./byte-source.ts";
import { printable } from "./printable.ts";

export type { TensorLocation, TensorSource } from "../onnx/graph.ts";

/** Bytes of one element. Sub-byte types (F4, F6) are not read. */
export const ELEMENT_BYTES: ReadonlyMap<string, number> = new Map([
  ["BOOL", 1],
  ["U8", 1],
  ["I8", 1],
  ["F8_E4M3", 1],
  ["F8_E5M2", 1],
  ["U16", 2],
  ["I16", 2],
  ["F16", 2],
  ["BF16", 2],
  ["U32", 4],
  ["I32", 4],
  ["F32", 4],
  ["U64", 8],
  ["I64", 8],
  ["F64", 8],
]);

/** The reference reader's limit; the header of a model with 10,000 tensors has about 1 MB. */
const MAX_HEADER_BYTES = 100_000_000;

export interface SafetensorsHeader {
  /** In the order of the bytes in the file. */
  tensors: Map<string, TensorLocation>;
  /** `__metadata__`: free text by the file's writer. */
  metadata: Map<string, string>;
}

/**
 * Reads and checks the header of a safetensors file.
 * @param file name that locations and errors carry
 * @param blob the whole file; only its header is read
 * @throws EngineFault `bad-bundle`: not safetensors, cut off, or a header that contradicts itself or the file; the message
 *   names the file and the tensor
 */
export async function readSafetensorsHeader(file: string, blob: ByteSource): Promise<SafetensorsHeader> {
  const fail = (problem: Said, tensor?: string, cause?: unknown): never => {
    const said =
      tensor === undefined
        ? say("{file}: {problem}", { file, problem })
        : say("{file}, tensor {tensor}: {problem}", { file, tensor: printable(tensor), problem });
    throw new EngineFault("bad-bundle", said, cause === undefined ? undefined : String(cause));
  };

  if (blob.size < 8) fail(say("not a safetensors file ({size} bytes)", { size: blob.size }));
  const headerBytes = Number(new DataView(await blob.slice(0, 8).arrayBuffer()).getBigUint64(0, true));
  if (headerBytes > MAX_HEADER_BYTES)
    fail(say("not a safetensors file (its header would have {headerBytes} bytes)", { headerBytes }));
  const dataStart = 8 + headerBytes;
  if (dataStart > blob.size) {
    fail(
      say("cut off inside the header ({size} bytes of at least {dataStart}); fetch the file again", {
        size: blob.size,
        dataStart,
      }),
    );
  }

  let header: unknown;
  try {
    const bytes = await blob.slice(8, dataStart).arrayBuffer();
    // No byte order mark is skipped: the header starts with "{".
    const json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(json);
    const twice = duplicateKey(json);
    if (twice !== undefined) fail(say("the header names this twice"), twice);
  } catch (error) {
    if (error instanceof EngineFault) throw error;
    fail(say("not a safetensors file (its header is not JSON)"), undefined, error);
  }
  if (!isRecord(header)) return fail(say("not a safetensors file (its header is not a JSON object)"));

  const metadata = new Map<string, string>();
  const entries: [string, TensorLocation][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      if (!isRecord(entry)) return fail(say("__metadata__ is not an object of texts"));
      for (const [key, value] of Object.entries(entry)) {
        if (typeof value !== "string") return fail(say("__metadata__ is not an object of texts"));
        metadata.set(key, value);
      }
      continue;
    }
    // Names travel as keys of plain objects elsewhere; no real tensor is called so.
    if (name in Object.prototype) fail(say("not a tensor's name"), name);
    entries.push([name, locate(name, entry)]);
  }

  function locate(name: string, entry: unknown): TensorLocation {
    if (!isRecord(entry)) return fail(say("its entry is not an object"), name);
    const { dtype, shape, data_offsets: offsets } = entry;
    const elementBytes = typeof dtype === "string" ? ELEMENT_BYTES.get(dtype) : undefined;
    if (typeof dtype !== "string" || elementBytes === undefined) {
      return fail(say("unknown dtype {dtype}", { dtype: printable(String(dtype)) }), name);
    }
    if (!isSizes(shape)) return fail(say("its shape is not a list of sizes"), name);
    if (!isSizes(offsets) || offsets.length !== 2) return fail(say("its data_offsets are not two positions"), name);
    const [begin, end] = offsets as [number, number];
    if (begin > end) fail(say("its data_offsets [{begin}, {end}] run backwards", { begin, end }), name);
    if (dataStart + end > blob.size) {
      fail(
        say("ends at byte {end}, but the file has {size}: cut off? Fetch the file again", {
          end: dataStart + end,
          size: blob.size,
        }),
        name,
      );
    }
    const bytes = shape.reduce((product, d) => product * d, elementBytes);
    if (bytes !== end - begin) {
      fail(
        say("{dtype} of shape [{shape}] has {bytes} bytes, its data_offsets hold {held}", {
          dtype,
          shape,
          bytes,
          held: end - begin,
        }),
        name,
      );
    }
    return { file, dtype, shape, offset: dataStart + begin, length: bytes };
  }

  // As in the reference reader, the tensors fill the file: no byte is used twice and none is left over.
  entries.sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length);
  let end = dataStart;
  for (const [name, location] of entries) {
    if (location.offset < end) fail(say("overlaps another tensor"), name);
    if (location.offset > end)
      fail(say("{rest} bytes before it belong to no tensor", { rest: location.offset - end }), name);
    end = location.offset + location.length;
  }
  if (end !== blob.size) fail(say("{rest} bytes at the end belong to no tensor", { rest: blob.size - end }));
  return { tensors: new Map(entries), metadata };
}

const isRecord = (x: unknown): x is Record<string, unknown> => typeof x === "object" && x !== null && !Array.isArray(x);

const isSizes = (x: unknown): x is number[] =>
  Array.isArray(x) && x.every((d) => Number.isSafeInteger(d) && d >= 0 && !Object.is(d, -0));

/** The first key that an object of this valid JSON text holds twice; JSON.parse would silently keep the last. */
function duplicateKey(json: string): string | undefined {
  const objects: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === "{") objects.push(new Set());
    else if (c === "}") objects.pop();
    else if (c === '"') {
      const start = i++;
      while (json[i] !== '"') i += json[i] === "\\" ? 2 : 1;
      let next = i + 1;
      while (/\s/.test(json[next] ?? "")) next++;
      if (json[next] !== ":") continue;
      const key = JSON.parse(json.slice(start, i + 1)) as string;
      const keys = objects.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
