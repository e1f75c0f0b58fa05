/** The tensors of a stored model: found by name, read by byte range. Whole files never come into memory. */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { TensorLocation, TensorSource } from "../onnx/graph.ts";
import type { StoredBundle } from "../protocol.ts";
import { fromBfloat16Bits, fromFloat16Bits } from "./float16.ts";
import { joinFourBit } from "./four-bit.ts";
import { ELEMENT_BYTES, readSafetensorsHeader } from "./safetensors.ts";

export class WeightFiles {
  private constructor(
    readonly files: Readonly<Record<string, Blob>>,
    private readonly tensors: ReadonlyMap<string, ReadonlyMap<string, TensorLocation>>,
  ) {}

  /**
   * Reads the headers of all safetensors files of a model.
   * @throws EngineFault `bad-bundle` when one is broken
   */
  static async open({ files }: Pick<StoredBundle, "files">): Promise<WeightFiles> {
    const names = Object.keys(files).filter((name) => name.endsWith(".safetensors"));
    const headers = await Promise.all(names.map((name) => readSafetensorsHeader(name, files[name] as Blob)));
    return new WeightFiles(files, new Map(names.map((name, i) => [name, headers[i]?.tensors ?? new Map()])));
  }

  /**
   * The tensors of one component of the bundle by their official names: `<prefix><name>` in any of its files.
   * @throws EngineFault `bad-bundle` when a file is no safetensors file of this model, or two files hold the same tensor
   */
  component({ files, prefix }: { files: readonly string[]; prefix: string }): TensorSource {
    const found = new Map<string, TensorLocation>();
    for (const file of files) {
      const tensors = this.tensors.get(file);
      if (!tensors)
        throw new EngineFault("bad-bundle", say("{file} is not a safetensors file of this model", { file }));
      for (const [name, location] of tensors) {
        if (!name.startsWith(prefix)) continue;
        const official = name.slice(prefix.length);
        const other = found.get(official);
        if (other)
          throw new EngineFault(
            "bad-bundle",
            say("Tensor {name} is in {first} and in {file}", { name, first: other.file, file }),
          );
        found.set(official, location);
      }
    }
    const joined = joinFourBit(found);
    return { get: (name) => joined.get(name), names: () => joined.keys() };
  }

  /** @throws EngineFault `bad-bundle` when the model has no such file */
  file(name: string): Blob {
    const blob = Object.hasOwn(this.files, name) ? this.files[name] : undefined;
    if (!blob) throw new EngineFault("bad-bundle", say("The model lacks its file {name}. Load it again.", { name }));
    return blob;
  }

  /** The bytes `begin` to `end` of a tensor. */
  async readBytes(location: TensorLocation, begin = 0, end = location.length): Promise<ArrayBuffer> {
    const { file, offset } = location;
    const blob = this.file(file);
    try {
      const bytes = await blob.slice(offset + begin, offset + end).arrayBuffer();
      if (bytes.byteLength === end - begin) return bytes;
    } catch (error) {
      // A Blob outlives what it stands for when the browser clears its storage.
      throw new EngineFault("storage", unreadable(file), String(error));
    }
    throw new EngineFault("storage", unreadable(file));
  }

  /** A whole tensor as float32 (from F64, F32, F16 or BF16), row-major. For small ones: it comes into memory at once. */
  async read(location: TensorLocation): Promise<Float32Array<ArrayBuffer>> {
    return asFloat32(location, await this.readBytes(location));
  }

  /**
   * Rows of a table [rows, width] as float32 [ids.length, width], in the order of `ids`; an id may come more than once.
   * Only these rows are read: a token table of 64,007 x 2048 stays where it is.
   * @throws EngineFault `wrong-shape` when the table has no such row
   */
  async gatherRows(location: TensorLocation, ids: Iterable<number>): Promise<Float32Array<ArrayBuffer>> {
    const [rows, width] = location.shape;
    if (location.shape.length !== 2 || rows === undefined || width === undefined) {
      throw new EngineFault(
        "wrong-shape",
        say("A table of rows was expected in {file}, not [{shape}]", { file: location.file, shape: location.shape }),
      );
    }
    const wanted = [...ids];
    for (const id of wanted) {
      if (Number.isInteger(id) && id >= 0 && id < rows) continue;
      throw new EngineFault(
        "wrong-shape",
        say("The table [{shape}] in {file} has no row {id}", { shape: location.shape, file: location.file, id }),
      );
    }
    const rowBytes = width * elementBytes(location);
    const runs = mergeRows(new Set(wanted), Math.floor(MERGE_BYTES / Math.max(rowBytes, 1)));
    const row = new Map<number, Float32Array>();
    await Promise.all(
      runs.map(async ({ first, last }) => {
        const bytes = await this.readBytes(location, first * rowBytes, (last + 1) * rowBytes);
        const values = asFloat32(location, bytes);
        for (let id = first; id <= last; id++)
          row.set(id, values.subarray((id - first) * width, (id - first + 1) * width));
      }),
    );
    const gathered = new Float32Array(wanted.length * width);
    for (const [i, id] of wanted.entries()) gathered.set(row.get(id) as Float32Array, i * width);
    return gathered;
  }
}

const unreadable = (file: string) =>
  say("The browser no longer has all of {file}. Load the model again; the missing parts are fetched.", { file });

/** Rows closer together than this are read in one piece: a read costs more than the bytes between them. */
const MERGE_BYTES = 16 * 1024;

function mergeRows(ids: ReadonlySet<number>, gap: number): { first: number; last: number }[] {
  const runs: { first: number; last: number }[] = [];
  for (const id of [...ids].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && id - run.last <= gap + 1) run.last = id;
    else runs.push({ first: id, last: id });
  }
  return runs;
}

/** @throws EngineFault `bad-bundle` for a dtype that is not known */
export function elementBytes({ dtype, file }: TensorLocation): number {
  const bytes = ELEMENT_BYTES.get(dtype);
  if (bytes === undefined) throw new EngineFault("bad-bundle", say("{file}: unknown dtype {dtype}", { file, dtype }));
  return bytes;
}

/** Bytes of a tensor, or of a part of it, as float32. */
export function asFloat32({ dtype, file }: TensorLocation, bytes: ArrayBuffer): Float32Array<ArrayBuffer> {
  switch (dtype) {
    case "F32":
      return new Float32Array(bytes);
    case "F16":
      return fromFloat16Bits(new Uint16Array(bytes));
    case "BF16":
      return fromBfloat16Bits(new Uint16Array(bytes));
    case "F64":
      return Float32Array.from(new Float64Array(bytes));
    default:
      throw new EngineFault(
        "bad-bundle",
        say("{file}: a tensor of {dtype} where floating point numbers are needed", { file, dtype }),
      );
  }
}
