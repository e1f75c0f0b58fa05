import { type Said, say } from "../../workers/messages.ts";
import { latentGrid } from "../../workers/models/latent-grid.ts";
import type { Bundle, SchedulerKind } from "../../workers/weights/bundle.ts";
import { EngineError } from "./errors.ts";
import type { EntitySource } from "./images.ts";

/**
 * A sentence in which pictures are words, in reading order. `strength`, 0 to 1.5: how much of the picture is read; 0: as if it were
 * blank, 1 (and left out): as the paper has it.
 */
export type PromptSegment =
  | { kind: "text"; text: string }
  | { kind: "entity"; image: EntitySource; strength?: number | undefined };

/** The strongest that a picture may speak; beyond, features leave what the model knows. */
export const MAX_STRENGTH = 1.5;

/** Everything that makes one picture. What is left out comes from the model's defaults. */
export interface GenerationRequest {
  prompt: readonly PromptSegment[];
  /** What the picture should not show, in words; empty: the published unconditional branch. */
  negativePrompt?: string;
  /** 0 to 2^32 - 1; the same seed gives the same picture on the same device. Left out: drawn. */
  seed?: number;
  steps?: number;
  /** 1: no guidance, one U-Net pass a step. */
  guidanceScale?: number;
  scheduler?: SchedulerKind;
  /** DDIM's eta, 0 to 1. */
  eta?: number;
  /** Pixels; multiples of the model's grid. */
  width?: number;
  height?: number;
}

/** The settings that were used, complete. */
export interface Settings {
  negativePrompt: string;
  seed: number;
  steps: number;
  guidanceScale: number;
  scheduler: SchedulerKind;
  eta: number;
  width: number;
  height: number;
}

/**
 * Fills in the model's defaults and checks ranges.
 * @throws EngineError bad-settings, naming the setting and its range
 */
export function completeSettings(request: GenerationRequest, bundle: Bundle): Settings {
  const { defaults } = bundle;
  const settings: Settings = {
    negativePrompt: request.negativePrompt ?? "",
    seed: request.seed ?? randomSeed(),
    steps: request.steps ?? defaults.steps,
    guidanceScale: request.guidanceScale ?? defaults.guidance_scale,
    scheduler: request.scheduler ?? defaults.scheduler,
    eta: request.eta ?? 0,
    width: request.width ?? defaults.width,
    height: request.height ?? defaults.height,
  };
  const grid = latentGrid(bundle);
  check(
    Number.isInteger(settings.seed) && settings.seed >= 0 && settings.seed < 2 ** 32,
    say("The seed is a whole number from 0 to 4294967295."),
  );
  check(
    Number.isInteger(settings.steps) && settings.steps >= 1 && settings.steps <= 250,
    say("Steps are a whole number from 1 to 250."),
  );
  check(settings.guidanceScale >= 1 && settings.guidanceScale <= 30, say("The guidance scale lies between 1 and 30."));
  check(settings.eta >= 0 && settings.eta <= 1, say("Eta lies between 0 and 1."));
  for (const [name, size] of [
    [say("width"), settings.width],
    [say("height"), settings.height],
  ] as const) {
    check(
      Number.isInteger(size) && size >= grid && size <= 2048 && size % grid === 0,
      say("The {name} is a multiple of {grid} up to 2048.", { name, grid }),
    );
  }
  return settings;
}

function check(holds: boolean, rule: Said): void {
  if (!holds) throw new EngineError("bad-settings", rule);
}

export function randomSeed(): number {
  return (crypto.getRandomValues(new Uint32Array(1)) as Uint32Array)[0] as number;
}
