/** Chosen files into the store: read twice, once for sizes and hashes, once to write; nothing counts until all of it is there. */

import { EngineFault } from "../../faults.ts";
import { lines, say } from "../../messages.ts";
import { elementCount } from "../../onnx/graph.ts";
import type { InstallProgress, StoredBundle } from "../../protocol.ts";
import type { Bundle, BundleFile, FourBit } from "../bundle.ts";
import {
  type CanonicalFile,
  type CanonicalTensor,
  canonicalChunks,
  describeCanonicalFile,
  writtenBytes,
} from "../canonical-file.ts";
import { exclusively } from "../exclusively.ts";
import { relativeError } from "../four-bit.ts";
import { sha256 } from "../hash.ts";
import { chunkBytes, parseBundle } from "../parse-bundle.ts";
import { ProgressMeter } from "../progress-meter.ts";
import type { WeightStore } from "../store.ts";
import { draftModel, type Reader } from "./draft-model.ts";
import { canonicalTensors, inspectFiles } from "./inspect.ts";
import { fileName, type ModelName, modelJson } from "./model-json.ts";
import type { SourceFile } from "./source-files.ts";
import type { SourceReader } from "./source-reader.ts";

/** A tokenizer's files, by the names that model.json gives them, and which is which there. */
export interface TokenizerFiles {
  readonly components: Readonly<Record<string, string>>;
  readonly blobs: Readonly<Record<string, Blob>>;
}

