/**
 * What the built pages and their workers may load, by the browser's own guard. The pages carry theirs as a <meta>; workers have
 * only what their file's header says, so that the header files beside this one give it to them.
 */

/** A page asks its own server alone: models from other addresses are fetched by workers. */
const PAGE = {
  "default-src": "'none'",
  // WebAssembly is compiled for ORT; nothing else is made into code.
  "script-src": "'self' 'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "style-src": "'self'",
  "font-src": "'self'",
  // Entities and results are Blobs; data: is the tab's icon that shows progress.
  "img-src": "'self' blob: data:",
  "connect-src": "'self'",
  "manifest-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
};

/**
 * Workers fetch the models that a person asks for, from whatever address that person gives: any https server, and a plain one on the
 * same machine. A list of known hosts would make "any address" untrue.
 */
const WORKER = {
  "default-src": "'none'",
  "script-src": PAGE["script-src"],
  "connect-src": "'self' blob: https: http://localhost:* http://127.0.0.1:*",
};

const written = (policy: Readonly<Record<string, string>>) =>
  Object.entries(policy)
    .map((directive) => directive.join(" "))
    .join("; ");

export const PAGE_POLICY = written(PAGE);
export const WORKER_POLICY = written(WORKER);
