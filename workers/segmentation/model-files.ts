/** The files of the segmentation models: from their publisher into the weight store, and out of it again. */
import { EngineFault } from "../faults.ts";
import type { SegmentModel } from "../protocol.ts";
import type { BundleFile, FileBundle } from "../weights/bundle.ts";
import { sha256, sha256OfBlob } from "../weights/hash.ts";
import { DEFAULT_RETRY, send, statusFault, withRetries } from "../weights/http.ts";
import { CHUNK_BYTES } from "../weights/parse-bundle.ts";
import type { WeightStore } from "../weights/store.ts";
import { MODEL_HUB, SEGMENT_MODELS } from "./models.ts";

export interface FetchOptions {
  readonly signal: AbortSignal;
  /** @param totalBytes as published; the servers' own numbers replace it as they come */
  readonly onBytes: (loadedBytes: number, totalBytes: number) => void;
}

/** The model's id in the store. */
const idOf = (model: SegmentModel) => `segment-${model}`;

/** The folder that a model's files lie in, ending in a slash. */
export function folderOf(model: SegmentModel, baseUrl?: string): string {
  const { repository, revision } = SEGMENT_MODELS[model];
  return baseUrl ? `${baseUrl}${repository}/` : `${MODEL_HUB}${repository}/resolve/${revision}/`;
}

/** The model's files by their path in its folder; undefined where it is not stored whole. Fetches nothing. */
export async function storedFiles(store: WeightStore, model: SegmentModel): Promise<Record<string, Blob> | undefined> {
  try {
    return (await store.openFiles(idOf(model)))?.files;
  } catch (error) {
    // The browser has lost parts of it: like one that was never here.
    if (error instanceof EngineFault && error.code === "storage") return undefined;
    throw error;
  }
}

/**
 * Fetches every file of a model and stores it, hashed as it came: from then on the store knows when the browser loses or spoils a part.
 * @throws EngineFault `network`, `offline`, `http`, `quota`, `storage`; the signal's reason
 */
export async function fetchModel(
  store: WeightStore,
  model: SegmentModel,
  baseUrl: string | undefined,
  { signal, onBytes }: FetchOptions,
): Promise<void> {
  const { name, licence, files, bytes } = SEGMENT_MODELS[model];
  const folder = folderOf(model, baseUrl);
  let before = 0;
  const arrived = new Map<string, Blob>();
  for (const file of files) {
    const blob = await withRetries(DEFAULT_RETRY, signal, () =>
      download(folder + file, signal, (loaded) => onBytes(before + loaded, Math.max(bytes, before + loaded))),
    );
    before += blob.size;
    arrived.set(file, blob);
  }
  const described: Record<string, BundleFile> = {};
  for (const [file, blob] of arrived) described[file] = { size: blob.size, sha256: await sha256OfBlob(blob) };
  const bundle: FileBundle = { id: idOf(model), name, license: licence, files: described };
  await store.begin(bundle, folder);
  for (const [file, blob] of arrived) {
    for (let index = 0; index * CHUNK_BYTES < blob.size; index++) {
      signal.throwIfAborted();
      const chunk = blob.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
      const bytesOfChunk = await chunk.arrayBuffer();
      await store.putChunk(described[file] as BundleFile, index, new Blob([bytesOfChunk]), await sha256(bytesOfChunk));
    }
  }
  await store.install(idOf(model));
}

async function download(url: string, signal: AbortSignal, onLoaded: (bytes: number) => void): Promise<Blob> {
  const { response, pieces, close } = await send(url, {}, DEFAULT_RETRY.stallMs, signal);
  try {
    if (response.status !== 200) throw statusFault(url, response);
    const parts: Blob[] = [];
    let loaded = 0;
    for await (const piece of pieces) {
      // As Blobs: the browser may keep them on the disk.
      parts.push(new Blob([piece.slice()]));
      loaded += piece.byteLength;
      onLoaded(loaded);
    }
    return new Blob(parts);
  } finally {
    close();
  }
}
