/** What the records of a torch pickle say about a tensor: its storage's key, dtype, shape, strides. Interpreted, never built. */
import { type Said, say } from "../messages.ts";
import { PersistentId, PickleGlobal, PickleRecord, PickleTuple, type PickleValue } from "./pickle-values.ts";
import { printable } from "./printable.ts";
import { ELEMENT_BYTES } from "./safetensors.ts";

export interface StorageReference {
  readonly key: string;
  /** `FloatStorage`; `UntypedStorage` counts bytes. */
  readonly type: string;
  /** Elements that the pickle says it has. */
  readonly count: number;
  /** A part of another storage (before PyTorch 0.4): elements before it. */
  readonly viewOffset: number;
}

export interface TorchTensor {
  readonly storage: StorageReference;
  /** safetensors' name, or torch's for one that is not read (`complex64`). */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** Elements of the storage before its first. */
  readonly storageOffset: number;
}

interface StorageType {
  bytes: number;
  dtype: string;
}

const STORAGE_TYPES: ReadonlyMap<string, StorageType> = new Map([
  ["FloatStorage", { bytes: 4, dtype: "F32" }],
  ["DoubleStorage", { bytes: 8, dtype: "F64" }],
  ["HalfStorage", { bytes: 2, dtype: "F16" }],
  ["BFloat16Storage", { bytes: 2, dtype: "BF16" }],
  ["LongStorage", { bytes: 8, dtype: "I64" }],
  ["IntStorage", { bytes: 4, dtype: "I32" }],
  ["ShortStorage", { bytes: 2, dtype: "I16" }],
  ["CharStorage", { bytes: 1, dtype: "I8" }],
  ["ByteStorage", { bytes: 1, dtype: "U8" }],
  ["BoolStorage", { bytes: 1, dtype: "BOOL" }],
  ["UntypedStorage", { bytes: 1, dtype: "U8" }],
  ["ComplexFloatStorage", { bytes: 8, dtype: "complex64" }],
  ["ComplexDoubleStorage", { bytes: 16, dtype: "complex128" }],
  ["QInt8Storage", { bytes: 1, dtype: "qint8" }],
  ["QUInt8Storage", { bytes: 1, dtype: "quint8" }],
  ["QInt32Storage", { bytes: 4, dtype: "qint32" }],
  ["QUInt4x2Storage", { bytes: 1, dtype: "quint4x2" }],
  ["QUInt2x4Storage", { bytes: 1, dtype: "quint2x4" }],
]);

/** Of `torch.<name>`, as `_rebuild_tensor_v3` writes it. */
const DTYPES: ReadonlyMap<string, string> = new Map([
  ["float32", "F32"],
  ["float64", "F64"],
  ["float16", "F16"],
  ["bfloat16", "BF16"],
  ["float8_e4m3fn", "F8_E4M3"],
  ["float8_e5m2", "F8_E5M2"],
  ["int64", "I64"],
  ["int32", "I32"],
  ["int16", "I16"],
  ["int8", "I8"],
  ["uint64", "U64"],
  ["uint32", "U32"],
  ["uint16", "U16"],
  ["uint8", "U8"],
  ["bool", "BOOL"],
]);

/** Bytes of one element of a storage of this type; undefined: no such type. */
export const storageElementBytes = (type: string): number | undefined => STORAGE_TYPES.get(type)?.bytes;

/** Whether a value stands for a tensor, of a kind that is read or not. */
export function isTensor(value: PickleValue): value is PickleRecord {
  return value instanceof PickleRecord && /^torch\.(_utils|_tensor)\._rebuild_/.test(value.className);
}

/** A wrong or unknown way to describe a tensor. */
export class TensorProblem extends Error {
  constructor(
    readonly said: Said,
    /** Of a kind that is not read, but right as it is. */
    readonly honest = false,
  ) {
    super(said.text);
  }
}

/**
 * @param record one that `isTensor` knows
 * @throws TensorProblem
 */
