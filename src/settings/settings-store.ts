/** The settings of the next picture and the draft of its sentence; both survive a reload. */
import * as v from "valibot";
import { persist } from "zustand/middleware";
import { createStore } from "zustand/vanilla";
import { type SentencePart, sentenceSchema } from "../composer/prompt-doc.ts";
import { type Bundle, randomSeed } from "../engine/index.ts";
import type { History } from "../ui/history.ts";
import { pageStorage } from "../ui/page-storage.ts";
import { type ModelFacts, modelFacts, parametersOf } from "./model-facts.ts";
import { type Choices, NO_CHOICES, type Parameters, readChoices } from "./parameters.ts";
import { type Preset, presetSettings } from "./presets.ts";

export type { Parameters } from "./parameters.ts";

export interface SettingsState {
  readonly choices: Choices;
  /** The model that settings are for; null until its model.json is here. */
  readonly model: ModelFacts | null;
  /** Choices over the model's defaults: what the next picture is made with. null while there is no model. */
  readonly parameters: Parameters | null;
  readonly sentence: readonly SentencePart[] | null;
  /** Undoable. `null` where the model has a default means that default. */
  readonly change: (change: Partial<Choices>) => void;
  /** Back to the model's own. Undoable. */
  readonly reset: (...fields: (keyof Choices)[]) => void;
  readonly applyPreset: (preset: Preset) => void;
  readonly setModel: (bundle: Bundle) => void;
  readonly setSentence: (sentence: readonly SentencePart[]) => void;
  /** A new seed unless it is locked. Not undoable: it belongs to the press on Generate. */
  readonly rollSeed: () => void;
}

export type SettingsStore = ReturnType<typeof createSettingsStore>;

export interface SettingsOptions {
  /** Takes part in the page's undo; without it, changes are final. */
  readonly history?: History;
  /** False: nothing of it survives a reload, nor meets what another page of this origin keeps. */
  readonly kept?: boolean;
}

export function createSettingsStore({ history, kept = true }: SettingsOptions = {}) {
  return createStore<SettingsState>()(
    persist(
      (set, get) => {
        const take = (choices: Choices) => {
          const { model } = get();
          set({ choices, parameters: model && parametersOf(choices, model) });
        };
        const change = (change: Partial<Choices>) => {
          const before = get().choices;
          const after = followingModel({ ...before, ...change }, get().model);
          const changed = (Object.keys(change) as (keyof Choices)[]).filter((key) => before[key] !== after[key]);
          if (changed.length === 0) return;
          take(after);
          // Only the fields that changed: what was set otherwise since then stays.
          const only = (from: Choices) => Object.fromEntries(changed.map((key) => [key, from[key]]));
          history?.did({
            key: `settings ${changed.join()}`,
            undo: () => take({ ...get().choices, ...only(before) }),
            redo: () => take({ ...get().choices, ...only(after) }),
          });
        };
        return {
          choices: NO_CHOICES,
          model: null,
          parameters: null,
          sentence: null,
          change,
          reset: (...fields) => change(Object.fromEntries(fields.map((field) => [field, NO_CHOICES[field]]))),
          applyPreset: (preset) => {
            const { model } = get();
            if (model) change(presetSettings(preset, model));
          },
          setModel: (bundle) => {
            const model = modelFacts(bundle);
            set({ model, parameters: parametersOf(get().choices, model) });
          },
          setSentence: (sentence) => set({ sentence }),
          rollSeed: () => {
            const { choices } = get();
            if (!choices.seedLocked) take({ ...choices, seed: randomSeed() });
          },
        };
      },
      {
        name: "kosmosg-settings",
        version: 2,
        storage: pageStorage(kept),
        partialize: ({ choices, sentence }) => ({ choices, sentence }),
        migrate: (stored) => {
          // Version 1 kept every field, the model's defaults of its time among them.
          const earlier = (stored ?? {}) as { parameters?: unknown; sentence?: unknown };
          return { choices: earlier.parameters ?? {}, sentence: earlier.sentence ?? null };
        },
        merge: (stored, fresh) => ({ ...fresh, ...readStored(stored) }),
      },
    ),
  );
}

/** A choice that is the model's own is none: another model brings its own. */
function followingModel(choices: Choices, model: ModelFacts | null): Choices {
  if (!model) return choices;
  const { defaults } = model;
  const chosen = <K extends "steps" | "guidanceScale" | "scheduler">(field: K) =>
    choices[field] === defaults[field] ? null : choices[field];
  return {
    ...choices,
    steps: chosen("steps"),
    guidanceScale: chosen("guidanceScale"),
    scheduler: chosen("scheduler"),
  };
}

/** What of `stored` is understood. Exported for tests. */
export function readStored(stored: unknown): Pick<SettingsState, "choices" | "sentence"> {
  const { choices, sentence } = (stored ?? {}) as Record<string, unknown>;
  const read = v.safeParse(sentenceSchema, sentence);
  return { choices: readChoices(choices), sentence: read.success ? read.output : null };
}
