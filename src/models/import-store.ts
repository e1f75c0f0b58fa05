/**
 * Files that a person chose, on their way to a model: looked at, named, imported. One at a time; it goes on whatever view is open.
 */
import { createStore } from "zustand/vanilla";
import type { ChosenFile, ImportChoice, ImportPreview, InstallProgress, RemoteFile } from "../../workers/protocol.ts";
import { type CallOptions, type Engine, EngineError } from "../engine/index.ts";
import { type Message, messageOf } from "../ui/engine-messages.ts";
import { importId, nameFromFiles } from "./import-names.ts";
import type { ModelsStore } from "./models-store.ts";

/** What a person hears wherever they are. */
export type ImportNews =
  | { readonly kind: "imported"; readonly name: string }
  | { readonly kind: "failed"; readonly name: string; readonly message: Message }
  /** Files came while others are being imported. */
  | { readonly kind: "busy" };

export interface ImportState {
  /** Empty: nothing was chosen. */
  readonly files: readonly ChosenFile[];
  readonly busy: "preview" | "import" | null;
  /** null until the files were looked at, or where they hold no weights. */
  readonly preview: ImportPreview | null;
  /** Id of the stored model that lends what the files lack. */
  readonly base: string | null;
  readonly name: string;
  /** Empty: as its publisher says. */
  readonly license: string;
  /** null before it begins. */
  readonly progress: InstallProgress | null;
  readonly cancelling: boolean;
  /** Why the files cannot be used, or why the import ended. */
  readonly failure: Message | null;
  /** Looks at files. @param files or what becomes of a drop, which is read */
  readonly choose: (files: readonly ChosenFile[] | Promise<readonly ChosenFile[]>) => Promise<void>;
  readonly takeFrom: (base: string | null) => Promise<void>;
  readonly change: (change: Partial<Pick<ImportState, "name" | "license">>) => void;
  /** @param license where none was written */
  readonly begin: (license: string) => Promise<void>;
  /** Fetches files from public addresses and imports them. What was stopped goes on the next time. */
  readonly fetch: (files: readonly RemoteFile[], choice: Omit<ImportChoice, "id">) => Promise<void>;
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
}

const NOTHING = {
  files: [],
  busy: null,
  preview: null,
  base: null,
  name: "",
  license: "",
  progress: null,
  cancelling: false,
  failure: null,
} as const;

export function createImportStore({ engine, models, tell }: Ports) {
  let controller: AbortController | null = null;
  let looks = 0;

  return createStore<ImportState>()((set, get) => {
    const look = async (reading: () => Promise<Partial<ImportState>>) => {
      const mine = ++looks;
      set({ busy: "preview", failure: null });
      const found = await reading().catch((error: unknown) => ({ preview: null, failure: messageOf(error) }));
      // Others were chosen meanwhile, or these were put away.
      if (mine === looks) set({ ...found, busy: null });
    };
    const preview = (files: readonly ChosenFile[], base: string | null) =>
      engine.previewImport(files, base ?? undefined);

    const run = async (name: string, importing: (options: CallOptions) => Promise<{ id: string }>) => {
      if (get().busy) return;
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
      } catch (error) {
        const stopped = error instanceof EngineError && error.code === "cancelled";
        set({ busy: null, progress: null, cancelling: false, failure: stopped ? null : messageOf(error) });
        if (!stopped) tell({ kind: "failed", name, message: messageOf(error) });
        await models.getState().refresh();
      } finally {
        controller = null;
        globalThis.window?.removeEventListener("beforeunload", warn);
      }
    };

    return {
      ...NOTHING,
      choose: async (chosen) => {
        if (get().busy === "import") return tell({ kind: "busy" });
        set({ ...NOTHING });
        await look(async () => {
          const files = await chosen;
          if (files.length === 0) return {};
          set({ files, name: nameFromFiles(files) });
          return { preview: await preview(files, null) };
        });
      },
      takeFrom: async (base) => {
        set({ base });
        await look(async () => ({ preview: await preview(get().files, base) }));
      },
      change: (change) => set(change),
      begin: async (license) => {
        const { files, name: written, license: own, base } = get();
        const name = written.trim() || nameFromFiles(files);
        const choice = { id: importId(name), name, license: own.trim() || license, ...(base && { base }) };
        await run(name, (options) => engine.importModel(files, choice, options));
      },
      fetch: async (files, choice) => {
        if (get().busy) return tell({ kind: "busy" });
        set({ ...NOTHING, name: choice.name });
        const { name } = choice;
        await run(name, (options) => engine.importRemote(files, { ...choice, id: importId(name) }, options));
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

/** The browser asks before it leaves the page: what is half written would be lost. */
const warn = (event: BeforeUnloadEvent) => event.preventDefault();
