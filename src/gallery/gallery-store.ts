/**
 * Every picture that was made. IndexedDB is the truth, shared by all tabs; a tab holds light rows and reads pictures when they are shown.
 * A change is written first and told to the other tabs then, which read the rows that it names: no tab ever writes what it remembers of
 * another's library.
 */
import { createStore } from "zustand/vanilla";
import { isQuotaError, type StorageTrouble, troubleOf } from "../ui/storage-trouble.ts";
import { BlobUrls } from "./blob-urls.ts";
import { adoptEarlierResults } from "./earlier-results.ts";
import { type BlobTable, GalleryDatabase, type GalleryTables, type StoredResult } from "./gallery-database.ts";
import { mergeRows, type NewResult, type ResultDetails, type ResultRow, rowOf } from "./result.ts";
import { CHIP_SIDE, type MakeThumbnail, makeThumbnail, THUMBNAIL_SIDE } from "./thumbnail.ts";

export interface GalleryState {
  /** Newest first. */
  readonly rows: readonly ResultRow[];
  readonly restored: boolean;
  readonly trouble: StorageTrouble | null;
  /** Results that storage has not taken: they last until the page is closed. */
  readonly unsaved: ReadonlySet<string>;
  /** Reads what is stored, and what the app's first version stored. */
  readonly restore: () => Promise<void>;
  /** Puts a result in; it is shown at once, and kept in memory where storage does not take it. @returns its id */
  readonly add: (result: NewResult) => Promise<string>;
  /** Deletes results; `putBack` undoes it for a minute. */
  readonly remove: (ids: readonly string[]) => Promise<void>;
  readonly putBack: (ids: readonly string[]) => Promise<void>;
  readonly star: (ids: readonly string[], starred: boolean) => Promise<void>;
  /** Tries again to store what is unsaved; what was deleted makes room first. */
  readonly retry: () => Promise<void>;
  readonly detailsOf: (id: string) => Promise<ResultDetails | undefined>;
  readonly pictureOf: (id: string) => Promise<Blob | undefined>;
  /** The picture's or thumbnail's URL where it is at hand; components use `useResultUrl`, which fetches it. */
  readonly urlOf: (id: string, table?: BlobTable) => string | undefined;
  readonly urls: Readonly<Record<BlobTable, BlobUrls>>;
  /** Ids of all entities that a result names, deleted ones that can come back included. Rejects where storage cannot be read. */
  readonly referencedEntities: () => Promise<ReadonlySet<string>>;
  /** Closes the database and stops listening to other tabs. */
  readonly dispose: () => void;
}

export type GalleryStore = ReturnType<typeof createGalleryStore>;

/** Deleted results can come back for so long. */
const UNDO_MS = 60_000;
/** Results held in memory where storage takes none. */
const UNSAVED_KEPT = 100;
/** URLs kept alive while nothing shows them: a few screens of thumbnails, a handful of pictures. */
const URLS_KEPT: Record<BlobTable, number> = { thumbnails: 300, pictures: 8 };

export interface GalleryOptions {
  /** Of the database and of the channel between tabs. */
  readonly name?: string;
  readonly thumbnail?: MakeThumbnail;
  /** Where results are kept instead, by this page alone: no other tab is told of changes. */
  readonly tables?: GalleryTables;
}

