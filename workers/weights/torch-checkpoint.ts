/**
 * torch.save's files, both kinds: a zip archive with one entry per storage (since PyTorch 1.6), and before it one stream of pickles
 * followed by the storages. The pickle is read, the storages' places are computed, and no weight is touched.
 */

import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";
import type { TensorLocation } from "../onnx/graph.ts";
import type { ByteSource } from "./byte-source.ts";
import { type PersistentId, PickleRecord, type PickleValue } from "./pickle-values.ts";
import { printable } from "./printable.ts";
import { eachInParallel, readRange } from "./read-range.ts";
import { ELEMENT_BYTES } from "./safetensors.ts";
import type { StridedLocation } from "./strided.ts";
import {
  describeTensor,
  isReadable,
  isTensor,
  type StorageReference,
  storageElementBytes,
  storageReference,
  TensorProblem,
} from "./torch-tensors.ts";
import { MAX_PICKLE_BYTES, PickleCutOff, type Unpickled, unpickle } from "./unpickler.ts";
import { readZipDirectory } from "./zip-directory.ts";

export interface TorchCheckpoint {
  /** The state dict, flattened: dots between the keys of nested dicts. Tied tensors share their bytes. */
  tensors: Map<string, TensorLocation | StridedLocation>;
  /** Tensors of the state dict that cannot be read, and why: sparse, quantised, complex. */
  unreadable: Map<string, Said>;
  /** What lies beside the state dict (`cfg`, `last_optimizer_state`), as inert values; their tensors are not looked at. */
  others: Map<string, PickleValue>;
}

/** Where a storage's bytes lie. */
interface StoragePlace {
  offset: number;
  length: number;
}

/** Under which loaders keep the state dict: fairseq, Lightning and the latent diffusion models, DeepSpeed. */
const STATE_DICT_KEYS = ["model", "state_dict", "module"];

const MAX_TENSORS = 200_000;
const MAX_DEPTH = 64;
/** Shared dicts make a small pickle endless to walk through. */
const MAX_VISITS = 4_000_000;

/**
 * Reads a zip archive by torch.save.
 * @param file name that locations and errors carry
 * @param blob the whole file; the archive's directory and its `data.pkl` are read
 * @throws EngineFault `bad-bundle`: no such archive, cut off, contradictory, or its pickle would run code
 */
export async function readTorchZip(file: string, blob: ByteSource): Promise<TorchCheckpoint> {
  const entries = await readZipDirectory(file, blob);
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickleName] = pickles;
  if (pickleName === undefined || pickles.length > 1) {
    return fail(
      file,
      say("a zip archive, but not one by torch.save (no data.pkl); if it holds a checkpoint, unpack it first"),
    );
  }
  const folder = pickleName.slice(0, -"data.pkl".length);
  if (entries.has(`${folder}constants.pkl`)) {
    fail(
      file,
      say("a TorchScript program, not a checkpoint; in Python, torch.jit.load it and torch.save its state_dict()"),
    );
  }
  const order = await read(`${folder}byteorder`, 16);
  if (order && new TextDecoder().decode(order) !== "little") {
    fail(file, say("written on a big-endian machine; load and save it on another one"));
  }
  const pickle = (await read(pickleName, MAX_PICKLE_BYTES)) as Uint8Array<ArrayBuffer>;
  const { value, length } = unpickle(`${file}, ${printable(pickleName)}`, pickle);
  if (length !== pickle.length)
    fail(
      file,
      say("{rest} bytes follow the pickle in {entry}", { rest: pickle.length - length, entry: printable(pickleName) }),
    );

  return collect(file, value, ({ key, type, count }) => {
    const entry = entries.get(`${folder}data/${key}`);
    if (!entry) throw new TensorProblem(say("its storage {key} is not in the file", { key: printable(key) }));
    // As torch counts: whole elements.
    if (Math.floor(entry.size / (storageElementBytes(type) as number)) !== count) {
      throw new TensorProblem(
        say("its storage {key} should have {count} elements, but has {size} bytes", {
          key: printable(key),
          count,
          size: entry.size,
        }),
      );
    }
    return { offset: entry.offset, length: entry.size };
  });

  async function read(name: string, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const entry = entries.get(name);
    if (!entry) return undefined;
    if (entry.size > most)
      fail(
        file,
        say("{name} has {size} bytes, more than any checkpoint's", { name: printable(name), size: entry.size }),
      );
    return readRange(file, blob, entry.offset, entry.offset + entry.size);
  }
}

