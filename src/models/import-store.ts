/**
 * Files that a person chose, or named by address, on their way to a model: looked at, named, imported. One at a time; it goes on whatever view
 * is open.
 */
import { createStore } from "zustand/vanilla";
import { say } from "../../workers/messages.ts";
import type { ImportChoice, ImportPreview, InstallProgress, RemoteFile } from "../../workers/protocol.ts";
import { type CallOptions, type Engine, EngineError } from "../engine/index.ts";
import { type Message, messageOf } from "../ui/engine-messages.ts";
import {
  asEarlier,
  type EarlierAddresses,
  type EarlierFiles,
  type EarlierImport,
  type EarlierImports,
  knownFiles,
  reopen,
} from "./earlier-imports.ts";
import { importId, looksLikeWeights, nameFromFiles } from "./import-names.ts";
import { holdsModel, type ModelsStore } from "./models-store.ts";
import type { Picked, PickedFile } from "./picked-files.ts";

/** What a person hears wherever they are. */
export type ImportNews =
  | { readonly kind: "imported"; readonly name: string }
  | { readonly kind: "failed"; readonly name: string; readonly message: Message }
  /** Files came while others are being imported. */
  | { readonly kind: "busy" };

/** Chosen files that a stored model was made of. */
export interface AlreadyHere {
  /** That model. */
  readonly id: string;
  readonly name: string;
  readonly files: readonly string[];
  /** No other weights were chosen. */
  readonly all: boolean;
}

export interface ImportState extends Picked {
  /** Empty: nothing was chosen. */
  readonly files: readonly PickedFile[];
  readonly busy: "preview" | "import" | null;
  /** null until the files were looked at, or where they hold no weights. */
  readonly preview: ImportPreview | null;
  readonly here: AlreadyHere | null;
  /** Newest first, as far as the browser lets files be remembered. */
  readonly earlier: readonly EarlierImport[];
  /** Id of the model that comes back; null: a new one. */
  readonly id: string | null;
  /** Id of the stored model that lends what the files lack. */
  readonly base: string | null;
  readonly name: string;
  /** Empty: as its publisher says. */
  readonly license: string;
  /** Whether the language model goes into 4-bit blocks, where it can. */
  readonly fourBit: boolean;
  /** null before it begins. */
  readonly progress: InstallProgress | null;
  readonly cancelling: boolean;
  /** Why the files cannot be used, or why the import ended. */
  readonly failure: Message | null;
  /** Looks at files. @param picked or what becomes of a drop, which is read */
  readonly choose: (picked: Picked | Promise<Picked>) => Promise<void>;
  /** Reads which files were imported before. */
  readonly recall: () => Promise<void>;
  /**
   * The files of an earlier import again, in a click: its model comes back. Files of the person's disk are imported once more where it is still
   * here.
   */
  readonly bringBack: (id: string) => Promise<void>;
  /** Remembers the files of an import no longer. */
  readonly forget: (id: string) => Promise<void>;
  readonly takeFrom: (base: string | null) => Promise<void>;
  readonly change: (change: Partial<Pick<ImportState, "name" | "license" | "fourBit">>) => void;
  /** @param license where none was written */
  readonly begin: (license: string) => Promise<void>;
  /** Fetches files from public addresses and imports them. What was stopped goes on the next time. @returns whether they are a model now */
  readonly fetch: (files: readonly RemoteFile[], choice: Omit<ImportChoice, "id">) => Promise<boolean>;
  /** Ends the import that runs; the files stay chosen. */
  readonly cancel: () => void;
  /** Puts the files away. */
  readonly close: () => void;
}

export type ImportStore = ReturnType<typeof createImportStore>;

interface Ports {
  readonly engine: Pick<Engine, "previewImport" | "importModel" | "importRemote">;
  readonly models: ModelsStore;
  readonly tell: (news: ImportNews) => void;
  /** Left out: no files are remembered. */
  readonly memory?: EarlierImports;
}

const NOTHING = {
  files: [],
  roots: [],
  busy: null,
  preview: null,
  here: null,
  id: null,
  base: null,
  name: "",
  license: "",
  fourBit: false,
  progress: null,
  cancelling: false,
  failure: null,
} as const;

