/** Tensors in GPU buffers, in the form that ORT's Tensor.fromGpuBuffer takes. */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import { fromFloat16Bits, toFloat16Bits } from "../weights/float16.ts";

export type GpuDType = "float32" | "float16";

export const DTYPE_BYTES: Record<GpuDType, number> = { float32: 4, float16: 2 };

/** ORT binds and clears buffers in units of 16 bytes. */
const BUFFER_UNIT = 16;

/** A row-major tensor at the start of `buffer`, which may be larger than the data: ORT's come from a cache of sizes. */
export interface GpuTensor {
  readonly buffer: GPUBuffer;
  readonly dtype: GpuDType;
  readonly dims: readonly number[];
}

export function elementCount(dims: readonly number[]): number {
  return dims.reduce((count, dim) => count * dim, 1);
}

/**
 * A tensor in a buffer of its own, all zeros; to be freed with `tensor.buffer.destroy()`.
 *
 * @throws EngineFault out-of-memory when it is larger than the device's buffers may be.
 */
export function createGpuTensor(device: GPUDevice, dtype: GpuDType, dims: readonly number[], label: string): GpuTensor {
  const bytes = elementCount(dims) * DTYPE_BYTES[dtype];
  const size = Math.max(1, Math.ceil(bytes / BUFFER_UNIT)) * BUFFER_UNIT;
  if (size > Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize))
    throw new EngineFault(
      "out-of-memory",
      say("This device cannot hold {label} ({megabytes} MiB). Choose a smaller picture.", {
        label,
        megabytes: Math.ceil(size / 2 ** 20),
      }),
    );
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  return { buffer: device.createBuffer({ label, size, usage }), dtype, dims };
}

/**
 * Writes float32 values to the tensor, rounded to its dtype.
 *
 * @throws RangeError when the counts differ.
 */
export function writeGpuTensor(device: GPUDevice, tensor: GpuTensor, values: Float32Array<ArrayBuffer>): void {
  const count = elementCount(tensor.dims);
  if (values.length !== count)
    throw new RangeError(`${values.length} values for a tensor [${tensor.dims.join(", ")}] of ${count}`);
  if (tensor.dtype === "float32") {
    device.queue.writeBuffer(tensor.buffer, 0, values);
    return;
  }
  // Writes come in whole words; the buffer's unit leaves room for the odd half.
  const halves = new Uint16Array(count + (count % 2));
  halves.set(toFloat16Bits(values));
  device.queue.writeBuffer(tensor.buffer, 0, halves);
}

/**
 * Reads the tensor back as float32, after all work submitted so far. The queue goes on meanwhile.
 *
 * @throws EngineFault device-lost when the device went away.
 */
export async function readGpuTensor(device: GPUDevice, tensor: GpuTensor): Promise<Float32Array<ArrayBuffer>> {
  const count = elementCount(tensor.dims);
  const bytes = count * DTYPE_BYTES[tensor.dtype];
  const size = Math.ceil(bytes / 4) * 4;
  const staging = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  try {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(tensor.buffer, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const copy = staging.getMappedRange().slice(0, bytes);
    return tensor.dtype === "float32" ? new Float32Array(copy) : fromFloat16Bits(new Uint16Array(copy));
  } catch (error) {
    throw new EngineFault("device-lost", say("The graphics device stopped answering. Try again."), String(error));
  } finally {
    staging.destroy();
  }
}
