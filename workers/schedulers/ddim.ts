import type { SchedulerConfig } from "../weights/bundle.ts";
import { alphasCumprod, noiseLevel, predictedEpsilon, predictedOriginalSample } from "./noise-schedule.ts";
import { historyCoefficients, type SchedulerRow } from "./scheduler-row.ts";
import { leadingTimesteps } from "./timesteps.ts";

/**
 * DDIM (Song et al. 2021, equations 12 and 16) as diffusers' DDIMScheduler without clipping: leading timesteps.
 *
 * @param eta 0 is deterministic, 1 is DDPM; above 0 every row takes noise.
 */
export function ddim(config: SchedulerConfig, steps: number, eta: number): SchedulerRow[] {
  const alphas = alphasCumprod(config);
  const finalAlpha = config.set_alpha_to_one ? 1 : (alphas[0] as number);
  const stride = Math.floor(config.num_train_timesteps / steps);

  return leadingTimesteps(config, steps).map((timestep) => {
    const alphaProd = alphas[timestep] as number;
    const alphaProdPrev = timestep >= stride ? (alphas[timestep - stride] as number) : finalAlpha;
    const level = noiseLevel(alphaProd);
    const variance = ((1 - alphaProdPrev) / (1 - alphaProd)) * (1 - alphaProd / alphaProdPrev);
    const noise = eta * Math.sqrt(variance);

    const x0 = predictedOriginalSample(config, level);
    const epsilon = predictedEpsilon(config, level);
    const toX0 = Math.sqrt(alphaProdPrev);
    const toEpsilon = Math.sqrt(Math.max(0, 1 - alphaProdPrev - noise * noise));
    return {
      timestep,
      sample: toX0 * x0.sample + toEpsilon * epsilon.sample,
      modelOutput: toX0 * x0.modelOutput + toEpsilon * epsilon.modelOutput,
      history: historyCoefficients(),
      noise,
      store: null,
    };
  });
}
