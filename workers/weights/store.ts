/**
 * Models as the browser keeps them: files in chunks of 16 MiB, each a Blob. A file's key is its SHA-256 and size, so that
 * two models that share a file share its chunks. A model is installed when one transaction has found all its chunks.
 */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { DamagedChunk, StorageUsage, StoredBundle, StoredModel } from "../protocol.ts";
import type { FileBundle, StoredFile } from "./bundle.ts";
import type { Transaction } from "./database.ts";
import {
  type ChunkRecord,
  type Database,
  IndexedDatabase,
  type Key,
  MemoryDatabase,
  type ModelRecord,
} from "./database.ts";
import { sha256, sha256OfBlob } from "./hash.ts";
import { chunkBytes, chunkCount, parseBundle } from "./parse-bundle.ts";

/**
 * Opens the store in IndexedDB, or one in memory (`persistent` false) where the browser denies storage.
 * @param factory `indexedDB`, or that of a Storage Access handle; undefined where there is none
 */
export async function openWeightStore(
  factory: IDBFactory | undefined = globalThis.indexedDB,
  name = "kosmos-g-weights",
): Promise<WeightStore> {
  if (factory) {
    const database = new IndexedDatabase(factory, name);
    try {
      await database.transact("readonly", ["models"], async () => {});
      return new WeightStore(database);
    } catch {
      // Denied (third-party frames, some private windows) or broken: this visit works without.
    }
  }
  return new WeightStore(new MemoryDatabase());
}

/** Every method throws EngineFault `storage` or `quota` when the browser's storage fails. */
export class WeightStore {
  constructor(private readonly database: Database) {}

  /** False: the browser denies storage, and all is gone when this worker ends. */
  get persistent(): boolean {
    return this.database.persistent;
  }

  /** Every model that is here, whole or not. */
  list(): Promise<StoredModel[]> {
    return this.database.transact("readonly", ["models", "downloads", "chunks"], async (tx) => {
      const models = await tx.entries("models");
      const installed = new Set(models.map(([id]) => id));
      const downloads = (await tx.entries("downloads")).filter(([id]) => !installed.has(id));
      const listed: StoredModel[] = [];
      for (const [, record] of models) listed.push(await summary(tx, record, true));
      for (const [, record] of downloads) listed.push(await summary(tx, record, false));
      return listed;
    });
  }

  /** The id of the installed model that came from `source`. */
  async findBySource(source: string): Promise<string | undefined> {
    const models = await this.database.transact("readonly", ["models"], (tx) => tx.entries("models"));
    return models.find(([, record]) => record.source === source)?.[1].bundle.id;
  }

  /**
   * An installed model as Blobs, without reading their bytes; undefined when there is none of this id.
   * @throws EngineFault `storage` when the browser has lost parts of it (installing it again fetches these alone);
   *   `bad-bundle` when it was stored by a version of this app whose model.json is no longer understood
   */
  async open(id: string): Promise<StoredBundle | undefined> {
    const found = await this.openFiles(id);
    return found && { bundle: parseBundle(found.bundle, `Stored model ${id}`), files: found.files };
  }

  /**
   * The same for models of any kind: nothing is asked of the bundle but its files.
   * @throws EngineFault `storage` as `open` does
   */
  async openFiles(id: string): Promise<{ bundle: FileBundle; files: Record<string, Blob> } | undefined> {
    const found = await this.database.transact("readonly", ["models", "chunks"], async (tx) => {
      const record = await tx.get("models", id);
      if (!record) return undefined;
      const missing = sum([...(await missingChunks(tx, record.bundle)).values()].map((indices) => indices.size));
      const files: Record<string, Blob> = {};
      for (const [name, file] of Object.entries(record.bundle.files)) files[name] = await assemble(tx, file);
      return { bundle: record.bundle, files, missing };
    });
    if (!found) return undefined;
    const { bundle, files, missing } = found;
    if (missing > 0) {
      throw new EngineFault(
        "storage",
        say("The browser has lost parts of the model “{name}”. Load it again; only what is missing is fetched.", {
          name: bundle.name,
        }),
        `${missing} chunks`,
      );
    }
    return { bundle, files };
  }

  /** The chunks that each file still lacks: never arrived, evicted, of a wrong size, or not those that the bundle's hashes name. */
  missing(bundle: FileBundle): Promise<Map<string, Set<number>>> {
    return this.database.transact("readonly", ["chunks"], (tx) => missingChunks(tx, bundle));
  }

