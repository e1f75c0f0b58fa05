/** The settings of one picture, and what the page keeps of the user's choices. */
import * as v from "valibot";
import { SCHEDULER_KINDS } from "../../workers/weights/bundle.ts";

/** What the engine takes; workers check again. */
export const RANGES = {
  seed: { min: 0, max: 2 ** 32 - 1, step: 1 },
  steps: { min: 1, max: 100, step: 1 },
  guidanceScale: { min: 1, max: 15, step: 0.5 },
  count: { min: 1, max: 8, step: 1 },
} as const;

export const MAX_NEGATIVE_PROMPT = 300;

const within = ({ min, max }: { min: number; max: number }) => v.pipe(v.number(), v.minValue(min), v.maxValue(max));
const seed = v.pipe(within(RANGES.seed), v.integer());
/** The engine takes more steps and guidance than the sliders offer; jobs of other rooms may ask for that. */
const steps = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(250));
const guidanceScale = within({ min: 1, max: 30 });
const scheduler = v.picklist(SCHEDULER_KINDS);
const side = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2048));
const negativePrompt = v.pipe(v.string(), v.maxLength(MAX_NEGATIVE_PROMPT));

/** All that makes a picture besides its sentence and model. */
export const parametersSchema = v.object({
  seed,
  steps,
  guidanceScale,
  scheduler,
  width: side,
  height: side,
  negativePrompt,
});

export type Parameters = v.InferOutput<typeof parametersSchema>;

/** What the user has chosen; null: as the model has it. */
export interface Choices {
  readonly seed: number;
  /** Keeps the seed from picture to picture. */
  readonly seedLocked: boolean;
  /** Pictures a press, with seeds that follow each other. */
  readonly count: number;
  readonly negativePrompt: string;
  readonly steps: number | null;
  readonly guidanceScale: number | null;
  readonly scheduler: Parameters["scheduler"] | null;
  readonly width: number | null;
  readonly height: number | null;
}

export const NO_CHOICES: Choices = {
  seed: 1,
  seedLocked: false,
  count: 1,
  negativePrompt: "",
  steps: null,
  guidanceScale: null,
  scheduler: null,
  width: null,
  height: null,
};

/** Anything may lie in storage: what is not understood is as if it were not there, field by field. */
const choicesSchema = v.object({
  seed: v.fallback(seed, NO_CHOICES.seed),
  seedLocked: v.fallback(v.boolean(), NO_CHOICES.seedLocked),
  count: v.fallback(v.pipe(within(RANGES.count), v.integer()), NO_CHOICES.count),
  negativePrompt: v.fallback(negativePrompt, NO_CHOICES.negativePrompt),
  steps: v.fallback(v.nullable(steps), null),
  guidanceScale: v.fallback(v.nullable(guidanceScale), null),
  scheduler: v.fallback(v.nullable(scheduler), null),
  width: v.fallback(v.nullable(side), null),
  height: v.fallback(v.nullable(side), null),
});

export function readChoices(stored: unknown): Choices {
  const read = v.safeParse(choicesSchema, stored);
  return read.success ? read.output : NO_CHOICES;
}
