/** Where the dev server of the browser tests serves ORT's wasm files: what `loadOrt` and the engine take as `wasmPaths`. */
export const wasmPaths = new URL("/ort/", location.origin).href;
