/**
 * The gallery's tables in IndexedDB. Rows are small and read all at once; what a result weighs lies in tables of its own and is read
 * one at a time. Deleted results stay for a while, so that every tab can bring them back.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { ResultDetails, ResultRow } from "./result.ts";

export interface StoredRow extends ResultRow {
  /** When it was deleted; purged some time later. */
  readonly removedAt?: number;
}

/** All that is kept of one result. */
export interface StoredResult {
  readonly row: ResultRow;
  readonly details: ResultDetails;
  readonly picture: Blob;
  /** Left out: made when first needed. */
  readonly thumbnail?: Blob;
}

export type BlobTable = "pictures" | "thumbnails";

interface Schema extends DBSchema {
  results: { key: string; value: StoredRow; indexes: { madeAt: number } };
  details: { key: string; value: ResultDetails };
  pictures: { key: string; value: Blob };
  thumbnails: { key: string; value: Blob };
}

const VERSION = 1;
const TABLES = ["results", "details", "pictures", "thumbnails"] as const;

/** What results are kept in. */
export type GalleryTables = Pick<GalleryDatabase, keyof GalleryDatabase>;

export class GalleryDatabase {
  private connection: Promise<IDBPDatabase<Schema>> | undefined;

  constructor(private readonly name: string) {}

  async rows(): Promise<StoredRow[]> {
    return (await this.open()).getAllFromIndex("results", "madeAt");
  }

  /** Those of `ids` that are there and not deleted. */
  async rowsOf(ids: readonly string[]): Promise<ResultRow[]> {
    const tx = (await this.open()).transaction("results");
    const rows = await Promise.all(ids.map((id) => tx.store.get(id)));
    return rows.filter((row) => row !== undefined && row.removedAt === undefined) as ResultRow[];
  }

  async details(id: string): Promise<ResultDetails | undefined> {
    return (await this.open()).get("details", id);
  }

  async blob(table: BlobTable, id: string): Promise<Blob | undefined> {
    return (await this.open()).get(table, id);
  }

  async putThumbnail(id: string, thumbnail: Blob): Promise<void> {
    await (await this.open()).put("thumbnails", thumbnail, id);
  }

  /** All of it or nothing. @throws DOMException QuotaExceededError where there is no room */
  async put({ row, details, picture, thumbnail }: StoredResult): Promise<void> {
    const tx = (await this.open()).transaction(TABLES, "readwrite", { durability: "strict" });
    tx.done.catch(() => {});
    try {
      await tx.objectStore("results").put(row);
      await tx.objectStore("details").put(details, row.id);
      await tx.objectStore("pictures").put(picture, row.id);
      if (thumbnail) await tx.objectStore("thumbnails").put(thumbnail, row.id);
      await tx.done;
    } catch (error) {
      abort(tx);
      // A failed write ends the transaction; its error says more than the request's.
      throw tx.error ?? error;
    }
  }

  /** Changes rows that are there, each as it is in the table now: another tab may have changed it. */
  async change(ids: readonly string[], change: (row: StoredRow) => StoredRow): Promise<void> {
    const tx = (await this.open()).transaction("results", "readwrite");
    for (const id of ids) {
      const row = await tx.store.get(id);
      if (row) await tx.store.put(change(row));
    }
    await tx.done;
  }

  /** Ends results at once. */
  async erase(ids: readonly string[]): Promise<void> {
    const tx = (await this.open()).transaction(TABLES, "readwrite");
    await Promise.all(ids.flatMap((id) => TABLES.map((table) => tx.objectStore(table).delete(id))));
    await tx.done;
  }

  /** Ends results that were deleted before `time`. @returns how many */
  async purge(time: number): Promise<number> {
    const gone = (await this.rows()).filter((row) => row.removedAt !== undefined && row.removedAt < time);
    if (gone.length > 0) await this.erase(gone.map((row) => row.id));
    return gone.length;
  }

  close(): void {
    void this.connection?.then((db) => db.close()).catch(() => {});
    this.connection = undefined;
  }

  private open(): Promise<IDBPDatabase<Schema>> {
    this.connection ??= openDB<Schema>(this.name, VERSION, {
      upgrade: (db) => {
        db.createObjectStore("results", { keyPath: "id" }).createIndex("madeAt", "madeAt");
        for (const table of ["details", "pictures", "thumbnails"] as const) db.createObjectStore(table);
      },
      // Another tab brings a newer version or clears the site: do not stand in its way.
      blocking: () => this.close(),
      terminated: () => {
        this.connection = undefined;
      },
    }).catch((error: unknown) => {
      this.connection = undefined;
      throw error;
    });
    return this.connection;
  }
}

function abort(tx: { abort: () => void }): void {
  try {
    tx.abort();
  } catch {
    // Already ended.
  }
}
