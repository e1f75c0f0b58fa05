/** The files of one build, as the service worker knows them, and which requests they answer. No I/O. */

/** An entry of the list that the build writes into the service worker. */
export interface ListedFile {
  /** Relative to the scope. */
  readonly url: string;
  /** Changes with the content; null where the name does. */
  readonly revision: string | null;
}

export interface AppFile extends ListedFile {
  /**
   * "shell": kept when the service worker is installed. "on-demand": large, or of use to few; kept when a page first asks for it.
   */
  readonly kept: "shell" | "on-demand";
}

export type AppFiles = ReadonlyMap<string, AppFile>;

/** ORT's two builds, of which a browser needs one; tokenizers and catalogue, of use when a model is imported. */
const ON_DEMAND = /^(ort|models)\//;

/** @param list of the build; the weights are not in it */
export function appFiles(list: readonly ListedFile[]): AppFiles {
  return new Map(
    list.map(({ url, revision }) => [url, { url, revision, kept: ON_DEMAND.test(url) ? "on-demand" : "shell" }]),
  );
}

/** The pair of ORT's files that this browser runs, as workers/onnx/ort-runtime.ts chooses it. */
export function ortPair(hasJspi: boolean): string[] {
  const name = `ort/ort-wasm-simd-threaded.${hasJspi ? "jspi" : "asyncify"}`;
  return [`${name}.mjs`, `${name}.wasm`];
}

/** Where a system's share menu sends pictures (hosting/web-app-manifest.ts). */
const SHARE_TARGET = "share-target";

export type Route =
  | { readonly kind: "file"; readonly file: AppFile }
  /** A file of another version: a page that was opened before an update still asks for it. */
  | { readonly kind: "other-version" }
  | { readonly kind: "shared" }
  /** Not answered by the service worker at all: weights, what is not the app's, other origins. */
  | { readonly kind: "untouched" };

const UNTOUCHED: Route = { kind: "untouched" };

/** @param scope of the service worker, ending in a slash */
export function routeOf(request: Pick<Request, "method" | "url" | "headers">, scope: string, files: AppFiles): Route {
  const url = new URL(request.url);
  url.hash = "";
  const { search } = url;
  url.search = "";
  if (!url.href.startsWith(scope)) return UNTOUCHED;
  const path = url.href.slice(scope.length);
  if (request.method === "POST") return path === SHARE_TARGET ? { kind: "shared" } : UNTOUCHED;
  // A part of a file cannot be cut out of what is kept.
  if (request.method !== "GET" || request.headers.has("range")) return UNTOUCHED;
  const file = files.get(path === "" || path.endsWith("/") ? `${path}index.html` : path);
  if (!file) return path.startsWith("assets/") ? { kind: "other-version" } : UNTOUCHED;
  // A page reads its own query; of any other file a query asks for something else.
  return search === "" || file.url.endsWith(".html") ? { kind: "file", file } : UNTOUCHED;
}
