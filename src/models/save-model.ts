/** A stored model's files, as a bundle that any web server can hold: its folder with model.json, in a zip or file by file. */
import { Zip, ZipPassThrough } from "fflate";
import type { StoredBundle } from "../../workers/protocol.ts";
import { saveFile } from "../gallery/save-file.ts";
import type { SaveModel } from "./models-store.ts";

/** Where the zip's bytes go, in order. */
export type Sink = (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;

/** A zip without 64-bit sizes, as fflate writes it, holds less than 4 GiB. */
const MOST_IN_ZIP = 2 ** 32 - 2 ** 24;

/** Browsers that let a page write a file; the others get each file as a download. */
type WithPicker = typeof globalThis & {
  showSaveFilePicker?: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;
};

/**
 * Asks where to, in a click, and gives what writes there.
 * @returns null when the person thought better of it
 */
export async function chooseTarget(id: string, bytes: number): Promise<SaveModel | null> {
  const { showSaveFilePicker } = globalThis as WithPicker;
  if (!showSaveFilePicker || bytes > MOST_IN_ZIP) return saveEach;
  try {
    const target = await showSaveFilePicker({ suggestedName: `${id}.zip` });
    return (model, options) => saveZip(target, model, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") return null;
    throw error;
  }
}

const saveEach: SaveModel = async (model) => {
  for (const [name, blob] of bundleFiles(model)) saveFile(blob, name);
};

async function saveZip(target: FileSystemFileHandle, ...[model, options]: Parameters<SaveModel>): Promise<void> {
  const file = await target.createWritable();
  try {
    await writeZip(model, (bytes) => file.write(bytes), options);
    await file.close();
  } catch (error) {
    // What is written so far goes.
    await file.abort().catch(() => {});
    throw error;
  }
}

/** Writes the bundle's files one after the other; none is ever whole in memory. Exported for tests. */
export async function writeZip(
  model: StoredBundle,
  sink: Sink,
  { signal, onFraction }: Parameters<SaveModel>[1],
): Promise<void> {
  const files = bundleFiles(model);
  const total = files.reduce((sum, [, { size }]) => sum + size, 0);
  let done = 0;
  let made: Uint8Array<ArrayBuffer>[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    made.push(bytes as Uint8Array<ArrayBuffer>);
  });
  const flush = async () => {
    for (const bytes of made) await sink(bytes);
    made = [];
  };
  for (const [name, blob] of files) {
    // Weights do not get smaller by packing.
    const entry = new ZipPassThrough(`${model.bundle.id}/${name}`);
    zip.add(entry);
    const reader = blob.stream().getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      signal.throwIfAborted();
      entry.push(part.value);
      await flush();
      done += part.value.length;
      onFraction(done / total);
    }
    entry.push(new Uint8Array(), true);
  }
  zip.end();
  await flush();
}

function bundleFiles({ bundle, files }: StoredBundle): [name: string, blob: Blob][] {
  const json = new Blob([`${JSON.stringify(bundle, null, 2)}\n`], { type: "application/json" });
  return [["model.json", json], ...Object.entries(files)];
}
