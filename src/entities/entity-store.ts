/** The shelf of entities: pictures with names, kept in IndexedDB. */
import { createStore as createIdb, delMany, entries, set as idbSet } from "idb-keyval";
import { createStore } from "zustand/vanilla";
import { normalisePicture } from "../engine/images.ts";
import type { Entity } from "./entity.ts";
import { exampleEntities } from "./example-entities.ts";

export interface EntityState {
  /** All entities that the shelf or a sentence may name. */
  readonly entities: ReadonlyMap<string, Entity>;
  /** Object URLs of their pictures. */
  readonly urls: ReadonlyMap<string, string>;
  /** Order on the shelf. A removed entity leaves the shelf at once and the store at the next start, so that undo can bring it back. */
  readonly shelf: readonly string[];
  readonly restored: boolean;
  /** Storage failed: what is on the shelf lasts until the page is closed. */
  readonly storageError: string | null;
  readonly restore: () => Promise<void>;
  /** @throws EngineError bad-image */
  readonly add: (file: Blob, label: string) => Promise<string>;
  readonly rename: (id: string, label: string) => void;
  readonly remove: (id: string) => void;
  readonly putBack: (id: string, index: number) => void;
}

const SHELF = "shelf";

export type EntityStore = ReturnType<typeof createEntityStore>;

export function createEntityStore() {
  const idb = createIdb("kosmosg-entities", "entities");

  return createStore<EntityState>((set, get) => {
    const keep = async (key: string, value: unknown) => {
      try {
        await idbSet(key, value, idb);
      } catch (cause) {
        set({ storageError: cause instanceof Error ? cause.message : String(cause) });
      }
    };
    const place = (entity: Entity, shelf: readonly string[]) =>
      set((state) => ({
        entities: new Map(state.entities).set(entity.id, entity),
        urls: new Map(state.urls).set(entity.id, state.urls.get(entity.id) ?? URL.createObjectURL(entity.picture)),
        shelf,
      }));
    const setShelf = (shelf: readonly string[]) => {
      set({ shelf });
      void keep(SHELF, shelf);
    };

    return {
      entities: new Map(),
      urls: new Map(),
      shelf: [],
      restored: false,
      storageError: null,
      restore: async () => {
        let shelf: string[] | undefined;
        try {
          const stored = await entries<string, unknown>(idb);
          shelf = stored.find(([key]) => key === SHELF)?.[1] as string[] | undefined;
          const all = stored.filter(([key]) => key !== SHELF).map(([, value]) => value as Entity);
          for (const entity of all) if (shelf?.includes(entity.id)) place(entity, get().shelf);
          await delMany(
            all.map((entity) => entity.id).filter((id) => !shelf?.includes(id)),
            idb,
          );
        } catch (cause) {
          set({ storageError: cause instanceof Error ? cause.message : String(cause) });
        }
        for (const entity of await exampleEntities()) {
          if (!get().entities.has(entity.id)) place(entity, get().shelf);
        }
        const known = (shelf ?? exampleOrder(get().entities)).filter((id) => get().entities.has(id));
        set({ shelf: known, restored: true });
      },
      add: async (file, label) => {
        const entity: Entity = {
          id: crypto.randomUUID(),
          label: label.trim() || "picture",
          picture: await normalisePicture(file),
          addedAt: Date.now(),
        };
        place(entity, [...get().shelf, entity.id]);
        await keep(entity.id, entity);
        await keep(SHELF, get().shelf);
        return entity.id;
      },
      rename: (id, label) => {
        const entity = get().entities.get(id);
        if (!entity || !label.trim()) return;
        const renamed = { ...entity, label: label.trim() };
        place(renamed, get().shelf);
        void keep(id, renamed);
      },
      remove: (id) => setShelf(get().shelf.filter((other) => other !== id)),
      putBack: (id, index) => setShelf(get().shelf.toSpliced(index, 0, id)),
    };
  });
}

function exampleOrder(entities: ReadonlyMap<string, Entity>): string[] {
  return [...entities.values()].sort((a, b) => a.addedAt - b.addedAt).map((entity) => entity.id);
}