export function createGalleryStore({
  name = "kosmosg-gallery",
  thumbnail = makeThumbnail,
  tables,
}: GalleryOptions = {}) {
  const database = tables ?? new GalleryDatabase(name);
  const channel = tables || typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(name);
  /** By id: what storage has not taken, and what of that was deleted. */
  const held = new Map<string, StoredResult>();
  const discarded = new Map<string, StoredResult>();
  const timers = new Set<ReturnType<typeof setTimeout>>();

  return createStore<GalleryState>((set, get) => {
    const loadBlob = (table: BlobTable) => async (id: string) => {
      const result = held.get(id);
      if (table === "pictures") return result?.picture ?? (await database.blob("pictures", id));
      const stored = result ? result.thumbnail : await database.blob("thumbnails", id);
      if (stored) return stored;
      const picture = await get().pictureOf(id);
      const made = picture && (await thumbnail(picture, THUMBNAIL_SIDE));
      // Made again next time where this fails.
      if (made && !result) void database.putThumbnail(id, made).catch(() => {});
      return made ?? picture;
    };
    const urls = {
      thumbnails: new BlobUrls(loadBlob("thumbnails"), URLS_KEPT.thumbnails),
      pictures: new BlobUrls(loadBlob("pictures"), URLS_KEPT.pictures),
    };

    const place = (changed: readonly ResultRow[], gone: readonly string[] = []) => {
      set({ rows: mergeRows(get().rows, changed, new Set(gone)) });
      for (const id of gone) for (const cache of Object.values(urls)) cache.drop(id);
    };
    const tellOthers = (ids: readonly string[]) => channel?.postMessage({ changed: ids });
    const showHeld = () => set({ unsaved: new Set(held.keys()) });
    const failed = (error: unknown) => set({ trouble: troubleOf(error) });

    const hold = (result: StoredResult) => {
      held.set(result.row.id, result);
      const tooMany = [...held.keys()].slice(0, Math.max(0, held.size - UNSAVED_KEPT));
      for (const id of tooMany) held.delete(id);
      place([result.row], tooMany);
      showHeld();
    };
    /** Stores what is held under `id`. */
    const keep = async (id: string): Promise<boolean> => {
      const result = held.get(id);
      if (!result) return true;
      try {
        await database.put(result).catch(async (error: unknown) => {
          // Pictures that were deleted a moment ago still take room.
          if (!isQuotaError(error) || (await database.purge(Infinity)) === 0) throw error;
          await database.put(result);
        });
      } catch (error) {
        failed(error);
        return false;
      }
      held.delete(id);
      showHeld();
      tellOthers([id]);
      return true;
    };
    const purgeLater = () => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        discarded.clear();
        void database.purge(Date.now() - UNDO_MS).catch(() => {});
      }, UNDO_MS + 1000);
      timers.add(timer);
    };

    channel?.addEventListener("message", async ({ data }: MessageEvent<unknown>) => {
      const ids = changedIds(data);
      const rows = await database.rowsOf(ids).catch(() => null);
      if (!rows) return;
      const there = new Set(rows.map((row) => row.id));
      place(
        rows,
        ids.filter((id) => !there.has(id) && !held.has(id)),
      );
    });

    return {
      rows: [],
      restored: false,
      trouble: null,
      unsaved: new Set(),
      urls,
      urlOf: (id, table = "thumbnails") => urls[table].peek(id),

      restore: async () => {
        try {
          // What cannot be moved today stays where it is.
          await adoptEarlierResults(database).catch((error: unknown) =>
            console.warn("Earlier results not read", error),
          );
          const rows = await database.rows();
          place(rows.filter((row) => row.removedAt === undefined));
          await database.purge(Date.now() - UNDO_MS);
        } catch (error) {
          failed(error);
        }
        set({ restored: true });
      },

      add: async (result) => {
        const row = rowOf(result.id ?? crypto.randomUUID(), result.madeAt ?? Date.now(), result);
        const entities = await Promise.all(
          (result.entities ?? []).map(async ({ id, label, picture }) => {
            const small = picture && (await thumbnail(picture, CHIP_SIDE));
            return { id, label, ...(small && { thumbnail: small }) };
          }),
        );
        const small = await thumbnail(result.picture, THUMBNAIL_SIDE);
        const details = { metadata: result.metadata, entities };
        hold({ row, details, picture: result.picture, ...(small && { thumbnail: small }) });
        if ((await keep(row.id)) && get().unsaved.size === 0) set({ trouble: null });
        return row.id;
      },

      remove: async (ids) => {
        place([], ids);
        for (const id of ids) {
          const result = held.get(id);
          if (!result) continue;
          discarded.set(id, result);
          held.delete(id);
        }
        showHeld();
        purgeLater();
        try {
          const removedAt = Date.now();
          await database.change(ids, (row) => ({ ...row, removedAt }));
        } catch (error) {
          // No room even for the mark: what frees room must not fail for lack of it.
          if (isQuotaError(error)) await database.erase(ids).catch(failed);
          else failed(error);
        }
        tellOthers(ids);
      },

      putBack: async (ids) => {
        for (const id of ids) {
          const result = discarded.get(id);
          if (!result) continue;
          discarded.delete(id);
          hold(result);
        }
        try {
          await database.change(ids, ({ removedAt: _, ...row }) => row);
          place(await database.rowsOf(ids));
        } catch (error) {
          failed(error);
        }
        tellOthers(ids);
      },

      star: async (ids, starred) => {
        const chosen = new Set(ids);
        place(get().rows.flatMap((row) => (chosen.has(row.id) ? [{ ...row, starred }] : [])));
        for (const id of ids) {
          const result = held.get(id);
          if (result) held.set(id, { ...result, row: { ...result.row, starred } });
        }
        try {
          await database.change(ids, (row) => ({ ...row, starred }));
        } catch (error) {
          failed(error);
          // What was not stored is not shown as if it were.
          place(await database.rowsOf(ids).catch(() => []));
        }
        tellOthers(ids);
      },

      retry: async () => {
        for (const id of [...held.keys()]) if (!(await keep(id))) return;
        // Not before: whoever sees it gone may close the page.
        set({ trouble: null });
      },

      detailsOf: async (id) => held.get(id)?.details ?? (await database.details(id)),
      pictureOf: async (id) => held.get(id)?.picture ?? (await database.blob("pictures", id)),

      referencedEntities: async () => {
        const rows = [...(await database.rows()), ...get().rows, ...[...discarded.values()].map(({ row }) => row)];
        return new Set(
          rows.flatMap((row) => row.sentence.flatMap((part) => (part.kind === "entity" ? [part.id] : []))),
        );
      },

      dispose: () => {
        channel?.close();
        for (const timer of timers) clearTimeout(timer);
        database.close();
      },
    };
  });
}

/** Of a message of another tab; of another version of the app perhaps. */
function changedIds(message: unknown): string[] {
  const { changed } = (message ?? {}) as { changed?: unknown };
  return Array.isArray(changed) ? changed.filter((id): id is string => typeof id === "string") : [];
}