  /**
   * Notes a download, so that its chunks are kept and the list shows it. Returns the ETags that an earlier try met.
   * @throws EngineFault `bad-bundle` when another model of the same id is installed from elsewhere
   */
  begin(bundle: FileBundle, source: string): Promise<Readonly<Record<string, string>>> {
    return this.database.transact("readwrite", ["models", "downloads"], async (tx) => {
      const installed = await tx.get("models", bundle.id);
      if (installed && installed.source !== source && !sameFiles(installed.bundle, bundle)) {
        throw new EngineFault(
          "bad-bundle",
          say(
            "Another model with the id {id} is stored, from {source}. Delete that one first, or give this one its own id.",
            { id: bundle.id, source: installed.source },
          ),
        );
      }
      const earlier = await tx.get("downloads", bundle.id);
      const etags = earlier?.source === source ? (earlier.etags ?? {}) : {};
      await tx.put("downloads", bundle.id, { bundle, source, etags });
      return etags;
    });
  }

  /** Remembers the ETag under which the chunks of a file arrive. */
  noteEtag(id: string, file: string, etag: string): Promise<void> {
    return this.database.transact("readwrite", ["downloads"], async (tx) => {
      const record = await tx.get("downloads", id);
      if (record) await tx.put("downloads", id, { ...record, etags: { ...record.etags, [file]: etag } });
    });
  }

  /** @param sha256 of `data`, computed on arrival */
  putChunk(file: StoredFile, index: number, data: Blob, sha256: string): Promise<void> {
    return this.database.transact("readwrite", ["chunks"], (tx) =>
      tx.put("chunks", [fileKey(file), index], { data, sha256 }),
    );
  }

  /** Forgets chunks of a file; all of them by default. */
  dropChunks(file: StoredFile, indices: Iterable<number> = allChunks(file)): Promise<void> {
    return this.database.transact("readwrite", ["chunks"], async (tx) => {
      for (const index of indices) await tx.delete("chunks", [fileKey(file), index]);
    });
  }

  /** Whether the chunks of a file together have its SHA-256. Reads all of it. */
  async hasRightHash(file: StoredFile, onBytes?: (count: number) => void): Promise<boolean> {
    const blob = await this.database.transact("readonly", ["chunks"], (tx) => assemble(tx, file));
    try {
      return blob.size === file.size && (await sha256OfBlob(blob, onBytes)) === file.sha256;
    } catch (error) {
      throw new EngineFault(
        "storage",
        say("The browser's storage could not be read. Load the model again."),
        String(error),
      );
    }
  }

  /**
   * Turns a finished download into an installed model, in one transaction, and drops chunks that no model needs any more.
   * @throws EngineFault `storage` when chunks are missing or the download was deleted meanwhile
   */
  install(id: string): Promise<void> {
    return this.database.transact("readwrite", ["models", "downloads", "chunks"], async (tx) => {
      const download = await tx.get("downloads", id);
      const missing = download && (await missingChunks(tx, download.bundle));
      if (!missing || [...missing.values()].some((indices) => indices.size > 0)) {
        throw new EngineFault("storage", say("The model was deleted while it was loaded. Load it again."));
      }
      await tx.put("models", id, { bundle: download.bundle, source: download.source });
      await tx.delete("downloads", id);
      await collectGarbage(tx);
    });
  }

  /**
   * Reads and hashes every chunk of an installed model. Chunks that are not what arrived are dropped:
   * the model is then damaged, and installing it again fetches them alone.
   */
  async verify(id: string, { signal, onBytes = () => {} }: VerifyOptions = {}): Promise<DamagedChunk[]> {
    const record = await this.database.transact("readonly", ["models"], (tx) => tx.get("models", id));
    if (!record) throw new EngineFault("not-loaded", say("There is no model {id} in this browser.", { id }));
    const damaged: DamagedChunk[] = [];
    const missing = await this.missing(record.bundle);
    for (const [name, file] of Object.entries(record.bundle.files)) {
      for (const chunk of allChunks(file)) {
        signal?.throwIfAborted();
        if (missing.get(name)?.has(chunk) || !(await this.isIntact(file, chunk))) damaged.push({ file: name, chunk });
        onBytes(chunkBytes(file.size, chunk));
      }
    }
    return damaged;
  }

