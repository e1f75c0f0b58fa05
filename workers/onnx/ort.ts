/** The one way to onnxruntime-web: loads it and sets it up. */
import { loadRuntime, type Ort } from "./ort-runtime.ts";

export type { Ort } from "./ort-runtime.ts";

/**
 * Loads onnxruntime-web once a worker (or page); its wasm comes with the first session.
 * One thread, in the calling worker itself: no shared memory, so no cross-origin isolation is asked of the page.
 *
 * Give it the GPU device to compute on with `executionProviders: [{ name: "webgpu", device }]`: ORT's default device dies with
 * the last session, and buffers with it.
 *
 * @param wasmPaths absolute URL of the folder of ORT's .mjs and .wasm files (`ort/` beside the page), ending in a slash
 * @throws TypeError when it is no such URL; whatever `import` throws when a file cannot be fetched
 */
export async function loadOrt(wasmPaths: string): Promise<Ort> {
  if (!URL.canParse(wasmPaths) || !wasmPaths.endsWith("/")) {
    throw new TypeError(
      `wasmPaths must be an absolute URL that ends in a slash, such as new URL("ort/", document.baseURI).href; got "${wasmPaths}"`,
    );
  }
  const ort = await loadRuntime();
  ort.env.wasm.wasmPaths = wasmPaths;
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "warning";
  return ort;
}
