/** The worker's own GPUDevice, shared by ORT (its EP option `device`) and the kernels here. */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";

/**
 * Raised from WebGPU's defaults to whatever the adapter has: large weights and scores, and the workgroups of ORT's shaders.
 * Limits that an adapter does not name are left alone.
 */
const RAISED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeWorkgroupSizeZ",
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/**
 * The best adapter of this machine.
 *
 * @throws EngineFault insecure-context (plain http), no-webgpu (a browser without it), no-adapter (no usable GPU).
 */
export async function requestAdapter(): Promise<GPUAdapter> {
  // navigator.gpu is hidden, too, when the page is not secure: that reason comes first.
  if (!isSecureContext)
    throw new EngineFault(
      "insecure-context",
      say("Browsers give WebGPU to secure pages only. Open this page over https, or at localhost."),
    );
  const gpu: GPU | undefined = navigator.gpu;
  if (!gpu)
    throw new EngineFault(
      "no-webgpu",
      say(
        "Your browser has no WebGPU: use Chrome or Edge 113 or later, or Safari 26 or later, with hardware acceleration switched on.",
      ),
    );
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter)
    throw new EngineFault(
      "no-adapter",
      say(
        "The browser found no graphics device for WebGPU. Update the graphics driver, or switch hardware acceleration on in the browser's settings.",
      ),
    );
  return adapter;
}

/** The largest buffer that a kernel of a device or adapter can bind, in bytes. */
export const bufferLimit = ({ limits }: { readonly limits: GPUSupportedLimits }) =>
  Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);

export interface DeviceOptions {
  /** Asks for subgroup operations where the adapter has them. */
  readonly subgroups?: boolean;
}

/**
 * A device with the adapter's own limits, and shader-f16 where there is one (`device.features` says so).
 * An adapter gives one device only; ask for a fresh adapter after a loss.
 *
 * @throws EngineFault no-adapter when the adapter refuses or its GPU is gone.
 */
export async function createDevice(adapter: GPUAdapter, { subgroups = false }: DeviceOptions = {}): Promise<GPUDevice> {
  const wanted: GPUFeatureName[] = subgroups ? ["shader-f16", "subgroups"] : ["shader-f16"];
  const requiredLimits: Record<string, number> = {};
  for (const name of RAISED_LIMITS) {
    const limit = adapter.limits[name] as number | undefined;
    if (limit !== undefined) requiredLimits[name] = limit;
  }
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
      requiredLimits,
    });
  } catch (error) {
    throw new EngineFault("no-adapter", say("The graphics device refused to start. Reload the page."), String(error));
  }
  // requestDevice gives a device that is lost from the start when the GPU went away meanwhile.
  const lost = await Promise.race([device.lost, Promise.resolve(null)]);
  if (lost) throw new EngineFault("no-adapter", say("The graphics device is gone. Reload the page."), lost.message);
  return device;
}
