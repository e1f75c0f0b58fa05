/**
 * The one copy of onnxruntime-web: the JSPI build (10 MB less wasm, reads Blobs piece by piece) where the browser has it, the asyncify
 * build elsewhere. Use it through `loadOrt` of ort.ts.
 *
 * transformers.js is pointed here for its own import of ORT (vite.config.ts). It looks at these bindings once, when it is imported:
 * import it after `loadOrt` to run models with it; its tokenizers need no ORT at all. No top-level await: a worker that imports
 * this file before it sets `onmessage` would lose the messages that come meanwhile.
 */
import { Tensor as CommonTensor } from "onnxruntime-common";
import type * as ortTypes from "onnxruntime-web/webgpu";

export type Ort = Pick<typeof ortTypes, "InferenceSession" | "Tensor" | "env">;

export let InferenceSession: Ort["InferenceSession"] | undefined;
export let Tensor: Ort["Tensor"] = CommonTensor;
export let env: Ort["env"] | undefined;

/** Fetches the build that suits this browser; the same one at every call. */
export async function loadRuntime(): Promise<Ort> {
  const runtime: Ort = await ("Suspending" in WebAssembly
    ? import("onnxruntime-web/jspi")
    : import("onnxruntime-web/webgpu"));
  ({ InferenceSession, Tensor, env } = runtime);
  return runtime;
}
