/** What onnxruntime-web throws are plain Errors (or bare numbers, out of wasm): here they get the protocol's codes. */

import { EngineFault, faultCode } from "../faults.ts";
import { type Said, say } from "../messages.ts";

const PATTERNS: readonly (readonly [RegExp, "device-lost" | "out-of-memory", Said])[] = [
  [
    /\bdevice\b[^.]{0,60}\b(lost|destroyed)\b|lost device|map_async_result\.status/i,
    "device-lost",
    say("The graphics device stopped working. Generate again: the engine starts afresh on a new device."),
  ],
  [
    /out[ -]of[ -]memory|bad_alloc|failed to allocate|allocation failed|array buffer allocation|ENOMEM|exceeds the max buffer size|memory access out of bounds/i,
    "out-of-memory",
    say(
      "The graphics device has too little memory for this model. Close other tabs or choose a smaller picture, then generate again.",
    ),
  ],
];

/**
 * The error that `action` (such as "building the U-Net") ended in, as an EngineFault: device-lost, out-of-memory, or internal with ORT's own
 * words as detail. Errors that already carry a code pass unchanged.
 */
export function ortFault(error: unknown, action: Said): Error {
  if (error instanceof Error && faultCode(error)) return error;
  const detail = error instanceof Error ? error.message : String(error);
  for (const [pattern, code, said] of PATTERNS) {
    if (pattern.test(detail)) return new EngineFault(code, said, detail);
  }
  // A wasm exception that escapes is a bare pointer: memory ran out, or the runtime aborted. Either way it is unusable.
  return new EngineFault(
    "internal",
    say("Something went wrong while {action}. Reload the page and try again.", { action }),
    detail,
  );
}

/**
 * Runs `body`, which uses `device`, and throws what goes wrong as ortFault does. WebGPU tells of exhausted memory beside the call
 * that caused it: that is waited for too.
 */
export async function withOrtFaults<T>(device: GPUDevice, action: Said, body: () => Promise<T>): Promise<T> {
  device.pushErrorScope("out-of-memory");
  let result: { value: T } | { error: unknown };
  try {
    result = { value: await body() };
  } catch (error) {
    result = { error };
  }
  // Rejects only when the device is gone, which the body's own error or the next call tells.
  const exhausted = await device.popErrorScope().catch(() => null);
  if (exhausted) throw ortFault(new Error(`out of memory: ${exhausted.message}`), action);
  if ("error" in result) throw ortFault(result.error, action);
  return result.value;
}
