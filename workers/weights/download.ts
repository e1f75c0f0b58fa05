/** Bundles from a server into the store: in chunks, resumable, every byte hashed before the model counts as installed. */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { InstallProgress, StoredBundle } from "../protocol.ts";
import type { Bundle, FileBundle } from "./bundle.ts";
import { exclusively } from "./exclusively.ts";
import { FileDownload, hashMismatch } from "./file-download.ts";
import { allOrNone, DEFAULT_RETRY, type RetryPolicy, readSmall, Slots, send, withRetries } from "./http.ts";
import { CHUNK_BYTES, chunkBytes, parseBundle } from "./parse-bundle.ts";
import { ProgressMeter } from "./progress-meter.ts";
import type { WeightStore } from "./store.ts";

export interface InstallOptions {
  store: WeightStore;
  onProgress?: (progress: InstallProgress) => void;
  signal?: AbortSignal;
  /** Ask the server for a changed model.json although the model is stored. */
  refresh?: boolean;
  /** What relative addresses are relative to. */
  base?: string;
  retry?: RetryPolicy;
}

/** 1 MiB holds the chunk hashes of 250 GB. */
const MAX_MODEL_JSON_BYTES = 2 ** 20;

/** Requests at a time; each holds one chunk in memory. */
const PARALLEL_REQUESTS = 3;

/**
 * Makes the bundle at `url` (a folder with model.json) ready for use. An installed one is opened without any request;
 * of one that is partly here only what is missing is fetched. When it fails, what has arrived stays for the next try, but the
 * model is not installed. Two tabs that ask for the same model share one download.
 * @throws EngineFault `network`, `offline`, `http`, `hash-mismatch`, `quota`, `storage`, `bad-bundle`, `cancelled`
 */
export async function installBundle(url: string, options: InstallOptions): Promise<StoredBundle> {
  const { store, signal } = options;
  const source = resolveBundleUrl(url, options.base);
  try {
    const ready = options.refresh ? undefined : await openBySource(store, source);
    if (ready) return ready;
    return await exclusively(`kosmos-g-install ${source}`, options.onProgress, signal, async () => {
      // The tab before us may have done it.
      const installed = options.refresh ? undefined : await openBySource(store, source);
      return installed ?? (await download(source, options));
    });
  } catch (error) {
    if (signal?.aborted) throw new EngineFault("cancelled", say("Stopped. What has arrived is kept."));
    throw error;
  }
}

/**
 * What the bundle at `url` is, and whether it is stored: then there is no request at all, else one for its model.json.
 * @throws EngineFault as installBundle does
 */
export async function describeBundle(
  url: string,
  { store, signal, base, retry = DEFAULT_RETRY }: Omit<InstallOptions, "onProgress" | "refresh">,
): Promise<{ bundle: Bundle; stored: boolean }> {
  const source = resolveBundleUrl(url, base);
  const ready = await openBySource(store, source);
  if (ready) return { bundle: ready.bundle, stored: true };
  const until = signal ?? never();
  const bundle = await withRetries(retry, until, () => fetchModelJson(source, retry, until));
  return { bundle, stored: false };
}

/** The stored bundle from this address, if the browser still holds all of it. */
async function openBySource(store: WeightStore, source: string): Promise<StoredBundle | undefined> {
  const id = await store.findBySource(source);
  if (id === undefined) return undefined;
  try {
    return await store.open(id);
  } catch (error) {
    // Parts were lost, or it is of an older format: fetched like one that was never here.
    if (error instanceof EngineFault && (error.code === "storage" || error.code === "bad-bundle")) return undefined;
    throw error;
  }
}

async function download(source: string, options: InstallOptions): Promise<StoredBundle> {
  const { store, retry = DEFAULT_RETRY, signal = never() } = options;
  const bundle = await withRetries(retry, signal, () => fetchModelJson(source, retry, signal));
  await downloadFiles(bundle, source, (name) => fileUrl(source, name), options);
  const stored = await store.open(bundle.id);
  if (!stored) throw deletedMeanwhile();
  return stored;
}

const never = () => new AbortController().signal;

