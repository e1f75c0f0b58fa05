/**
 * How a widget comes by its model. From the best to the least: what this site's own part of the storage holds; the app's storage, by a
 * Storage Access handle, shared by all sites; this site's part, for it alone; memory, until the page is closed. Nothing is fetched before
 * a person has said so.
 */

import { createStore } from "zustand/vanilla";
import { EngineFault } from "../../workers/faults.ts";
import { say } from "../../workers/messages.ts";
import type { Place } from "../embed/protocol.ts";
import { type Bundle, type CallOptions, type Engine, EngineError, type StoredBundle } from "../engine/index.ts";
import type { FirstPartyModels } from "./first-party-models.ts";
import { askForDatabases, databasesWithoutAsking } from "./storage-access.ts";

export interface ModelAccessState {
  /** Where the model lies; where it would, before it is fetched. null: not known yet, or no question, as outside of a frame. */
  readonly place: Place | null;
  /** Whether the model can be loaded without fetching it. null: not known yet. */
  readonly atHand: boolean | null;
  /** null: not known yet. `bytes`: all its files. */
  readonly model: { readonly name: string; readonly bytes: number } | null;
  /** Why the model could not be asked for. */
  readonly trouble: EngineError | null;
}

export type ModelAccess = ReturnType<typeof createModelAccess>;

/** @param isFramed whether another page is around this one */
export function createModelAccess(engine: Engine, isFramed: boolean) {
  const store = createStore<ModelAccessState>(() => ({ place: null, atHand: null, model: null, trouble: null }));
  const opened = new Map<string, StoredBundle>();
  let mayFetch = false;
  let app: Promise<FirstPartyModels | null> | undefined;

  const openApp = async (databases: Promise<IDBFactory | null>): Promise<FirstPartyModels | null> => {
    const factory = await databases;
    if (!factory) return null;
    return (await import("./first-party-models.ts")).openFirstPartyModels(factory);
  };
  const ownPlace = async (): Promise<Place | null> => {
    const { persistent } = await engine.storageUsage();
    if (!persistent) return "memory";
    return isFramed ? "site" : null;
  };
  const openInApp = async (source: string): Promise<StoredBundle | undefined> => {
    const known = opened.get(source);
    if (known) return known;
    const model = await (await app)?.open(source);
    if (model) opened.set(source, model);
    return model;
  };
  const find = async (source: string): Promise<{ bundle: Bundle; stored: boolean; place: Place | null }> => {
    const model = await openInApp(source);
    if (model) return { bundle: model.bundle, stored: true, place: "app" };
    const described = await engine.describe(source);
    return { ...described, place: !described.stored && (await app) ? "app" : await ownPlace() };
  };
  const toEngineError = (error: unknown) => (error instanceof EngineFault ? EngineError.fromWire(error) : error);

  /** As the engine's, over all places. */
  const describe = async (source: string): Promise<{ bundle: Bundle; stored: boolean }> => {
    if (isFramed) app ??= openApp(databasesWithoutAsking());
    try {
      const { bundle, stored, place } = await find(source);
      const bytes = Object.values(bundle.files).reduce((sum, { size }) => sum + size, 0);
      store.setState({ place, atHand: stored, model: { name: bundle.name, bytes }, trouble: null });
      return { bundle, stored };
    } catch (error) {
      const trouble = error instanceof EngineError ? error : new EngineError("internal", String(error));
      store.setState({ place: await ownPlace().catch(() => null), atHand: false, model: null, trouble });
      throw error;
    }
  };

  /** A person has pressed the button that names the size. In the click itself: the browser asks for no less. */
  const agree = (): void => {
    mayFetch = true;
    if (!isFramed || store.getState().atHand) return;
    const asked = openApp(askForDatabases());
    const before = app;
    app = asked.then(async (models) => models ?? (await before) ?? null);
  };

  const load = async (source: string, options: CallOptions = {}): Promise<void> => {
    const { stored, place } = await find(source).catch((error: unknown) => {
      throw toEngineError(error);
    });
    if (!stored && !mayFetch) {
      throw new EngineError("not-loaded", say("The model is not here. Press the button that fetches it."));
    }
    const models = await app;
    if (!stored && models) {
      try {
        const { onProgress = () => {}, signal } = options;
        const address = new URL(source, document.baseURI).href;
        const onDownload = (progress: Parameters<Parameters<typeof models.install>[1]["onProgress"]>[0]) =>
          onProgress({ ...progress, kind: "download" });
        opened.set(source, await models.install(address, { onProgress: onDownload, signal }));
      } catch (error) {
        const known = toEngineError(error);
        // No room there: this site's own part may have some.
        if (!(known instanceof EngineError && ["quota", "storage"].includes(known.code))) throw known;
      }
    }
    const model = opened.get(source);
    await engine.load(model ?? source, options);
    store.setState({ place: model ? "app" : place === "app" ? await ownPlace() : place, atHand: true, trouble: null });
  };

  return { store, describe, agree, load };
}
