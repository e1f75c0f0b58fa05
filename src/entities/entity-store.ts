/** The shelf of entities: pictures with names, kept in IndexedDB. */
import { createStore as createIdb, delMany, entries, set as idbSet } from "idb-keyval";
import { createStore } from "zustand/vanilla";
import { normalisePicture } from "../engine/images.ts";
import { type Background, type Cutout, type Entity, type EntityCutout, pictureOf } from "./entity.ts";
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
  /**
   * Brings back what an earlier visit has left. Removed entities go for good, but for those that something else still names.
   * @param isNamed whether a sentence, a result or a waiting job names this id
   */
  readonly restore: (isNamed?: (id: string) => boolean) => Promise<void>;
  /**
   * Puts a cut-out, or a picture as it is, on the shelf.
   * @param label for a picture as it is
   * @returns its id
   * @throws EngineError bad-image
   */
  readonly add: (source: Blob | Cutout, label?: string) => Promise<string>;
  /** Cut anew: the picture changes wherever it is used. */
  readonly recut: (id: string, cutout: Cutout) => Promise<void>;
  /** Of a cut-out: the same crop on white, or as it was photographed. Does nothing where there is only one form. */
  readonly setBackground: (id: string, background: Background) => void;
  readonly setTags: (id: string, tags: readonly string[]) => void;
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
        urls: new Map(state.urls).set(entity.id, urlOf(entity, state)),
        shelf,
      }));
    const urlOf = ({ id, picture }: Entity, { entities, urls }: EntityState): string => {
      const known = urls.get(id);
      if (known && entities.get(id)?.picture === picture) return known;
      // Shown until whoever shows it has the new one.
      if (known) setTimeout(() => URL.revokeObjectURL(known), 10_000);
      return URL.createObjectURL(picture);
    };
    /** Puts a changed entity in the place of the old one. */
    const change = async (id: string, changes: Partial<Entity>) => {
      const entity = get().entities.get(id);
      if (!entity) return;
      const changed = { ...entity, ...changes };
      place(changed, get().shelf);
      await keep(id, changed);
    };
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
      restore: async (isNamed = () => false) => {
        let shelf: string[] | undefined;
        try {
          const stored = await entries<string, unknown>(idb);
          shelf = stored.find(([key]) => key === SHELF)?.[1] as string[] | undefined;
          const all = stored.filter(([key]) => key !== SHELF).map(([, value]) => value as Entity);
          const wanted = (id: string) => shelf?.includes(id) || isNamed(id);
          for (const entity of all) if (wanted(entity.id)) place(entity, get().shelf);
          await delMany(
            all.map((entity) => entity.id).filter((id) => !wanted(id)),
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
      add: async (source, label = "") => {
        const made =
          source instanceof Blob
            ? { label, picture: await normalisePicture(source) }
            : { label: source.label, picture: pictureOf(source), cutout: cutoutOf(source) };
        const entity: Entity = {
          ...made,
          id: crypto.randomUUID(),
          label: made.label.trim() || "picture",
          addedAt: Date.now(),
        };
        place(entity, [...get().shelf, entity.id]);
        await keep(entity.id, entity);
        await keep(SHELF, get().shelf);
        return entity.id;
      },
      recut: (id, cutout) =>
        change(id, {
          picture: pictureOf(cutout),
          cutout: cutoutOf(cutout),
          ...(cutout.label.trim() && { label: cutout.label.trim() }),
        }),
      setBackground: (id, background) => {
        const cutout = get().entities.get(id)?.cutout;
        if (!cutout || cutout.background === background) return;
        const changed = { ...cutout, background };
        void change(id, { cutout: changed, picture: pictureOf(changed) });
      },
      setTags: (id, tags) => {
        const clean = new Set(tags.map((tag) => tag.trim()).filter((tag) => tag !== ""));
        void change(id, { tags: [...clean] });
      },
      rename: (id, label) => {
        if (label.trim()) void change(id, { label: label.trim() });
      },
      remove: (id) => setShelf(get().shelf.filter((other) => other !== id)),
      putBack: (id, index) => {
        if (!get().shelf.includes(id)) setShelf(get().shelf.toSpliced(index, 0, id));
      },
    };
  });
}

function exampleOrder(entities: ReadonlyMap<string, Entity>): string[] {
  return [...entities.values()].sort((a, b) => a.addedAt - b.addedAt).map((entity) => entity.id);
}

function cutoutOf({ onWhite, withBackground, background, source }: Cutout): EntityCutout {
  return { onWhite, withBackground, background, source };
}