export interface ImportOptions {
  readonly store: WeightStore;
  /** The id of a stored model that lends what the files lack. */
  readonly base?: string;
  /** The GPT's layers in 4-bit blocks: see four-bit.ts. */
  readonly fourBit?: boolean;
  /** The app's own. */
  readonly tokenizer: (reader: Reader) => Promise<TokenizerFiles>;
  readonly onProgress?: (progress: InstallProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes a model of the chosen files and installs it.
 * @throws EngineFault `bad-bundle` with what is lacking, `quota`, `storage`, `cancelled`; the store is then as it was before
 */
export async function importModel(
  files: readonly SourceFile[],
  name: ModelName,
  options: ImportOptions,
): Promise<StoredBundle> {
  const { store, signal, fourBit = false } = options;
  try {
    const base = options.base === undefined ? undefined : (await store.open(options.base))?.bundle;
    const inspection = await inspectFiles(files);
    const draft = draftModel(inspection, base);
    if (draft.lacking.length > 0 || !draft.reader) throw new EngineFault("bad-bundle", lines(draft.lacking));

    const written: Written = new Map();
    for (const [component, part] of draft.components) {
      if (part.from !== "files") continue;
      written.set(fileName(component), canonicalTensors(part.part, inspection.reader, fourBit));
    }
    const described = await describeAll(written, inspection.reader, options);
    // A table of words goes with the tokenizer that it was trained with.
    const table = draft.components.get(draft.reader === "kosmosg" ? "gpt" : "text_encoder");
    const tokenizer = table?.from === "base" ? undefined : await options.tokenizer(draft.reader);
    const small = await Promise.all(
      Object.entries(tokenizer?.blobs ?? {}).map(async ([file, blob]) => [file, await wholeFile(blob)] as const),
    );
    const json = modelJson(
      draft,
      inspection,
      name,
      Object.fromEntries([...described].map(([file, { file: entry }]) => [file, entry])),
      tokenizer && { components: tokenizer.components, files: Object.fromEntries(small) },
      fourBitRecord(described.get(fileName("gpt"))),
      base,
    );
    const bundle = parseBundle(json, "model.json");
    return await exclusively("kosmos-g-import", options.onProgress, signal, () =>
      writeAll(bundle, described, tokenizer?.blobs ?? {}, inspection.reader, options),
    );
  } catch (error) {
    if (signal?.aborted) throw new EngineFault("cancelled", say("Stopped. Nothing of this model was kept."));
    throw error;
  }
}

/** What was lost to 4-bit blocks, and what was won. */
function fourBitRecord(described: CanonicalFile | undefined): FourBit | undefined {
  if (!described?.error) return undefined;
  const fp16_bytes = sum(described.tensors.map(({ shape }) => 2 * elementCount(shape)));
  return { relative_error: relativeError(described.error), fp16_bytes };
}

/** The files to be written, by name. */
type Written = Map<string, readonly CanonicalTensor[]>;

async function describeAll(
  files: Written,
  reader: SourceReader,
  { signal, onProgress = () => {} }: ImportOptions,
): Promise<Map<string, CanonicalFile>> {
  const described = new Map<string, CanonicalFile>();
  // Unless a tensor's numbers turn out not to fit.
  const bytes = [...files.values()].flatMap((tensors) => tensors.map(writtenBytes));
  const meter = new ProgressMeter(0, sum(bytes), (progress) => onProgress({ ...progress, phase: "read" }));
  meter.report();
  for (const [name, tensors] of files) {
    const onBytes = (count: number) => meter.add(name, count);
    described.set(name, await describeCanonicalFile(tensors, reader, { onBytes, ...(signal && { signal }) }));
  }
  return described;
}

async function writeAll(
  bundle: Bundle,
  described: ReadonlyMap<string, CanonicalFile>,
  tokenizer: Readonly<Record<string, Blob>>,
  reader: SourceReader,
  { store, signal, onProgress = () => {} }: ImportOptions,
): Promise<StoredBundle> {
  const known = new Set((await store.list()).map(({ id }) => id));
  await store.begin(bundle, IMPORTED);
  try {
    await dropLeftovers(store, bundle.id);
    const missing = await store.missing(bundle);
    const lacking = sum(
      [...missing].flatMap(([name, chunks]) => [...chunks].map((i) => chunkBytes(bundle.files[name]?.size ?? 0, i))),
    );
    await requireRoom(lacking);
    const meter = new ProgressMeter(0, lacking, (progress) => onProgress({ ...progress, phase: "write" }));
    meter.report();
    for (const [name, chunks] of missing) {
      const file = bundle.files[name] as BundleFile;
      const tensors = described.get(name)?.tensors;
      const blob = tokenizer[name];
      if (chunks.size === 0) continue;
      if (blob) await store.putChunk(file, 0, blob, file.sha256);
      else if (tensors) {
        let index = 0;
        for await (const chunk of canonicalChunks(tensors, reader, signal && { signal })) {
          if (chunks.has(index)) {
            const hash = await sha256(chunk);
            if (hash !== file.chunks?.[index]) throw changed();
            await store.putChunk(file, index, new Blob([chunk]), hash);
            meter.add(name, chunk.byteLength);
          }
          index++;
        }
      } else
        throw new EngineFault(
          "storage",
          say("The browser has lost {name} of the model that lends it. Load that one again.", { name }),
        );
    }
    await store.install(bundle.id);
  } catch (error) {
    // Another try begins anew; what other models share stays.
    if (!known.has(bundle.id)) await store.delete(bundle.id).catch(() => {});
    throw error;
  }
  const stored = await store.open(bundle.id);
  if (!stored) throw new EngineFault("storage", say("The model was deleted while it was imported. Import it again."));
  return stored;
}

/**
 * What a tab that was closed in mid-import has left: no other one writes now, and nobody can go on with it, for its id was its own. Chunks
 * that this import needs too stay, as it has begun.
 */
async function dropLeftovers(store: WeightStore, id: string): Promise<void> {
  for (const model of await store.list()) {
    if (model.state === "partial" && model.source === IMPORTED && model.id !== id) await store.delete(model.id);
  }
}

/** The address of models that came from files. */
export const IMPORTED = "import:files";

const changed = () =>
  new EngineFault("storage", say("A file changed while it was imported. Choose it again when it is complete."));

/** @throws EngineFault `quota` where the browser says that there is too little room */
async function requireRoom(bytes: number): Promise<void> {
  const estimate = await globalThis.navigator?.storage?.estimate?.().catch(() => undefined);
  if (estimate?.quota === undefined || estimate.usage === undefined) return;
  const free = estimate.quota - estimate.usage;
  if (bytes <= free) return;
  throw new EngineFault(
    "quota",
    say("This model needs {needed} GB, the browser has room for {free} GB. Delete a model or free disk space first.", {
      needed: gigabytes(bytes),
      free: gigabytes(free),
    }),
  );
}

const gigabytes = (bytes: number) => Math.round(bytes / 1e7) / 100;

async function wholeFile(blob: Blob): Promise<BundleFile> {
  return { size: blob.size, sha256: await sha256(await blob.arrayBuffer()) };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);
