/** Which models the browser holds, and which of them draws. */

import * as v from "valibot";
import { persist } from "zustand/middleware";
import { createStore } from "zustand/vanilla";
import { say } from "../../workers/messages.ts";
import type { StorageUsage, StoredModel } from "../../workers/protocol.ts";
import { promptLimits } from "../../workers/text/prompt-limits.ts";
import { type Bundle, type Engine, EngineError } from "../engine/index.ts";
import { type Message, messageOf } from "../ui/engine-messages.ts";
import { pageStorage } from "../ui/page-storage.ts";
import type { Task } from "./model-task.ts";

/** The model that comes with the app: its address, by which it is fetched with the first picture, and its id in the store. */
export const MINI = { source: "models/mini", id: "mini" } as const;

/** What a job or the engine calls a model by -> its id in the store. */
export const modelId = (source: string) => (source === MINI.source ? MINI.id : source);
const sourceOf = (id: string) => (id === MINI.id ? MINI.source : id);

/** Ids of what cuts out subjects: see workers/segmentation/model-files.ts. */
const SEGMENTING = /^segment-/;

/** Files that were fetched to be imported, and were not. */
export const awaitsImport = (model: Pick<StoredModel, "id" | "kind">) => model.kind === "files" && !cutsOut(model);

export interface HeldModel extends StoredModel {
  /** null: it draws nothing, is not whole, or this version of the app does not understand it. */
  readonly bundle: Bundle | null;
}

export const canDraw = (model: HeldModel): model is HeldModel & { readonly bundle: Bundle } =>
  model.state === "installed" && model.bundle !== null;

/** Whether the model of this id is among them, whole. @param models null: not read yet */
export const holdsModel = (models: readonly HeldModel[] | null, id: string | undefined): boolean =>
  models?.some((model) => model.id === id && canDraw(model)) ?? false;

export const cutsOut = ({ id }: Pick<StoredModel, "id">) => SEGMENTING.test(id);

/** Whether it reads words and no pictures. */
export const readsWordsAlone = (bundle: Bundle) => promptLimits(bundle).images === 0;

export interface ModelsState {
  /** What the next picture is drawn with: the address of the mini, or the id of a stored model. */
  readonly inUse: string;
  /** Every model in the store, whole or not; null until they are read. */
  readonly models: readonly HeldModel[] | null;
  /** The mini as its address has it, where it is not stored; null where it is, or cannot be asked for. */
  readonly mini: Bundle | null;
  readonly usage: StorageUsage | null;
  /** Whether the browser has promised to keep what this page stores; null where it says nothing. */
  readonly persisted: boolean | null;
  /** Names of models that were stored whole and are not any more, until the user has seen it. */
  readonly lost: readonly string[];
  /** Why the store could not be read. */
  readonly trouble: Message | null;
  /** What is being done to a model, or came of it; by id. */
  readonly tasks: ReadonlyMap<string, Task>;
  /** Reads the store again, and notices what it has lost. */
  readonly refresh: () => Promise<void>;
  readonly use: (id: string) => void;
  /** What draws next, without its weights. Asks the engine only where the store does not have it. */
  readonly describe: () => Promise<{ bundle: Bundle; stored: boolean }>;
  /** Asks the browser to keep what is stored; in a click, as browsers want it. */
  readonly keepStored: () => Promise<void>;
  readonly verify: (id: string) => Promise<void>;
  /** Saves the files of a model. @param save writes them somewhere */
  readonly saveAs: (id: string, save: SaveModel) => Promise<void>;
  /** Ends what is being done to a model. */
  readonly stop: (id: string) => void;
  readonly remove: (id: string) => Promise<void>;
  readonly dismissLost: () => void;
}

export type SaveModel = (
  model: NonNullable<Awaited<ReturnType<Engine["openModel"]>>>,
  options: { readonly signal: AbortSignal; readonly onFraction: (fraction: number) => void },
) => Promise<void>;

export type ModelsStore = ReturnType<typeof createModelsStore>;
type EnginePort = Pick<
  Engine,
  "listModels" | "storageUsage" | "describe" | "verifyModel" | "deleteModel" | "openModel"
>;

const STORAGE = "kosmosg-models";

/** Models that were stored whole when last looked at, by id. */
type Known = Readonly<Record<string, string>>;
interface Kept {
  readonly inUse: string;
  readonly known: Known;
}

export interface ModelsOptions {
  /** False: which model draws is this page's own affair; no other page learns of it. */
  readonly kept?: boolean;
}

