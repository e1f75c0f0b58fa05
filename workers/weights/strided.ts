/** Tensors whose elements do not lie in row-major order in the file: a transposed or expanded weight of a torch checkpoint. */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { TensorLocation } from "../onnx/graph.ts";
import { elementBytes } from "./tensors.ts";

/** `length` counts the bytes from its first element in the file to its last: not more, not less is to be read. */
export interface StridedLocation extends TensorLocation {
  /** Elements from one index to the next, for each dimension. */
  readonly strides: readonly number[];
}

export const isStrided = (location: TensorLocation): location is StridedLocation => "strides" in location;

/** Both the bytes in the file and the copy come into memory. */
const MAX_BYTES = 512 * 2 ** 20;

const ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

/**
 * A row-major copy of such a tensor, in its own dtype.
 * @param read the bytes of the file from `begin` to `end`
 * @throws EngineFault `bad-bundle` when it has more than 512 MiB
 */
export async function readStrided(
  location: StridedLocation,
  read: (begin: number, end: number) => Promise<ArrayBuffer>,
): Promise<ArrayBuffer> {
  const { file, shape, strides, offset, length } = location;
  const width = elementBytes(location);
  const count = shape.reduce((product, d) => product * d, 1);
  if (length > MAX_BYTES || count * width > MAX_BYTES) {
    throw new EngineFault(
      "bad-bundle",
      say("{file}: a tensor [{shape}] in another order than its shape's is too large to reorder", { file, shape }),
    );
  }
  if (count === 0) return new ArrayBuffer(0);
  const Elements = ARRAYS[width as keyof typeof ARRAYS] as Uint32ArrayConstructor;
  const source = new Elements(await read(offset, offset + length));
  const copy = new Elements(count);
  const index = shape.map(() => 0);
  const inner = shape.length - 1;
  const innerSize = shape[inner] ?? 1;
  const innerStride = strides[inner] ?? 0;
  let from = 0;
  for (let to = 0; to < count; ) {
    for (let i = 0; i < innerSize; i++) copy[to++] = source[from + i * innerStride] as number;
    for (let d = inner - 1; d >= 0; d--) {
      const stride = strides[d] as number;
      from += stride;
      index[d] = (index[d] as number) + 1;
      if ((index[d] as number) < (shape[d] as number)) break;
      from -= stride * (shape[d] as number);
      index[d] = 0;
    }
  }
  return copy.buffer;
}
