/**
 * Entities in IndexedDB, shared by all tabs: each under its id, and the order of the shelf beside them. The order is only ever changed
 * where it lies: a tab that wrote the one it remembers would take off the shelf what another tab has put on it.
 */
import { createStore as createIdb, delMany, entries, getMany, set, type UseStore, update } from "idb-keyval";
import type { Entity } from "./entity.ts";

const SHELF = "shelf";

export interface StoredEntities {
  readonly entities: readonly Entity[];
  /** undefined: never written, the shelf holds what every visitor finds. */
  readonly shelf: readonly string[] | undefined;
}

/** What the shelf is kept in. */
export type EntityTables = Pick<EntityDatabase, keyof EntityDatabase>;

export class EntityDatabase {
  private opened: UseStore | undefined;

  /** @param name of the database */
  constructor(private readonly name: string) {}

  async all(): Promise<StoredEntities> {
    const stored = await entries<string, unknown>(this.idb);
    return {
      entities: stored.filter(([key]) => key !== SHELF).map(([, value]) => value as Entity),
      shelf: stored.find(([key]) => key === SHELF)?.[1] as string[] | undefined,
    };
  }

  async some(ids: readonly string[]): Promise<StoredEntities> {
    const [shelf, ...found] = await getMany<unknown>([SHELF, ...ids], this.idb);
    return {
      entities: found.filter((entity) => entity !== undefined) as Entity[],
      shelf: shelf as string[] | undefined,
    };
  }

  async put(entity: Entity): Promise<void> {
    await set(entity.id, entity, this.idb);
  }

  /** @param change of the order as it is stored. @returns what is stored then */
  async changeShelf(change: (shelf: readonly string[] | undefined) => readonly string[]): Promise<readonly string[]> {
    let changed: readonly string[] = [];
    await update<readonly string[]>(
      SHELF,
      (stored) => {
        changed = change(stored);
        return changed;
      },
      this.idb,
    );
    return changed;
  }

  async erase(ids: readonly string[]): Promise<void> {
    await delMany([...ids], this.idb);
  }

  /** Made when first needed: a browser without storage must not keep the page from starting. */
  private get idb(): UseStore {
    this.opened ??= createIdb(this.name, "entities");
    return this.opened;
  }
}
