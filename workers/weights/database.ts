/** The three tables behind WeightStore: in IndexedDB, or in memory where the browser denies storage. */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { FileBundle } from "./bundle.ts";

export interface ModelRecord {
  readonly bundle: FileBundle;
  /** Where it came from. */
  readonly source: string;
  /** ETag of each file at its first answer; not kept once the model is installed. */
  readonly etags?: Readonly<Record<string, string>>;
}

export interface ChunkRecord {
  readonly data: Blob;
  /** Of `data` as it arrived. */
  readonly sha256: string;
}

export interface Tables {
  /** Whole and verified models, by id. */
  models: ModelRecord;
  /** Downloads that have not ended, by the model's id. */
  downloads: ModelRecord;
  /** By [file key, chunk index]; a chunk is there when its record is. */
  chunks: ChunkRecord;
}

export type Table = keyof Tables;
export type Key = string | readonly [file: string, chunk: number];

export interface Transaction {
  get<T extends Table>(table: T, key: Key): Promise<Tables[T] | undefined>;
  /** In the order of their keys; of `chunks` those of one file, if it is given. */
  entries<T extends Table>(table: T, file?: string): Promise<[Key, Tables[T]][]>;
  keys(table: Table): Promise<Key[]>;
  put<T extends Table>(table: T, key: Key, value: Tables[T]): Promise<void>;
  delete(table: Table, key: Key): Promise<void>;
}

export interface Database {
  /** False: what is put here ends with this worker. */
  readonly persistent: boolean;
  /**
   * Runs `body` in one transaction: all of it takes effect, or, when it throws, nothing. `body` awaits nothing but the transaction.
   * @throws EngineFault `quota` or `storage`
   */
  transact<R>(mode: IDBTransactionMode, tables: readonly Table[], body: (tx: Transaction) => Promise<R>): Promise<R>;
  close(): void;
}

const VERSION = 1;
const TABLES: readonly Table[] = ["models", "downloads", "chunks"];

export class IndexedDatabase implements Database {
  readonly persistent = true;
  private connection: Promise<IDBDatabase> | undefined;

  constructor(
    private readonly factory: IDBFactory,
    private readonly name: string,
  ) {}

  async transact<R>(
    mode: IDBTransactionMode,
    tables: readonly Table[],
    body: (tx: Transaction) => Promise<R>,
  ): Promise<R> {
    try {
      const tx = await this.begin(mode, tables);
      const completed = new Promise<void>((resolve, reject) => {
        tx.oncomplete = () => resolve();
        tx.onabort = () => reject(tx.error ?? new DOMException("The transaction was given up", "AbortError"));
      });
      try {
        const result = await body(indexedTransaction(tx));
        await completed;
        return result;
      } catch (error) {
        abort(tx);
        await completed.catch(() => {});
        // A failed write ends the transaction; its error says more than the request's.
        throw tx.error ?? error;
      }
    } catch (error) {
      throw storageFault(error);
    }
  }

  close(): void {
    void this.connection?.then((db) => db.close()).catch(() => {});
    this.connection = undefined;
  }

  private async begin(mode: IDBTransactionMode, tables: readonly Table[]): Promise<IDBTransaction> {
    // A chunk that is lost in a crash is fetched again; a model that is called installed must be there.
    const durability = tables.includes("models") ? "strict" : "relaxed";
    try {
      return (await this.open()).transaction(tables, mode, { durability });
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "InvalidStateError")) throw error;
      // The browser has closed the connection, as it does when the user clears the site's data.
      this.connection = undefined;
      return (await this.open()).transaction(tables, mode, { durability });
    }
  }

  private open(): Promise<IDBDatabase> {
    this.connection ??= new Promise<IDBDatabase>((resolve, reject) => {
      const request = this.factory.open(this.name, VERSION);
      request.onupgradeneeded = () => {
        for (const table of TABLES) request.result.createObjectStore(table);
      };
      request.onsuccess = () => {
        const db = request.result;
        // Another tab deletes the database or brings a newer version: do not stand in its way.
        db.onversionchange = () => this.close();
        db.onclose = () => {
          this.connection = undefined;
        };
        resolve(db);
      };
      request.onerror = () => reject(request.error);
    }).catch((error: unknown) => {
      this.connection = undefined;
      throw error;
    });
    return this.connection;
  }
}

function abort(tx: IDBTransaction): void {
  try {
    tx.abort();
  } catch {
    // Already ended.
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** All keys [file, 0], [file, 1], ... */
const chunksOf = (file: string) => IDBKeyRange.bound([file], [file, []]);

function indexedTransaction(tx: IDBTransaction): Transaction {
  return {
    get: (table, key) => settled(tx.objectStore(table).get(key as IDBValidKey)),
    entries: async (table, file) => {
      const range = file === undefined ? null : chunksOf(file);
      const store = tx.objectStore(table);
      const [keys, values] = await Promise.all([settled(store.getAllKeys(range)), settled(store.getAll(range))]);
      return keys.map((key, i) => [key as Key, values[i]]);
    },
    keys: async (table) => (await settled(tx.objectStore(table).getAllKeys())) as Key[],
    put: async (table, key, value) => void (await settled(tx.objectStore(table).put(value, key as IDBValidKey))),
    delete: (table, key) => settled(tx.objectStore(table).delete(key as IDBValidKey)),
  };
}

function storageFault(error: unknown): unknown {
  if (error instanceof EngineFault) return error;
  const name = error instanceof Error ? error.name : "";
  if (name === "QuotaExceededError") {
    return new EngineFault(
      "quota",
      say(
        "There is no room left for this model in the browser's storage. Delete a model or free disk space, then load it again; what has arrived is kept.",
      ),
      String(error),
    );
  }
  return new EngineFault(
    "storage",
    say("The browser's storage failed. Load the model again; if that does not help, clear this site's data."),
    String(error),
  );
}

export class MemoryDatabase implements Database {
  readonly persistent = false;
  private tables: { [T in Table]: Map<string, [Key, Tables[T]]> } = {
    models: new Map(),
    downloads: new Map(),
    chunks: new Map(),
  };
  private last: Promise<unknown> = Promise.resolve();

  transact<R>(_: IDBTransactionMode, __: readonly Table[], body: (tx: Transaction) => Promise<R>): Promise<R> {
    const run = async () => {
      const before = this.tables;
      this.tables = {
        models: new Map(before.models),
        downloads: new Map(before.downloads),
        chunks: new Map(before.chunks),
      };
      try {
        return await body(memoryTransaction(this.tables));
      } catch (error) {
        this.tables = before;
        throw error;
      }
    };
    const result = this.last.then(run);
    this.last = result.catch(() => {});
    return result;
  }

  close(): void {}
}

function memoryTransaction(tables: { [T in Table]: Map<string, [Key, Tables[T]]> }): Transaction {
  const compare = ([a]: [Key, unknown], [b]: [Key, unknown]) => {
    const [fileA, chunkA] = typeof a === "string" ? [a, 0] : a;
    const [fileB, chunkB] = typeof b === "string" ? [b, 0] : b;
    return fileA === fileB ? chunkA - chunkB : fileA < fileB ? -1 : 1;
  };
  return {
    get: async (table, key) => tables[table].get(String(key))?.[1],
    entries: async (table, file) =>
      [...tables[table].values()].filter(([key]) => file === undefined || key[0] === file).sort(compare),
    keys: async (table) => [...tables[table].values()].map(([key]) => key),
    put: async (table, key, value) => void tables[table].set(String(key), [key, value]),
    delete: async (table, key) => void tables[table].delete(String(key)),
  };
}
