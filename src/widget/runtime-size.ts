/** ORT's wasm in bytes, by the build that this browser takes; a test holds it to the pinned package. */
export const RUNTIME_BYTES = { jspi: 16_811_691, asyncify: 26_861_777 };

/** What runs a model is fetched beside it: a button that names a size counts it in. */
export const runtimeBytes = () => ("Suspending" in WebAssembly ? RUNTIME_BYTES.jspi : RUNTIME_BYTES.asyncify);
