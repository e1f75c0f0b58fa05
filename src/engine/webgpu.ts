import { EngineFault } from "../../workers/faults.ts";
import { requestAdapter } from "../../workers/gpu/device.ts";
import { EngineError } from "./errors.ts";

/**
 * The adapter that the workers will use too.
 * @throws EngineError insecure-context, no-webgpu or no-adapter, saying what to do
 */
export async function requireAdapter(): Promise<GPUAdapter> {
  try {
    return await requestAdapter();
  } catch (error) {
    throw error instanceof EngineFault ? EngineError.fromWire(error) : error;
  }
}

/** Why nothing can be drawn in this browser, in plain words; null when all is well. */
export async function webgpuTrouble(): Promise<string | null> {
  try {
    await requireAdapter();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
