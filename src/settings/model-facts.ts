/** What the page needs to know of a model to offer settings for it: all of it from the bundle. */
import { latentGrid } from "../../workers/models/latent-grid.ts";
import { type PromptLimits, promptLimits } from "../../workers/text/prompt-limits.ts";
import type { Bundle } from "../../workers/weights/bundle.ts";
import type { Choices, Parameters } from "./parameters.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface ModelFacts {
  readonly id: string;
  readonly defaults: Omit<Parameters, "seed" | "negativePrompt">;
  /** Sizes that it draws well, smallest first; its default is among them. */
  readonly sizes: readonly Size[];
  /** Sides are multiples of it. */
  readonly grid: number;
  readonly limits: PromptLimits;
}

export function modelFacts(bundle: Bundle): ModelFacts {
  const { width, height, guidance_scale, ...others } = bundle.defaults;
  const grid = latentGrid(bundle);
  const fits = (size: Size) => size.width % grid === 0 && size.height % grid === 0;
  const offered = (bundle.sizes ?? []).filter(
    (size) => fits(size) && !(size.width === width && size.height === height),
  );
  return {
    id: bundle.id,
    defaults: { ...others, guidanceScale: guidance_scale, width, height },
    sizes: [{ width, height }, ...offered].sort((a, b) => area(a) - area(b) || a.width - b.width),
    grid,
    limits: promptLimits(bundle),
  };
}

const area = ({ width, height }: Size) => width * height;

/** The choices, and the model's own settings where nothing was chosen. A size that this model does not draw is none. */
export function parametersOf(choices: Choices, { defaults, sizes }: ModelFacts): Parameters {
  const size = sizes.find(({ width, height }) => width === choices.width && height === choices.height) ?? defaults;
  return {
    seed: choices.seed,
    steps: choices.steps ?? defaults.steps,
    guidanceScale: choices.guidanceScale ?? defaults.guidanceScale,
    scheduler: choices.scheduler ?? defaults.scheduler,
    width: size.width,
    height: size.height,
    negativePrompt: choices.negativePrompt,
  };
}

/** Below it pictures say little, on any model. */
const SMALLEST_SIDE = 64;

/**
 * A size to try after running out of memory: the next smaller one that the model draws well; where there is none, three quarters of the
 * sides on the model's grid, if `beyond` allows sizes that the model was not made for.
 */
export function smallerSize(size: Size, { sizes, grid }: ModelFacts, beyond = true): Size | undefined {
  const listed = sizes.filter((other) => area(other) < area(size)).at(-1);
  if (listed || !beyond) return listed;
  const scaled = (side: number) => Math.floor((side * 0.75) / grid) * grid;
  const [width, height] = [scaled(size.width), scaled(size.height)];
  return Math.min(width, height) >= Math.max(grid, SMALLEST_SIDE) ? { width, height } : undefined;
}

/** "1:1", "3:2", the nearest of the plain ratios. */
export function aspectOf({ width, height }: Size): string {
  const ratios: [number, number][] = [
    [1, 1],
    [5, 4],
    [4, 3],
    [3, 2],
    [16, 9],
    [2, 1],
  ];
  const wide = Math.max(width, height) / Math.min(width, height);
  const [a, b] = ratios.reduce((best, ratio) =>
    Math.abs(ratio[0] / ratio[1] - wide) < Math.abs(best[0] / best[1] - wide) ? ratio : best,
  );
  return width >= height ? `${a}:${b}` : `${b}:${a}`;
}
