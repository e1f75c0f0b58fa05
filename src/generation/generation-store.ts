/** What the engine is doing, and the pictures it made; the newest are kept in IndexedDB. */
import { createStore as createIdb, get as idbGet, set as idbSet } from "idb-keyval";
import { createStore } from "zustand/vanilla";
import type { SentencePart } from "../composer/prompt-doc.ts";
import {
  type Engine,
  EngineError,
  type EngineProgress,
  type GenerationResult,
  type Picture,
  type PromptSegment,
} from "../engine/index.ts";
import type { Parameters } from "../settings/settings-store.ts";
import { pictureToPng } from "./picture.ts";

export interface Result {
  readonly id: string;
  readonly png: Blob;
  /** The sentence in the paper's notation, `‹cat› in the snow`. */
  readonly caption: string;
  readonly sentence: readonly SentencePart[];
  readonly metadata: GenerationResult["metadata"];
  readonly madeAt: number;
}

export type Run =
  | { readonly state: "idle" }
  | {
      readonly state: "running";
      readonly progress: EngineProgress | null;
      readonly preview: Picture | null;
      readonly cancelling: boolean;
    }
  | {
      readonly state: "stopped";
      readonly step: number | null;
      readonly steps: number;
      readonly preview: Picture | null;
    }
  | { readonly state: "failed"; readonly error: EngineError };

export interface Job {
  readonly prompt: readonly PromptSegment[];
  readonly sentence: readonly SentencePart[];
  readonly caption: string;
  readonly parameters: Parameters;
}

export interface GenerationState {
  readonly run: Run;
  readonly results: readonly Result[];
  readonly urls: ReadonlyMap<string, string>;
  /** The result on show; null: the newest. */
  readonly shown: string | null;
  readonly restore: () => Promise<void>;
  readonly generate: (job: Job) => Promise<void>;
  readonly cancel: () => void;
  readonly show: (id: string | null) => void;
  readonly dismissError: () => void;
}

/** Results kept across reloads. */
const KEPT = 60;
const RESULTS = "results";

export type GenerationStore = ReturnType<typeof createGenerationStore>;

export function createGenerationStore(engine: Engine, modelUrl: string) {
  const idb = createIdb("kosmosg-results", "results");
  let controller: AbortController | null = null;

  return createStore<GenerationState>((set, get) => {
    const place = (results: readonly Result[]) => {
      const urls = new Map(get().urls);
      for (const { id } of get().results) {
        if (results.some((result) => result.id === id)) continue;
        URL.revokeObjectURL(urls.get(id) ?? "");
        urls.delete(id);
      }
      for (const result of results) if (!urls.has(result.id)) urls.set(result.id, URL.createObjectURL(result.png));
      set({ results, urls });
    };
    const progressed = (progress: EngineProgress) => {
      const { run } = get();
      if (run.state === "running") set({ run: { ...run, progress } });
    };

    return {
      run: { state: "idle" },
      results: [],
      urls: new Map(),
      shown: null,
      restore: async () => {
        try {
          place((await idbGet<Result[]>(RESULTS, idb)) ?? []);
        } catch {
          // Storage is closed to this page: results last until it is closed, which the shelf says already.
        }
      },
      generate: async ({ prompt, sentence, caption, parameters }) => {
        if (get().run.state === "running") return;
        controller = new AbortController();
        const { signal } = controller;
        set({ run: { state: "running", progress: null, preview: null, cancelling: false }, shown: null });
        try {
          // Asked in a click, as browsers want it; what they answer changes nothing here.
          if (!engine.bundle) void navigator.storage?.persist?.().catch(() => {});
          if (!engine.bundle) await engine.load(modelUrl, { signal, onProgress: progressed });
          const { seed, steps, guidanceScale, scheduler, negativePrompt } = parameters;
          const { picture, metadata } = await engine.generate(
            { prompt, seed, steps, guidanceScale, scheduler, negativePrompt },
            {
              signal,
              onProgress: progressed,
              onPreview: (preview) => {
                const { run } = get();
                if (run.state === "running") set({ run: { ...run, preview } });
              },
            },
          );
          const result: Result = {
            id: crypto.randomUUID(),
            png: await pictureToPng(picture),
            caption,
            sentence,
            metadata,
            madeAt: Date.now(),
          };
          place([result, ...get().results].slice(0, KEPT));
          set({ run: { state: "idle" } });
          await idbSet(RESULTS, get().results, idb).catch(() => {});
        } catch (cause) {
          const error =
            cause instanceof EngineError
              ? cause
              : new EngineError("internal", "Something went wrong. Try again.", String(cause));
          const { run } = get();
          if (error.code !== "cancelled") set({ run: { state: "failed", error } });
          else {
            const progress = run.state === "running" ? run.progress : null;
            const preview = run.state === "running" ? run.preview : null;
            const step = progress?.kind === "step" ? progress.step : null;
            set({ run: { state: "stopped", step, steps: parameters.steps, preview } });
          }
        } finally {
          controller = null;
        }
      },
      cancel: () => {
        const { run } = get();
        if (run.state === "running") set({ run: { ...run, cancelling: true } });
        controller?.abort();
      },
      show: (id) => set({ shown: id, run: get().run.state === "running" ? get().run : { state: "idle" } }),
      dismissError: () => get().run.state === "failed" && set({ run: { state: "idle" } }),
    };
  });
}