export function createImportStore({ engine, models, tell, memory }: Ports) {
  let controller: AbortController | null = null;
  let looks = 0;

  return createStore<ImportState>()((set, get) => {
    const look = async (reading: (show: (found: Partial<ImportState>) => void) => Promise<Partial<ImportState>>) => {
      const mine = ++looks;
      // Otherwise others were chosen meanwhile, or these were put away.
      const show = (found: Partial<ImportState>) => mine === looks && set(found);
      show({ busy: "preview", failure: null });
      const found = await reading(show).catch((error: unknown) => ({ preview: null, failure: messageOf(error) }));
      show({ ...found, busy: null });
    };
    const preview = (files: readonly PickedFile[], base: string | null) =>
      engine.previewImport(plain(files), base ?? undefined);
    const holds = (id: string) => holdsModel(models.getState().models, id);

    /** The stored model that holds most of the files. */
    const alreadyHere = async (files: readonly PickedFile[]): Promise<AlreadyHere | null> => {
      const weights = files.filter(looksLikeWeights).length;
      let most: AlreadyHere | null = null;
      for (const earlier of get().earlier) {
        if (earlier.kind !== "files" || !holds(earlier.choice.id)) continue;
        const known = await knownFiles(files, earlier);
        const { id, name } = earlier.choice;
        if (known.length > (most?.files.length ?? 0)) most = { id, name, files: known, all: known.length === weights };
      }
      return most;
    };
    /** Imports the chosen files, which are remembered from before it begins: a tab may be closed on the way. */
    const importChosen = async (choice: ImportChoice) => {
      const { files, roots, id } = get();
      const earlier = asEarlier({ files, roots }, choice);
      const done = await run(choice.name, async (options) => {
        if (earlier) await memory?.keep(earlier).catch(() => {});
        return engine.importModel(plain(files), choice, options);
      });
      // Nobody wants back what was stopped.
      if (done === "cancelled" && id === null) await memory?.forget(choice.id).catch(() => {});
      await get().recall();
    };

    /** Fetches and imports. Remembered from when bytes come: what is refused before would only be refused again. */
    const importFetched = async (earlier: EarlierAddresses) => {
      const { choice, addresses } = earlier;
      const isKnown = get().earlier.some(({ choice: { id } }) => id === choice.id);
      let kept: Promise<void> | undefined;
      const done = await run(choice.name, ({ onProgress, ...options }) =>
        engine.importRemote(addresses, choice, {
          ...options,
          onProgress: (progress) => {
            kept ??= memory?.keep(earlier).catch(() => {});
            onProgress?.(progress);
          },
        }),
      );
      await kept;
      // Some show only when they are here that they are no model.
      if (done === "bad-bundle" && !isKnown) await memory?.forget(choice.id).catch(() => {});
      await get().recall();
      return done === "done";
    };

    /** The files of an earlier import, chosen again. */
    const chooseAgain = async (earlier: EarlierFiles) => {
      const { choice } = earlier;
      const { id, name, license, fourBit = false } = choice;
      const again = holds(id);
      // Before anything else: the browser asks for permission in the click alone.
      const reopening = reopen(earlier);
      const base = choice.base !== undefined && holds(choice.base) ? choice.base : null;
      set({ ...NOTHING, name, license, base, fourBit });
      await look(async (show) => {
        const { files, roots } = await reopening;
        show({ files, roots, id: again ? null : id });
        return { preview: await preview(files, base), here: again ? await alreadyHere(files) : null };
      });
      // What lacks something now is asked about first; so is what is here already.
      if (get().id !== id || get().preview?.lacking.length !== 0) return;
      const { base: _, ...rest } = choice;
      await importChosen({ ...rest, ...(base !== null && { base }) });
    };

    /** The model that lends what they lack is asked for first: gigabytes may come before they show that they lack it. */
    const fetchAgain = async (earlier: EarlierAddresses) => {
      const { name, id, base } = earlier.choice;
      if (get().busy) return tell({ kind: "busy" });
      if (holds(id)) return;
      set({ ...NOTHING, name });
      if (base === undefined || holds(base)) {
        await importFetched({ ...earlier, at: Date.now() });
        return;
      }
      const failure = say(
        "“{name}” takes what it lacks from “{lender}”, which is not here any more. Bring that one back first, or fetch the files again and take it from another model.",
        { name, lender: earlier.lender ?? base },
      );
      set({ failure });
    };

    const run = async (name: string, importing: (options: CallOptions) => Promise<{ id: string }>) => {
      if (get().busy) return undefined;
      controller = new AbortController();
      const { signal } = controller;
      set({ busy: "import", progress: null, cancelling: false, failure: null });
      globalThis.window?.addEventListener("beforeunload", warn);
      try {
        const { id } = await importing({
          signal,
          onProgress: (progress) => progress.kind === "download" && set({ progress }),
        });
        await models.getState().refresh();
        models.getState().use(id);
        set({ ...NOTHING });
        tell({ kind: "imported", name });
        return "done";
      } catch (error) {
        const stopped = error instanceof EngineError && error.code === "cancelled";
        set({ busy: null, progress: null, cancelling: false, failure: stopped ? null : messageOf(error) });
        if (!stopped) tell({ kind: "failed", name, message: messageOf(error) });
        await models.getState().refresh();
        return error instanceof EngineError ? error.code : "failed";
      } finally {
        controller = null;
        globalThis.window?.removeEventListener("beforeunload", warn);
      }
    };

    return {
      ...NOTHING,
      earlier: [],
      choose: async (picked) => {
        if (get().busy === "import") return tell({ kind: "busy" });
        set({ ...NOTHING });
        await look(async (show) => {
          const { files, roots } = await picked;
          if (files.length === 0) return {};
          show({ files, roots, name: nameFromFiles(files) });
          const found = await preview(files, null);
          await get().recall();
          return { preview: found, here: await alreadyHere(files) };
        });
      },
      recall: async () => {
        // Where the browser denies storage, nothing is remembered.
        set({ earlier: (await memory?.list().catch(() => [])) ?? [] });
      },
      bringBack: async (id) => {
        if (get().busy === "import") return tell({ kind: "busy" });
        const earlier = get().earlier.find(({ choice }) => choice.id === id);
        if (!earlier) return;
        await (earlier.kind === "files" ? chooseAgain(earlier) : fetchAgain(earlier));
      },
      forget: async (id) => {
        await memory?.forget(id).catch(() => {});
        await get().recall();
      },
      takeFrom: async (base) => {
        set({ base });
        await look(async () => ({ preview: await preview(get().files, base) }));
      },
      change: (change) => set(change),
      begin: async (license) => {
        const { files, name: written, license: own, base, fourBit, preview } = get();
        const name = written.trim() || nameFromFiles(files);
        const packed = fourBit && preview?.fourBit && { fourBit };
        await importChosen({
          id: get().id ?? importId(name),
          name,
          license: own.trim() || license,
          ...(base && { base }),
          ...packed,
        });
      },
      fetch: async (files, choice) => {
        if (get().busy) {
          tell({ kind: "busy" });
          return false;
        }
        set({ ...NOTHING, name: choice.name });
        const lender = models.getState().models?.find(({ id }) => id === choice.base)?.name;
        // Asked for once more, it is the same model.
        const before = get().earlier.find((earlier) => isSame(earlier, files, choice) && !holds(earlier.choice.id));
        return importFetched({
          kind: "addresses",
          addresses: files,
          choice: { ...choice, id: before?.choice.id ?? importId(choice.name) },
          ...(lender !== undefined && { lender }),
          at: Date.now(),
        });
      },
      cancel: () => {
        if (!controller) return;
        set({ cancelling: true });
        controller.abort();
      },
      close: () => {
        if (get().busy === "import") return;
        looks++;
        set({ ...NOTHING });
      },
    };
  });
}

/** As the engine takes them. */
const plain = (files: readonly PickedFile[]) => files.map(({ name, blob }) => ({ name, blob }));

/** Whether an earlier import was of these addresses, to become the same. */
const isSame = (earlier: EarlierImport, files: readonly RemoteFile[], choice: Omit<ImportChoice, "id">) =>
  earlier.kind === "addresses" &&
  earlier.addresses.length === files.length &&
  earlier.addresses.every(({ url }, i) => url === files[i]?.url) &&
  (["name", "base", "fourBit"] as const).every((key) => earlier.choice[key] === choice[key]);

/** The browser asks before it leaves the page: what is half written would be lost. */
const warn = (event: BeforeUnloadEvent) => event.preventDefault();