/**
 * Fetches what the store lacks of `files` and installs them under the bundle's id: several chunks at a time, every one hashed as it comes.
 * When it fails, what has arrived stays for the next try.
 * @param source what the store remembers as their origin
 * @param urlOf the address of a file
 */
export async function downloadFiles(
  bundle: FileBundle,
  source: string,
  urlOf: (name: string) => string,
  { store, onProgress = () => {}, retry = DEFAULT_RETRY, signal }: InstallOptions,
): Promise<void> {
  // One failure ends all requests, and so does the caller.
  const controller = new AbortController();
  const stop = () => controller.abort(signal?.reason);
  signal?.addEventListener("abort", stop);
  try {
    signal?.throwIfAborted();
    const etags = await store.begin(bundle, source);
    const missing = await store.missing(bundle);
    const meter = new ProgressMeter(...bytesOf(bundle, missing), onProgress);
    const context = { store, bundleId: bundle.id, meter, slots: new Slots(PARALLEL_REQUESTS), retry, controller };
    const files = Object.entries(bundle.files).map(([name, file]) => {
      const chunks = missing.get(name) ?? new Set();
      return new FileDownload(name, file, urlOf(name), chunks, etags[name], context);
    });
    await allOrNone(
      files.map((file) => file.run()),
      controller,
    );
    await checkWholeFiles(bundle, store, meter, controller.signal);
    await store.install(bundle.id);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

const deletedMeanwhile = () =>
  new EngineFault("storage", say("The model was deleted while it was loaded. Load it again."));

function bytesOf(
  bundle: FileBundle,
  missing: ReadonlyMap<string, ReadonlySet<number>>,
): [loaded: number, total: number] {
  let total = 0;
  let lacking = 0;
  for (const [name, { size }] of Object.entries(bundle.files)) {
    total += size;
    for (const index of missing.get(name) ?? []) lacking += chunkBytes(size, index);
  }
  return [total - lacking, total];
}

/** Files of one chunk are right when the chunk is; of longer ones the chunk hashes need not be those of this file. */
async function checkWholeFiles(bundle: FileBundle, store: WeightStore, meter: ProgressMeter, signal: AbortSignal) {
  const long = Object.entries(bundle.files).filter(([, file]) => file.size > CHUNK_BYTES && !file.unhashed);
  meter.beginVerify(long.reduce((total, [, { size }]) => total + size, 0));
  for (const [name, file] of long) {
    signal.throwIfAborted();
    if (await store.hasRightHash(file, (count) => meter.add(name, count))) continue;
    await store.dropChunks(file);
    if (file.chunks) {
      throw new EngineFault(
        "bad-bundle",
        say("model.json contradicts itself: the chunks of {name} together have another SHA-256 than the file", {
          name,
        }),
      );
    }
    throw hashMismatch(name);
  }
  if (long.length > 0) meter.report();
}

/**
 * The address of a bundle's folder, without slash at the end.
 * @throws EngineFault `bad-bundle` when it is no http(s) address
 */
export function resolveBundleUrl(url: string, base: string | undefined = globalThis.location?.href): string {
  const refuse = () =>
    new EngineFault("bad-bundle", say("“{url}” is not the address of a model (https://…)", { url: url.slice(0, 200) }));
  let resolved: URL;
  try {
    resolved = new URL(url, base);
  } catch {
    throw refuse();
  }
  if (resolved.protocol !== "https:" && resolved.protocol !== "http:") throw refuse();
  if (resolved.username || resolved.password) throw refuse();
  resolved.hash = "";
  resolved.pathname = resolved.pathname.replace(/\/+$/, "");
  return resolved.href;
}

/** A query (a key, a version) stays on every file's address. */
function fileUrl(source: string, name: string): string {
  const url = new URL(source);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${name}`;
  return url.href;
}

async function fetchModelJson(source: string, { stallMs }: RetryPolicy, signal: AbortSignal): Promise<Bundle> {
  const url = fileUrl(source, "model.json");
  const answer = await send(url, { cache: "no-cache" }, stallMs, signal);
  const text = await readSmall(answer, url, MAX_MODEL_JSON_BYTES);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new EngineFault(
      "bad-bundle",
      say("{url} is not JSON. Is this the address of a model?", { url }),
      String(error),
    );
  }
  return parseBundle(json, "model.json");
}
