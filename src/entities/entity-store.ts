/**
 * The shelf of entities: pictures with names. IndexedDB is the truth, shared by all tabs: a change is shown at once, written where it
 * belongs, and told to the other tabs then.
 */
import { createStore } from "zustand/vanilla";
import { normalisePicture } from "../engine/images.ts";
import type { History } from "../ui/history.ts";
import { isOnlyTab } from "../ui/only-tab.ts";
import { type StorageTrouble, troubleOf } from "../ui/storage-trouble.ts";
import { type Background, type Cropped, type Cutout, type Entity, type EntityCutout, pictureOf } from "./entity.ts";
import { EntityDatabase, type EntityTables } from "./entity-database.ts";
import { exampleEntities } from "./example-entities.ts";

export interface EntityState {
  /** All entities that the shelf or a sentence may name. */
  readonly entities: ReadonlyMap<string, Entity>;
  /** Object URLs of their pictures. */
  readonly urls: ReadonlyMap<string, string>;
  /** Order on the shelf. A removed entity leaves the shelf at once and the store at a later start, so that undo can bring it back. */
  readonly shelf: readonly string[];
  readonly restored: boolean;
  /** Storage did not take the last change: it lasts until the page is closed. */
  readonly trouble: StorageTrouble | null;
  /**
   * Brings back what an earlier visit has left. Removed entities go for good, but for those that something else still names, and only
   * where no other tab may want to bring them back.
   * @param isNamed whether a sentence, a result or a waiting job names this id
   */
  readonly restore: (isNamed?: (id: string) => boolean) => Promise<void>;
  /**
   * Puts a cut-out, or a picture as it is, on the shelf.
   * @param label for a picture as it is
   * @returns its id
   * @throws EngineError bad-image
   */
  readonly add: (source: Blob | Cutout, label?: string, tags?: readonly string[]) => Promise<string>;
  /** Cut anew: the picture changes wherever it is used. Undoable, as all changes of an entity are. @returns what undoes it */
  readonly recut: (id: string, cutout: Cutout) => Promise<() => void>;
  /** Of a picture as it is: shows `picture`, a part of what it was. @returns what undoes it */
  readonly crop: (id: string, picture: Blob, cropped: Cropped | undefined) => Promise<() => void>;
  /** Of a cut-out: the same crop on white, or as it was photographed. Does nothing where there is only one form. */
  readonly setBackground: (id: string, background: Background) => void;
  readonly setTags: (id: string, tags: readonly string[]) => void;
  readonly rename: (id: string, label: string) => void;
  readonly remove: (id: string) => void;
  readonly putBack: (id: string, index: number) => void;
  /** Stops listening to other tabs. */
  readonly dispose: () => void;
}

export type EntityStore = ReturnType<typeof createEntityStore>;

export interface EntityOptions {
  /** Takes part in the page's undo; without it, changes are final. */
  readonly history?: History;
  /** Of the database, of the channel between tabs and of their lock. */
  readonly name?: string;
  /** Where entities are kept instead, by this page alone: no other tab is told of changes. */
  readonly tables?: EntityTables;
}

/** Applied to what is stored, whatever that has become. */
type ChangeShelf = (shelf: readonly string[]) => readonly string[];