  private async isIntact(file: StoredFile, index: number): Promise<boolean> {
    const key: Key = [fileKey(file), index];
    const chunk = await this.database.transact("readonly", ["chunks"], (tx) => tx.get("chunks", key));
    if (chunk && (await readable(chunk.data)) === chunk.sha256) return true;
    await this.dropChunks(file, [index]);
    return false;
  }

  /** Deletes a model or an unfinished download, and the chunks that no other model shares. */
  delete(id: string): Promise<void> {
    return this.database.transact("readwrite", ["models", "downloads", "chunks"], async (tx) => {
      await tx.delete("models", id);
      await tx.delete("downloads", id);
      await collectGarbage(tx);
    });
  }

  async usage(): Promise<StorageUsage> {
    const chunks = await this.database.transact("readonly", ["chunks"], (tx) => tx.entries("chunks"));
    const estimate = await globalThis.navigator?.storage?.estimate?.().catch(() => undefined);
    return {
      persistent: this.persistent,
      storedBytes: sum(chunks.map(([, { data }]) => data.size)),
      ...(estimate?.usage !== undefined && { originBytes: estimate.usage }),
      ...(estimate?.quota !== undefined && { quotaBytes: estimate.quota }),
    };
  }

  close(): void {
    this.database.close();
  }
}

export interface VerifyOptions {
  signal?: AbortSignal;
  onBytes?: (count: number) => void;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

/** With the size, so that a model.json that lies about it cannot add to another model's chunks. */
const fileKey = ({ sha256, size, unhashed }: StoredFile) => `${unhashed ? "unhashed-" : ""}${sha256}-${size}`;

const allChunks = (file: StoredFile) => Array.from({ length: chunkCount(file.size) }, (_, index) => index);

const sameFiles = (a: FileBundle, b: FileBundle) => {
  const keys = ({ files }: FileBundle) => Object.entries(files).map(([name, file]) => `${name} ${fileKey(file)}`);
  return keys(a).sort().join() === keys(b).sort().join();
};

/** The hash of chunk `index` where the bundle says it. */
export function expectedHash(file: StoredFile, index: number): string | undefined {
  if (file.unhashed) return undefined;
  return chunkCount(file.size) === 1 ? file.sha256 : file.chunks?.[index];
}

function isRight(file: StoredFile, index: number, { data, sha256 }: ChunkRecord): boolean {
  return data.size === chunkBytes(file.size, index) && sha256 === (expectedHash(file, index) ?? sha256);
}

async function missingChunks(tx: Transaction, bundle: FileBundle): Promise<Map<string, Set<number>>> {
  const missing = new Map<string, Set<number>>();
  for (const [name, file] of Object.entries(bundle.files)) {
    const lacking = new Set(allChunks(file));
    for (const [[, index], chunk] of await tx.entries("chunks", fileKey(file))) {
      if (isRight(file, Number(index), chunk)) lacking.delete(Number(index));
    }
    missing.set(name, lacking);
  }
  return missing;
}

async function summary(tx: Transaction, { bundle, source }: ModelRecord, whole: boolean): Promise<StoredModel> {
  let totalBytes = 0;
  let missingBytes = 0;
  const missing = await missingChunks(tx, bundle);
  for (const [name, { size }] of Object.entries(bundle.files)) {
    totalBytes += size;
    for (const index of missing.get(name) ?? []) missingBytes += chunkBytes(size, index);
  }
  const { id, license } = bundle;
  const kind = "components" in bundle ? "model" : "files";
  const state = whole ? (missingBytes === 0 ? "installed" : "damaged") : "partial";
  return { id, kind, name: bundle.name, license, source, state, storedBytes: totalBytes - missingBytes, totalBytes };
}

async function assemble(tx: Transaction, file: StoredFile): Promise<Blob> {
  const chunks = await tx.entries("chunks", fileKey(file));
  return new Blob(chunks.map(([, { data }]) => data));
}

async function readable(data: Blob): Promise<string | undefined> {
  let bytes: ArrayBuffer;
  try {
    bytes = await data.arrayBuffer();
  } catch {
    return undefined;
  }
  return sha256(bytes);
}

async function collectGarbage(tx: Transaction): Promise<void> {
  const records = [...(await tx.entries("models")), ...(await tx.entries("downloads"))];
  const used = new Set(records.flatMap(([, { bundle }]) => Object.values(bundle.files).map(fileKey)));
  for (const key of await tx.keys("chunks")) {
    if (!used.has(key[0])) await tx.delete("chunks", key);
  }
}
