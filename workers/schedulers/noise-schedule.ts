import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { SchedulerConfig } from "../weights/bundle.ts";

/** Below this x_0 = x_t / alpha_t leaves float32; SD's schedule ends at 0.0047. */
const SMALLEST_SIGNAL = 1e-30;

/**
 * diffusers' alphas_cumprod: the product of (1 - beta) up to each training timestep.
 * torch does this in float32; float64 differs from it by less than 1e-5 of a value.
 *
 * @throws EngineFault bad-bundle when the betas do not lie between 0 and 1, do not rise, or leave no signal at the end.
 */
export function alphasCumprod(config: SchedulerConfig): Float64Array {
  const { num_train_timesteps: length, beta_start, beta_end, beta_schedule } = config;
  if (!Number.isInteger(length) || length < 1 || length > 1_000_000)
    throw new EngineFault(
      "bad-bundle",
      say("The bundle's scheduler has num_train_timesteps {length}; 1000 is usual.", { length }),
    );
  if (!(beta_start > 0 && beta_start <= beta_end && beta_end < 1))
    throw new EngineFault(
      "bad-bundle",
      say("The bundle's scheduler has betas from {start} to {end}; they must rise between 0 and 1.", {
        start: beta_start,
        end: beta_end,
      }),
    );
  // scaled_linear, SD's own: linear in the square root.
  const power = beta_schedule === "scaled_linear" ? 2 : 1;
  const start = beta_start ** (1 / power);
  const end = beta_end ** (1 / power);
  const products = new Float64Array(length);
  let product = 1;
  for (let t = 0; t < length; t++) {
    const beta = (length === 1 ? start : start + ((end - start) * t) / (length - 1)) ** power;
    product *= 1 - beta;
    products[t] = product;
  }
  if (product < SMALLEST_SIGNAL)
    throw new EngineFault(
      "bad-bundle",
      say(
        "The bundle's scheduler has betas up to {end} over {length} timesteps: nothing of the picture is left at the last one.",
        { end: beta_end, length },
      ),
    );
  return products;
}

/**
 * alpha_t and sigma_t of the variance-preserving process x_t = alpha_t x_0 + sigma_t eps, from alphas_cumprod.
 */
export interface NoiseLevel {
  readonly alpha: number;
  readonly sigma: number;
}

export function noiseLevel(alphaCumprod: number): NoiseLevel {
  return { alpha: Math.sqrt(alphaCumprod), sigma: Math.sqrt(1 - alphaCumprod) };
}

/** A combination of the sample x_t and the model output. */
export interface Combination {
  readonly sample: number;
  readonly modelOutput: number;
}

/** x_0 as the model sees it; v = alpha eps - sigma x_0 (Salimans & Ho 2022). */
export function predictedOriginalSample(config: SchedulerConfig, { alpha, sigma }: NoiseLevel): Combination {
  return config.prediction_type === "v_prediction"
    ? { sample: alpha, modelOutput: -sigma }
    : { sample: 1 / alpha, modelOutput: -sigma / alpha };
}

/** eps as the model sees it. */
export function predictedEpsilon(config: SchedulerConfig, { alpha, sigma }: NoiseLevel): Combination {
  return config.prediction_type === "v_prediction"
    ? { sample: sigma, modelOutput: alpha }
    : { sample: 0, modelOutput: 1 };
}