export function describeTensor(record: PickleRecord): TorchTensor {
  let { className, args } = record;
  // Wrappers hold the tensor's own record, or its maker and the maker's arguments. Each is one step inwards.
  for (let steps = 0; ; steps++) {
    if (steps > 8) throw new TensorProblem(say("a tensor inside too many others"));
    if (className.startsWith("torch._utils._rebuild_parameter")) {
      const [inner] = args;
      if (inner === undefined || !isTensor(inner)) throw new TensorProblem(say("a parameter without its tensor"));
      ({ className, args } = inner);
    } else if (className.startsWith("torch._tensor._rebuild_from_type")) {
      const [maker, , inner] = args;
      if (!(maker instanceof PickleGlobal && inner instanceof PickleTuple)) throw new TensorProblem(say("no tensor"));
      [className, args] = [maker.name, inner.items];
    } else break;
  }
  const version = /^torch\._utils\._rebuild_tensor(|_v2|_v3)$/.exec(className)?.[1];
  if (version === undefined) {
    throw new TensorProblem(
      say("made by {className}, which is no plain tensor (sparse, quantised, or without values)", {
        className: printable(className),
      }),
      true,
    );
  }
  const [id, storageOffset, shape, strides] = args;
  const storage = id instanceof PersistentId ? storageReference(id) : undefined;
  if (!storage) throw new TensorProblem(say("its values are in no storage"));
  if (!isSize(storageOffset)) throw new TensorProblem(say("its place in the storage is no number"));
  const sizes = sizesOf(shape);
  const steps = sizesOf(strides);
  if (!sizes) throw new TensorProblem(say("its shape is not a list of sizes"));
  if (!steps || steps.length !== sizes.length) throw new TensorProblem(say("its strides do not go with its shape"));
  // `metadata`: the values are to be negated or conjugated when read.
  const flags = version === "_v3" ? args[7] : version === "_v2" ? args[6] : undefined;
  if (flags instanceof Map && [...flags.values()].includes(true)) {
    throw new TensorProblem(say("stored as the negative or conjugate of its values"), true);
  }
  return { storage, dtype: dtypeOf(storage, version, args[6]), shape: sizes, strides: steps, storageOffset };
}

function dtypeOf({ type }: StorageReference, version: string, dtype: PickleValue | undefined): string {
  if (version !== "_v3") return (STORAGE_TYPES.get(type) as StorageType).dtype;
  const name = dtype instanceof PickleGlobal ? dtype.name.replace(/^torch\./, "") : "";
  return DTYPES.get(name) ?? name;
}

/**
 * A persistent id as torch.save writes it: ("storage", type, key, device, elements), and in the legacy format a view of another
 * storage or None. Undefined: it stands for something else (a module's class).
 * @throws TensorProblem
 */
export function storageReference({ id }: PersistentId): StorageReference | undefined {
  if (!(id instanceof PickleTuple)) throw new TensorProblem(say("a storage without description"));
  const [kind, type, key, , count, view] = id.items;
  if (kind !== "storage") return undefined;
  if (!(type instanceof PickleGlobal)) throw new TensorProblem(say("a storage without type"));
  const name = /^torch(?:\.cuda|\.storage)?\.(\w+)$/.exec(type.name)?.[1] ?? "";
  if (!STORAGE_TYPES.has(name))
    throw new TensorProblem(say("a storage of unknown type {type}", { type: printable(type.name) }));
  if (typeof key !== "string" || key.length > 128) throw new TensorProblem(say("a storage without key"));
  if (!isSize(count)) throw new TensorProblem(say("a storage without size"));
  if (view === undefined || view === null) return { key, type: name, count, viewOffset: 0 };
  const viewOffset = view instanceof PickleTuple ? view.items[1] : undefined;
  if (!isSize(viewOffset)) throw new TensorProblem(say("a part of a storage without its place"));
  return { key, type: name, count, viewOffset };
}

function sizesOf(value: PickleValue | undefined): number[] | undefined {
  const items = value instanceof PickleTuple ? value.items : Array.isArray(value) ? value : undefined;
  // torch itself has no tensors of more dimensions.
  return items && items.length <= 64 && items.every(isSize) ? [...items] : undefined;
}

const isSize = (x: PickleValue | undefined): x is number =>
  Number.isSafeInteger(x) && (x as number) >= 0 && !Object.is(x, -0);

/** Whether safetensors' names know this dtype, so that its values can be read. */
export const isReadable = (dtype: string): boolean => ELEMENT_BYTES.has(dtype);