export function createModelsStore(engine: EnginePort, { kept = true }: ModelsOptions = {}) {
  let looks = 0;
  const store = createStore<ModelsState & Pick<Kept, "known">>()(
    persist(
      (set, get) => {
        const setTask = (id: string, task: Task | null) => {
          const tasks = new Map(get().tasks);
          if (task) tasks.set(id, task);
          else tasks.delete(id);
          set({ tasks });
        };
        const setFraction = (id: string, exact: number) => {
          const task = get().tasks.get(id);
          const fraction = Math.floor(exact * 100) / 100;
          if (task?.name === "running" && task.fraction !== fraction) setTask(id, { ...task, fraction });
        };
        /** Runs what can be stopped, one thing a model at a time. */
        const run = async (
          id: string,
          kind: "verify" | "save",
          work: (signal: AbortSignal) => Promise<Task | null>,
        ) => {
          if (get().tasks.get(id)?.name === "running") return;
          const controller = new AbortController();
          setTask(id, { name: "running", kind, fraction: null, stop: () => controller.abort() });
          try {
            setTask(id, await work(controller.signal));
          } catch (error) {
            setTask(id, controller.signal.aborted ? null : { name: "failed", kind, message: messageOf(error) });
          }
        };
        return {
          inUse: MINI.source,
          known: {},
          models: null,
          mini: null,
          usage: null,
          persisted: null,
          lost: [],
          trouble: null,
          tasks: new Map(),
          refresh: async () => {
            const look = ++looks;
            try {
              const listed = await engine.listModels();
              const models = await Promise.all(listed.map((model) => withBundle(engine, model)));
              const [usage, persisted, mini] = await Promise.all([
                engine.storageUsage(),
                navigator.storage?.persisted?.().catch(() => null) ?? null,
                models.some(({ id, state }) => id === MINI.id && state === "installed")
                  ? null
                  : engine.describe(MINI.source).then(
                      ({ bundle }) => bundle,
                      // Offline: its card says less.
                      () => null,
                    ),
              ]);
              if (look !== looks) return;
              set({ models, usage, persisted, mini, trouble: null, ...withoutLost(get(), models) });
            } catch (error) {
              if (look === looks) set({ trouble: messageOf(error) });
            }
          },
          use: (id) => set({ inUse: sourceOf(id) }),
          describe: async () => {
            const { inUse, models } = get();
            const held = models?.find((model) => model.id === modelId(inUse));
            return held && canDraw(held) ? { bundle: held.bundle, stored: true } : engine.describe(inUse);
          },
          keepStored: async () => {
            const persisted = await navigator.storage?.persist?.().catch(() => false);
            set({ persisted: persisted ?? null });
          },
          verify: (id) =>
            run(id, "verify", async (signal) => {
              const damaged = await engine.verifyModel(id, {
                signal,
                onProgress: (progress) => {
                  if (progress.kind === "download") setFraction(id, progress.loadedBytes / progress.totalBytes);
                },
              });
              if (damaged.length > 0) {
                // Said here, beside it: nothing to notice later.
                set({ known: omit(get().known, id) });
                await get().refresh();
              }
              return { name: "verified", damaged: [...new Set(damaged.map(({ file }) => file))] };
            }),
          saveAs: (id, save) =>
            run(id, "save", async (signal) => {
              const model = await engine.openModel(id);
              if (!model) throw new EngineError("not-loaded", say("This model is not stored any more."));
              await save(model, { signal, onFraction: (fraction) => setFraction(id, fraction) });
              return { name: "saved" };
            }),
          stop: (id) => {
            const task = get().tasks.get(id);
            if (task?.name === "running") task.stop();
          },
          remove: async (id) => {
            try {
              await engine.deleteModel(id);
              setTask(id, null);
              set({ known: omit(get().known, id), ...(modelId(get().inUse) === id && { inUse: MINI.source }) });
            } catch (error) {
              setTask(id, { name: "failed", kind: "delete", message: messageOf(error) });
            }
            await get().refresh();
          },
          dismissLost: () => set({ lost: [] }),
        };
      },
      {
        name: STORAGE,
        version: 1,
        storage: pageStorage(kept),
        partialize: ({ inUse, known }): Kept => ({ inUse, known }),
        merge: (stored, fresh) => ({ ...fresh, ...readKept(stored) }),
      },
    ),
  );
  // Another tab has stored or deleted a model: nothing is lost, and each tab draws with its own choice.
  if (kept)
    globalThis.window?.addEventListener("storage", ({ key, newValue }) => {
      if (key !== STORAGE) return;
      const { known } = readKept(stateIn(newValue));
      if (known) store.setState({ known });
      void store.getState().refresh();
    });
  return store;
}

async function withBundle(engine: EnginePort, model: StoredModel): Promise<HeldModel> {
  if (model.state !== "installed" || model.kind === "files") return { ...model, bundle: null };
  return engine.describe(model.id).then(
    ({ bundle }) => ({ ...model, bundle }),
    () => ({ ...model, bundle: null }),
  );
}

/** What follows from a look at the store: which models are known from now on, which are lost, and what draws. */
function withoutLost(
  { known, lost, inUse }: Pick<ModelsState, "lost" | "inUse"> & Pick<Kept, "known">,
  models: readonly HeldModel[],
): Pick<ModelsState, "lost" | "inUse"> & Pick<Kept, "known"> {
  // The mini is fetched again with the next picture: its button says so.
  const whole = new Map(
    models.filter((model) => canDraw(model) && model.id !== MINI.id).map(({ id, name }) => [id, name]),
  );
  const gone = Object.entries(known).filter(([id]) => !whole.has(id));
  return {
    known: Object.fromEntries(whole),
    // One that came back under its name is lost no longer.
    lost: [...lost.filter((name) => ![...whole.values()].includes(name)), ...gone.map(([, name]) => name)],
    inUse: inUse === MINI.source || whole.has(inUse) ? inUse : MINI.source,
  };
}

const keptSchema = v.object({
  inUse: v.pipe(v.string(), v.maxLength(64)),
  known: v.record(v.string(), v.pipe(v.string(), v.maxLength(4096))),
});

/** What of `stored` is understood; anything may lie in storage. Exported for tests. */
export function readKept(stored: unknown): Partial<Kept> {
  const read = v.safeParse(keptSchema, stored);
  return read.success ? read.output : {};
}

function stateIn(json: string | null): unknown {
  try {
    return (JSON.parse(json ?? "null") as { state?: unknown } | null)?.state;
  } catch {
    return undefined;
  }
}

function omit(known: Known, id: string): Known {
  const { [id]: _, ...others } = known;
  return others;
}
