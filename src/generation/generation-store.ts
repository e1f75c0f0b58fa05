/** What the engine is doing; the pictures that it made go to the gallery. */
import { createStore } from "zustand/vanilla";
import type { SentencePart } from "../composer/prompt-doc.ts";
import { type Engine, EngineError, type EngineProgress, type Picture, type PromptSegment } from "../engine/index.ts";
import type { GalleryStore } from "../gallery/gallery-store.ts";
import type { NewResult } from "../gallery/result.ts";
import type { Parameters } from "../settings/settings-store.ts";
import { pictureToPng } from "./picture.ts";

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
  /** The sentence's pictures, for the gallery. */
  readonly entities: NewResult["entities"];
  readonly parameters: Parameters;
}

export interface GenerationState {
  readonly run: Run;
  /** The result on show; null: the newest. */
  readonly shown: string | null;
  readonly generate: (job: Job) => Promise<void>;
  readonly cancel: () => void;
  readonly show: (id: string | null) => void;
  readonly dismissError: () => void;
}

export type GenerationStore = ReturnType<typeof createGenerationStore>;

export function createGenerationStore(engine: Engine, modelUrl: string, gallery: GalleryStore) {
  let controller: AbortController | null = null;

  return createStore<GenerationState>((set, get) => {
    const progressed = (progress: EngineProgress) => {
      const { run } = get();
      if (run.state === "running") set({ run: { ...run, progress } });
    };

    return {
      run: { state: "idle" },
      shown: null,
      generate: async ({ prompt, sentence, caption, entities, parameters }) => {
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
          const png = await pictureToPng(picture);
          await gallery.getState().add({ caption, sentence, entities, metadata, picture: png });
          set({ run: { state: "idle" } });
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
