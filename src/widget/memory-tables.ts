/** Shelf and results of one visit: a guest in somebody's page leaves nothing behind. */
import type { Entity } from "../entities/entity.ts";
import type { EntityTables } from "../entities/entity-database.ts";
import type { GalleryTables, StoredResult, StoredRow } from "../gallery/gallery-database.ts";

export function memoryEntities(): EntityTables {
  const entities = new Map<string, Entity>();
  let shelf: readonly string[] | undefined;
  return {
    all: async () => ({ entities: [...entities.values()], shelf }),
    some: async (ids) => ({ entities: ids.flatMap((id) => entities.get(id) ?? []), shelf }),
    put: async (entity) => void entities.set(entity.id, entity),
    changeShelf: async (change) => {
      shelf = change(shelf);
      return shelf;
    },
    erase: async (ids) => {
      for (const id of ids) entities.delete(id);
    },
  };
}

/** @param most the oldest go first beyond it: a page may stand open for days */
export function memoryResults(most = 24): GalleryTables {
  const results = new Map<string, StoredResult & { readonly row: StoredRow }>();
  return {
    rows: async () => [...results.values()].map(({ row }) => row),
    rowsOf: async (ids) => ids.flatMap((id) => results.get(id)?.row ?? []).filter((row) => row.removedAt === undefined),
    details: async (id) => results.get(id)?.details,
    blob: async (table, id) => (table === "pictures" ? results.get(id)?.picture : results.get(id)?.thumbnail),
    putThumbnail: async (id, thumbnail) => {
      const result = results.get(id);
      if (result) results.set(id, { ...result, thumbnail });
    },
    put: async (result) => {
      results.set(result.row.id, result);
      for (const id of [...results.keys()].slice(0, Math.max(0, results.size - most))) results.delete(id);
    },
    change: async (ids, change) => {
      for (const id of ids) {
        const result = results.get(id);
        if (result) results.set(id, { ...result, row: change(result.row) });
      }
    },
    erase: async (ids) => {
      for (const id of ids) results.delete(id);
    },
    purge: async (time) => {
      const gone = [...results.values()].filter(({ row }) => row.removedAt !== undefined && row.removedAt < time);
      for (const { row } of gone) results.delete(row.id);
      return gone.length;
    },
    close: () => {},
  };
}
