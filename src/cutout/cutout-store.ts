/** Pictures that wait to be cut out, one dialog after the other. */
import { createStore } from "zustand/vanilla";
import type { Cutout, EntityCutout } from "../entities/entity.ts";
import type { EntityStore } from "../entities/entity-store.ts";
import type { Draft } from "./bench.ts";

export interface CutoutRequest {
  readonly key: string;
  /** The picture to cut from. */
  readonly photo: Blob;
  readonly label: string;
  /** Set when an entity of the shelf is cut anew. */
  readonly entityId?: string;
  /** What was cut out of it before. */
  readonly draft?: Draft | StoredDraft;
}

/** As entities keep it. */
export interface StoredDraft {
  readonly stored: EntityCutout;
}

export interface CutoutState {
  /** The first is in the dialog. */
  readonly queue: readonly CutoutRequest[];
  /** Queues a picture. @returns the id of the entity that it became; null when it was left */
  readonly open: (photo: Blob, label: string, draft?: Draft) => Promise<string | null>;
  /** Cuts an entity anew, from its photo where it has one. Does nothing for an unknown id. */
  readonly openCutout: (entityId: string) => void;
  /** Ends the first request with a cut-out. */
  readonly confirm: (cutout: Cutout) => Promise<void>;
  /** Ends the first request with the picture as it is. @throws EngineError bad-image */
  readonly takeAsItIs: (label: string, tags?: readonly string[]) => Promise<void>;
  /** Leaves the first request. */
  readonly cancel: () => void;
  /** The entity whose crop is being chosen. */
  readonly cropping: string | null;
  readonly openCrop: (entityId: string) => void;
  readonly closeCrop: () => void;
}

export type CutoutStore = ReturnType<typeof createCutoutStore>;

export function createCutoutStore(entities: EntityStore) {
  const waiting = new Map<string, (id: string | null) => void>();

  return createStore<CutoutState>((set, get) => {
    const enqueue = (request: CutoutRequest) => set({ queue: [...get().queue, request] });
    const end = (id: string | null) => {
      const [first, ...rest] = get().queue;
      if (!first) return;
      set({ queue: rest });
      waiting.get(first.key)?.(id);
      waiting.delete(first.key);
    };

    return {
      queue: [],
      open: (photo, label, draft) => {
        const key = crypto.randomUUID();
        const done = new Promise<string | null>((resolve) => waiting.set(key, resolve));
        enqueue({ key, photo, label, ...(draft && { draft }) });
        return done;
      },
      openCutout: (entityId) => {
        const entity = entities.getState().entities.get(entityId);
        if (!entity || get().queue.some((request) => request.entityId === entityId)) return;
        const { label, cutout, cropped } = entity;
        enqueue({
          key: crypto.randomUUID(),
          photo: cutout?.source.photo ?? cropped?.photo ?? entity.picture,
          label,
          entityId,
          ...(cutout && { draft: { stored: cutout } }),
        });
      },
      confirm: async (cutout) => {
        const [first] = get().queue;
        if (!first) return;
        const { add, recut } = entities.getState();
        if (first.entityId) await recut(first.entityId, cutout);
        end(first.entityId ?? (await add(cutout)));
      },
      takeAsItIs: async (label, tags = []) => {
        const [first] = get().queue;
        if (!first) return;
        end(first.entityId ?? (await entities.getState().add(first.photo, label, tags)));
      },
      cancel: () => end(null),
      cropping: null,
      openCrop: (cropping) => set({ cropping }),
      closeCrop: () => set({ cropping: null }),
    };
  });
}
