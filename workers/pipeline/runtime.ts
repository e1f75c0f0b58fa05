/** What a worker computes with: its own device, ORT on it, and what was chosen for this adapter. */

import type { Tensor } from "onnxruntime-web/webgpu";
import { EngineFault } from "../faults.ts";
import { bufferLimit, createDevice, requestAdapter } from "../gpu/device.ts";
import type { GpuTensor } from "../gpu/gpu-tensor.ts";
import { say } from "../messages.ts";
import type { FloatDType, GraphOptions } from "../onnx/graph.ts";
import { loadOrt, type Ort } from "../onnx/ort.ts";
import type { DeviceReport, WorkerOptions } from "../protocol.ts";

export interface Runtime {
  readonly ort: Ort;
  readonly device: GPUDevice;
  readonly report: DeviceReport;
  /** How graphs are built here, in the device's precision unless another is asked for. */
  readonly graphOptions: (dtype?: FloatDType) => GraphOptions;
  /** @throws EngineFault device-lost once the device is gone */
  readonly checkDevice: () => void;
}

/** @throws EngineFault no-webgpu, insecure-context, no-adapter, device-lost */
export async function createRuntime({ wasmPaths, precision, attention }: WorkerOptions): Promise<Runtime> {
  const adapter = await requestAdapter();
  const device = await createDevice(adapter);
  let lost: GPUDeviceLostInfo | undefined;
  void device.lost.then((info) => {
    lost = info;
  });
  const shaderF16 = device.features.has("shader-f16");
  const used = precision ?? (shaderF16 ? "fp16" : "fp32");
  if (used === "fp16" && !shaderF16) {
    throw new EngineFault("bad-settings", say("This graphics device cannot compute in fp16. Use fp32."));
  }
  const { info } = adapter;
  const report: DeviceReport = {
    vendor: info.vendor,
    architecture: info.architecture,
    description: info.description,
    isFallbackAdapter: info.isFallbackAdapter,
    features: [...adapter.features].sort(),
    limits: limitsOf(device),
    shaderF16,
    precision: used,
    attention,
  };
  const dtype = used === "fp16" ? "float16" : "float32";
  return {
    ort: await loadOrt(wasmPaths),
    device,
    report,
    graphOptions: (wanted = dtype) => ({
      dtype: wanted,
      attention: attention.form,
      maxBufferBytes: bufferLimit(device),
    }),
    checkDevice: () => {
      if (lost) throw deviceLost(lost.message);
    },
  };
}

/** ORT's view of a tensor of ours; the buffer stays ours. */
export function asTensor(ort: Ort, { buffer, dtype, dims }: GpuTensor): Tensor {
  return ort.Tensor.fromGpuBuffer(buffer, { dataType: dtype, dims: [...dims] });
}

export function deviceLost(detail: string): EngineFault {
  return new EngineFault(
    "device-lost",
    say("The graphics device stopped working. Generate again: the engine starts afresh on a new device."),
    detail,
  );
}

function limitsOf(device: GPUDevice): Record<string, number> {
  const limits: Record<string, number> = {};
  // WebGPU keeps limits on the prototype: only for-in sees them.
  for (const name in device.limits) {
    const value = device.limits[name as keyof GPUSupportedLimits];
    if (typeof value === "number") limits[name] = value;
  }
  return limits;
}