export function createEntityStore({ history, name = "kosmosg-entities", tables }: EntityOptions = {}) {
  const database = tables ?? new EntityDatabase(name);
  const channel = tables || typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
  /** What is shown and not stored yet; what storage does not take is tried again with the next change. */
  const unsaved = { entities: new Set<string>(), shelf: [] as ChangeShelf[] };
  /** What the shelf held before anything was ever stored of it. */
  let firstShelf: readonly string[] = [];
  let saving: Promise<void> = Promise.resolve();

  return createStore<EntityState>((set, get) => {
    const failed = (cause: unknown) => set({ trouble: troubleOf(cause) });
    const tellOthers = (...ids: string[]) => channel?.postMessage({ changed: ids });
    const urlOf = ({ id, picture }: Entity, { entities, urls }: EntityState): string => {
      const known = urls.get(id);
      if (known && entities.get(id)?.picture === picture) return known;
      // Shown until whoever shows it has the new one.
      if (known) setTimeout(() => URL.revokeObjectURL(known), 10_000);
      return URL.createObjectURL(picture);
    };
    const place = (entity: Entity) =>
      set((state) => ({
        entities: new Map(state.entities).set(entity.id, entity),
        urls: new Map(state.urls).set(entity.id, urlOf(entity, state)),
      }));
    const showShelf = (shelf: readonly string[]) => set({ shelf: shelf.filter((id) => get().entities.has(id)) });
    const saveEntity = async (id: string) => {
      const entity = get().entities.get(id);
      // Taken off first: it may change again while it is written.
      unsaved.entities.delete(id);
      try {
        if (entity) await database.put(entity);
      } catch (cause) {
        unsaved.entities.add(id);
        throw cause;
      }
      tellOthers(id);
    };
    const saveShelf = async () => {
      const changes = [...unsaved.shelf];
      if (changes.length === 0) return;
      const stored = await database.changeShelf((shelf) =>
        changes.reduce((now, change) => change(now), shelf ?? firstShelf),
      );
      unsaved.shelf.splice(0, changes.length);
      tellOthers();
      // What other tabs did meanwhile is in it.
      if (unsaved.shelf.length === 0) showShelf(stored);
    };
    /** One after the other: two writes of one entity must not change places. */
    const save = (): Promise<void> => {
      saving = saving.then(async () => {
        try {
          for (const id of [...unsaved.entities]) await saveEntity(id);
          await saveShelf();
          set({ trouble: null });
        } catch (cause) {
          failed(cause);
        }
      });
      return saving;
    };
    const put = (entity: Entity): Promise<void> => {
      place(entity);
      unsaved.entities.add(entity.id);
      return save();
    };
    const changeShelf = (change: ChangeShelf): Promise<void> => {
      set({ shelf: change(get().shelf) });
      unsaved.shelf.push(change);
      return save();
    };
    /** Puts a changed entity in the place of the old one. @returns what undoes it */
    const change = async (id: string, changes: Partial<Entity>): Promise<() => void> => {
      const before = get().entities.get(id);
      if (!before) return () => {};
      const after = { ...before, ...changes };
      const undo = () => void put(before);
      history?.did({ undo, redo: () => void put(after) });
      await put(after);
      return undo;
    };

    channel?.addEventListener("message", async ({ data }: MessageEvent<unknown>) => {
      const changed = changedIds(data);
      if (!changed || !get().restored) return;
      try {
        const { shelf = [] } = await database.some([]);
        const unknown = shelf.filter((id) => !get().entities.has(id));
        const stored = await database.some([...new Set([...changed, ...unknown])]);
        for (const entity of stored.entities) place(entity);
        if (stored.shelf && unsaved.shelf.length === 0) showShelf(stored.shelf);
      } catch (cause) {
        failed(cause);
      }
    });

    return {
      entities: new Map(),
      urls: new Map(),
      shelf: [],
      restored: false,
      trouble: null,
      restore: async (isNamed = () => false) => {
        let shelf: readonly string[] | undefined;
        try {
          const alone = await isOnlyTab(name).catch(() => false);
          const stored = await database.all();
          shelf = stored.shelf;
          const wanted = ({ id }: Entity) => !alone || shelf?.includes(id) || isNamed(id);
          for (const entity of stored.entities) if (wanted(entity)) place(entity);
          await database.erase(stored.entities.filter((entity) => !wanted(entity)).map(({ id }) => id));
        } catch (cause) {
          failed(cause);
        }
        for (const entity of await exampleEntities()) if (!get().entities.has(entity.id)) place(entity);
        firstShelf = exampleOrder(get().entities);
        showShelf(shelf ?? firstShelf);
        set({ restored: true });
      },
      add: async (source, label = "", tags = []) => {
        const made =
          source instanceof Blob
            ? { label, picture: await normalisePicture(source), tags }
            : {
                label: source.label,
                picture: pictureOf(source),
                cutout: cutoutOf(source),
                tags: source.tags ?? tags,
              };
        const entity: Entity = {
          ...made,
          id: crypto.randomUUID(),
          label: made.label.trim() || "picture",
          addedAt: Date.now(),
        };
        await Promise.all([put(entity), changeShelf((shelf) => [...shelf, entity.id])]);
        return entity.id;
      },
      recut: (id, cutout) =>
        change(id, {
          picture: pictureOf(cutout),
          cutout: cutoutOf(cutout),
          cropped: undefined,
          ...(cutout.label.trim() && { label: cutout.label.trim() }),
          ...(cutout.tags && { tags: cutout.tags }),
        }),
      crop: (id, picture, cropped) => change(id, { picture, cropped }),
      setBackground: (id, background) => {
        const cutout = get().entities.get(id)?.cutout;
        if (!cutout || cutout.background === background) return;
        const changed = { ...cutout, background };
        void change(id, { cutout: changed, picture: pictureOf(changed) });
      },
      setTags: (id, tags) => void change(id, { tags }),
      rename: (id, label) => {
        if (label.trim()) void change(id, { label: label.trim() });
      },
      remove: (id) => void changeShelf((shelf) => shelf.filter((other) => other !== id)),
      putBack: (id, index) => {
        const entity = get().entities.get(id);
        if (!entity || get().shelf.includes(id)) return;
        // It may be gone from storage: another tab started while it was off the shelf.
        void put(entity);
        void changeShelf((shelf) => (shelf.includes(id) ? shelf : shelf.toSpliced(index, 0, id)));
      },
      dispose: () => channel?.close(),
    };
  });
}

/** Of a message of another tab, of another version of the app perhaps; null for what is none. */
function changedIds(message: unknown): string[] | null {
  const { changed } = (message ?? {}) as { changed?: unknown };
  return Array.isArray(changed) ? changed.filter((id): id is string => typeof id === "string") : null;
}

function exampleOrder(entities: ReadonlyMap<string, Entity>): string[] {
  return [...entities.values()].sort((a, b) => a.addedAt - b.addedAt).map((entity) => entity.id);
}

function cutoutOf({ onWhite, withBackground, background, source }: Cutout): EntityCutout {
  return { onWhite, withBackground, background, source };
}