/** The first pickle of a legacy file. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;

/**
 * Reads a file by torch.save before PyTorch 1.6 (or with `_use_new_zipfile_serialization=False`).
 * @param file name that locations and errors carry
 * @param blob the whole file; its pickles and 8 bytes of each storage are read
 * @throws EngineFault `bad-bundle`: no such file, cut off, contradictory, or its pickle would run code
 */
export async function readTorchLegacy(file: string, blob: ByteSource): Promise<TorchCheckpoint> {
  const pickles = new PickleStream(file, blob);
  if ((await pickles.next()).value !== MAGIC) fail(file, say("a Python pickle, but not one by torch.save"));
  if ((await pickles.next()).value !== PROTOCOL_VERSION) fail(file, say("written by an unknown version of torch.save"));
  const { value: system } = await pickles.next();
  if (!(system instanceof Map) || system.get("little_endian") !== true) {
    fail(file, say("written on a big-endian machine; load and save it on another one"));
  }
  const { value, persistent } = await pickles.next();
  const { value: keys } = await pickles.next();
  const places = await placeStorages(file, blob, pickles.at, persistent, keys);

  return collect(file, value, ({ key }) => {
    const place = places.get(key);
    if (!place) throw new TensorProblem(say("its storage {key} is not in the file", { key: printable(key) }));
    return place;
  });
}

/** Pickles that follow each other at the start of a file, read by a prefix that grows until each is whole. */
class PickleStream {
  at = 0;
  private prefix: Uint8Array<ArrayBuffer> = new Uint8Array();

  constructor(
    private readonly file: string,
    private readonly blob: ByteSource,
  ) {}

  async next(): Promise<Unpickled> {
    for (;;) {
      try {
        const unpickled = unpickle(this.file, this.prefix.subarray(this.at));
        this.at += unpickled.length;
        return unpickled;
      } catch (error) {
        if (!(error instanceof PickleCutOff)) throw error;
        const needed = this.at + error.needed;
        if (needed > this.blob.size || needed > MAX_PICKLE_BYTES) throw error;
        const size = Math.min(this.blob.size, MAX_PICKLE_BYTES, Math.max(needed, 4 * this.prefix.length, 64 * 1024));
        this.prefix = await readRange(this.file, this.blob, 0, size);
      }
    }
  }
}

/** After the pickles, in the order of the keys: 8 bytes that count the storage's elements, then the elements. */
async function placeStorages(
  file: string,
  blob: ByteSource,
  begin: number,
  persistent: readonly PersistentId[],
  keys: PickleValue,
): Promise<Map<string, StoragePlace>> {
  const stored = new Map<string, StorageReference>();
  for (const id of persistent) {
    const reference = storageOf(file, id);
    if (!reference) continue;
    const known = stored.get(reference.key);
    if (known && (known.type !== reference.type || known.count !== reference.count)) {
      fail(file, say("storage {key} is described in two ways", { key: printable(reference.key) }));
    }
    stored.set(reference.key, reference);
  }
  if (!Array.isArray(keys)) return fail(file, say("its list of storages is missing"));
  const places = new Map<string, StoragePlace>();
  const counts: { at: number; count: number; key: string }[] = [];
  let at = begin;
  for (const key of keys) {
    const reference = typeof key === "string" ? stored.get(key) : undefined;
    if (!reference || places.has(reference.key))
      return fail(file, say("its list of storages is not that of its tensors"));
    const length = reference.count * (storageElementBytes(reference.type) as number);
    counts.push({ at, count: reference.count, key: reference.key });
    places.set(reference.key, { offset: at + 8, length });
    at += 8 + length;
    if (at > blob.size)
      fail(
        file,
        say("storage {key} ends at byte {at}, but the file has {size}: cut off? Fetch the file again", {
          key: printable(reference.key),
          at,
          size: blob.size,
        }),
      );
  }
  if (at < blob.size) fail(file, say("{rest} bytes at the end belong to no storage", { rest: blob.size - at }));
  await eachInParallel(counts, async ({ at, count, key }) => {
    const bytes = await readRange(file, blob, at, at + 8);
    if (new DataView(bytes.buffer).getBigUint64(0, true) !== BigInt(count)) {
      fail(file, say("storage {key} has another size than its tensors say", { key: printable(key) }));
    }
  });
  return places;
}

function storageOf(file: string, id: PersistentId): StorageReference | undefined {
  try {
    return storageReference(id);
  } catch (error) {
    if (error instanceof TensorProblem) fail(file, error.said);
    throw error;
  }
}

