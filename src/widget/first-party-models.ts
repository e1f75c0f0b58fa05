/**
 * The app's own models, seen from a frame by a Storage Access handle. Handles live on the window alone, Blobs go anywhere: the page opens
 * the app's store and gives what it finds to the workers, which cannot.
 */
import type { InstallProgress, StoredBundle } from "../../workers/protocol.ts";
import { installBundle, resolveBundleUrl } from "../../workers/weights/download.ts";
import { openWeightStore } from "../../workers/weights/store.ts";

export interface FirstPartyModels {
  /** A model that is there whole; undefined: it is not. @param source address of its folder, absolute, or its id */
  readonly open: (source: string) => Promise<StoredBundle | undefined>;
  /** Fetches a model into the app's store: for all sites that hold the widget, and for the app. @throws EngineFault */
  readonly install: (
    url: string,
    options: { onProgress: (progress: InstallProgress) => void; signal: AbortSignal | undefined },
  ) => Promise<StoredBundle>;
}

/** null: the database cannot be opened by this handle. */
export async function openFirstPartyModels(factory: IDBFactory): Promise<FirstPartyModels | null> {
  const store = await openWeightStore(factory);
  if (!store.persistent) return null;
  return {
    open: async (source) => {
      const id = source.includes("/") ? await store.findBySource(resolveBundleUrl(source)) : source;
      // What is lost or of an older format is as good as not there.
      return id === undefined ? undefined : await store.open(id).catch(() => undefined);
    },
    install: (url, { onProgress, signal }) => installBundle(url, { store, onProgress, ...(signal && { signal }) }),
  };
}
