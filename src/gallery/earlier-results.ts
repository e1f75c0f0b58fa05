/** Results of the app's first version: one array under one key of its own database. They move into the gallery once. */
import { deleteDB, openDB } from "idb";
import type { GalleryTables } from "./gallery-database.ts";
import { type Metadata, type NewResult, rowOf } from "./result.ts";

const NAME = "kosmosg-results";
const STORE = "results";
const KEY = "results";

interface EarlierResult extends Omit<NewResult, "picture"> {
  readonly id: string;
  readonly madeAt: number;
  readonly png: Blob;
}

/**
 * Moves what is there; the old database is deleted only after everything has arrived.
 * Two tabs may do it at once: they put the same rows under the same ids.
 */
export async function adoptEarlierResults(gallery: GalleryTables): Promise<void> {
  const earlier = await read();
  if (!earlier) return;
  const there = new Set((await gallery.rows()).map((row) => row.id));
  for (const result of earlier) {
    if (!isEarlierResult(result) || there.has(result.id)) continue;
    const details = { metadata: result.metadata as Metadata, entities: [] };
    await gallery.put({
      row: rowOf(result.id, result.madeAt, { ...result, picture: result.png }),
      details,
      picture: result.png,
    });
  }
  await deleteDB(NAME);
}

/** undefined: there is no such database, and none is made by looking. */
async function read(): Promise<unknown[] | undefined> {
  let isNew = false;
  try {
    const db = await openDB(NAME, undefined, {
      upgrade: (_db, _oldVersion, _newVersion, tx) => {
        isNew = true;
        tx.done.catch(() => {});
        tx.abort();
      },
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    const stored: unknown = db.objectStoreNames.contains(STORE) ? await db.get(STORE, KEY) : [];
    db.close();
    return Array.isArray(stored) ? stored : [];
  } catch (error) {
    if (isNew) return undefined;
    throw error;
  }
}

function isEarlierResult(value: unknown): value is EarlierResult {
  const result = value as EarlierResult | undefined;
  return (
    typeof result?.id === "string" && result.png instanceof Blob && typeof result.metadata?.settings?.seed === "number"
  );
}