/** Finds the state dict in what torch.save was given, and where its tensors lie. */
function collect(file: string, root: PickleValue, place: (storage: StorageReference) => StoragePlace): TorchCheckpoint {
  if (isTensor(root)) fail(file, say("holds a single tensor, not a state dict (a dict of tensors by name)"));
  if (root instanceof PickleRecord) {
    fail(
      file,
      say("holds an object of {className}, not a state dict; in Python, torch.save its state_dict() instead", {
        className: printable(root.className),
      }),
    );
  }
  if (!(root instanceof Map)) return fail(file, say("holds no state dict (a dict of tensors by name)"));
  // A tensor beside it (a generator's state) does not make the root a state dict.
  const key = STATE_DICT_KEYS.find((key) => !walk(file, root.get(key) ?? null).next().done);
  const others = new Map<string, PickleValue>();
  if (key !== undefined) for (const [k, value] of root) if (typeof k === "string" && k !== key) others.set(k, value);

  const tensors = new Map<string, TensorLocation | StridedLocation>();
  const unreadable = new Map<string, Said>();
  for (const [name, record] of walk(file, key === undefined ? root : (root.get(key) as PickleValue))) {
    if (tensors.has(name) || unreadable.has(name)) fail(file, say("is there twice"), name);
    // Names travel as keys of plain objects elsewhere; no real tensor is called so.
    if (name in Object.prototype) fail(file, say("not a tensor's name"), name);
    try {
      tensors.set(name, locate(file, record, place));
    } catch (error) {
      if (!(error instanceof TensorProblem)) throw error;
      if (!error.honest) fail(file, error.said, name);
      unreadable.set(name, error.said);
    }
    if (tensors.size + unreadable.size > MAX_TENSORS) fail(file, say("holds more tensors than any model"));
  }
  if (tensors.size + unreadable.size === 0) fail(file, say("holds no tensors"));
  return { tensors, unreadable, others };
}

/** All tensors below a value with their dotted names, in the pickle's order. */
function* walk(file: string, root: PickleValue): Generator<[string, PickleRecord]> {
  // A stack of its own, not the language's: a hostile file is as deep as it likes.
  const open: { prefix: string; items: Iterator<[PickleValue, PickleValue]> }[] = [
    { prefix: "", items: itemsOf(root) },
  ];
  let visits = 0;
  for (let level = open.at(-1); level; level = open.at(-1)) {
    const { done, value: item } = level.items.next();
    if (done) {
      open.pop();
      continue;
    }
    if (++visits > MAX_VISITS) fail(file, say("holds more than any model"));
    const [key, value] = item;
    if (typeof key !== "string" && typeof key !== "number") continue;
    const name = level.prefix + key;
    if (isTensor(value)) yield [name, value];
    else if (value instanceof Map || Array.isArray(value)) {
      if (open.length >= MAX_DEPTH) fail(file, say("dicts are nested too deeply"), name);
      open.push({ prefix: `${name}.`, items: itemsOf(value) });
    }
  }
}

const itemsOf = (value: PickleValue): Iterator<[PickleValue, PickleValue]> =>
  value instanceof Map || Array.isArray(value) ? value.entries() : [].values();

function locate(
  file: string,
  record: PickleRecord,
  place: (storage: StorageReference) => StoragePlace,
): TensorLocation | StridedLocation {
  const { storage, dtype, shape, strides, storageOffset } = describeTensor(record);
  const { offset, length } = place(storage);
  if (!isReadable(dtype))
    throw new TensorProblem(say("of {dtype}, which cannot be read", { dtype: printable(dtype) }), true);
  const width = ELEMENT_BYTES.get(dtype) as number;
  const count = shape.reduce((product, d) => product * d, 1);
  if (!Number.isSafeInteger(count * width))
    throw new TensorProblem(say("a shape [{shape}] that no file holds", { shape }));
  const first = storage.viewOffset + storageOffset;
  const span = count === 0 ? 0 : shape.reduce((last, d, i) => last + (d - 1) * (strides[i] as number), 1);
  if (!Number.isSafeInteger(first + span) || (first + span) * width > length) {
    throw new TensorProblem(
      say("{dtype} of shape [{shape}] does not fit into its storage of {length} bytes", { dtype, shape, length }),
    );
  }
  const location = { file, dtype, shape, offset: offset + first * width, length: span * width };
  return isRowMajor(shape, strides) ? location : { ...location, strides };
}

function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i] as number;
    if (size === 0) return true;
    // The stride of a dimension of one is never used.
    if (size !== 1 && strides[i] !== expected) return shape.includes(0);
    expected *= size;
  }
  return true;
}

function fail(file: string, problem: Said, tensor?: string): never {
  throw new EngineFault(
    "bad-bundle",
    tensor === undefined
      ? say("{file}: {problem}", { file, problem })
      : say("{file}, tensor {tensor}: {problem}", { file, tensor: printable(tensor), problem }),
  );
}
