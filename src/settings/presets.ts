/** Settings by what they are for, as functions of the model's defaults. */
import type { ModelFacts } from "./model-facts.ts";
import { type Parameters, RANGES } from "./parameters.ts";

export const PRESETS = ["draft", "balanced", "quality"] as const;
export type Preset = (typeof PRESETS)[number];

/** What a preset sets. */
export type PresetSettings = Pick<Parameters, "steps" | "guidanceScale" | "scheduler">;

export function presetSettings(preset: Preset, { defaults }: Pick<ModelFacts, "defaults">): PresetSettings {
  const { steps, guidanceScale, scheduler } = defaults;
  switch (preset) {
    case "draft":
      // The multistep solver is the one that holds up with few steps.
      return { steps: inRange(steps * 0.4), guidanceScale, scheduler: "dpmsolver++" };
    case "balanced":
      return { steps, guidanceScale, scheduler };
    case "quality":
      return { steps: inRange(steps * 2), guidanceScale, scheduler };
  }
}

/** The preset that these settings are, if any. */
export function presetOf(settings: PresetSettings, facts: Pick<ModelFacts, "defaults">): Preset | undefined {
  return PRESETS.find((preset) => {
    const wanted = presetSettings(preset, facts);
    return (
      wanted.steps === settings.steps &&
      wanted.guidanceScale === settings.guidanceScale &&
      wanted.scheduler === settings.scheduler
    );
  });
}

function inRange(steps: number): number {
  return Math.min(RANGES.steps.max, Math.max(RANGES.steps.min, Math.round(steps)));
}
