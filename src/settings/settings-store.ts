/** The settings of the next picture and the draft of its sentence; both survive a reload. */
import { createJSONStorage, persist } from "zustand/middleware";
import { createStore } from "zustand/vanilla";
import type { SentencePart } from "../composer/prompt-doc.ts";
import { randomSeed, type SchedulerKind } from "../engine/index.ts";

export interface Parameters {
  seed: number;
  /** Keeps the seed from picture to picture. */
  seedLocked: boolean;
  steps: number;
  guidanceScale: number;
  scheduler: SchedulerKind;
  negativePrompt: string;
}

export interface SettingsState {
  readonly parameters: Parameters;
  readonly sentence: readonly SentencePart[] | null;
  readonly change: (change: Partial<Parameters>) => void;
  readonly setSentence: (sentence: readonly SentencePart[]) => void;
  /** A new seed unless it is locked. */
  readonly rollSeed: () => void;
}

export const DEFAULTS: Parameters = {
  seed: 1,
  seedLocked: false,
  steps: 25,
  guidanceScale: 2.5,
  scheduler: "dpmsolver++",
  negativePrompt: "",
};

export type SettingsStore = ReturnType<typeof createSettingsStore>;

export function createSettingsStore() {
  return createStore<SettingsState>()(
    persist(
      (set, get) => ({
        parameters: DEFAULTS,
        sentence: null,
        change: (change) => set(({ parameters }) => ({ parameters: { ...parameters, ...change } })),
        setSentence: (sentence) => set({ sentence }),
        rollSeed: () => {
          if (!get().parameters.seedLocked) get().change({ seed: randomSeed() });
        },
      }),
      {
        name: "kosmosg-settings",
        version: 1,
        storage: createJSONStorage(() => localStorage),
        partialize: ({ parameters, sentence }) => ({ parameters, sentence }),
        merge: (stored, fresh) => {
          const kept = (stored ?? {}) as Partial<SettingsState>;
          return { ...fresh, ...kept, parameters: { ...DEFAULTS, ...kept.parameters } };
        },
      },
    ),
  );
}
