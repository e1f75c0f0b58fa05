import type { SchedulerConfig } from "../weights/bundle.ts";
import { alphasCumprod, type NoiseLevel, noiseLevel, predictedOriginalSample } from "./noise-schedule.ts";
import { historyCoefficients, type SchedulerRow } from "./scheduler-row.ts";
import { linspaceTimesteps } from "./timesteps.ts";

/**
 * diffusers' final_sigmas_type: where the last step ends. "sigma_min" is timestep 0's noise level, the only ending that
 * diffusers 0.21.4 had, and so Kosmos-G's; "zero" is no noise at all, diffusers' default since 0.26.
 */
export type FinalSigmasType = "sigma_min" | "zero";

/** Fewer steps than this and the last one is of first order (diffusers' lower_order_final). */
const LOWER_ORDER_FINAL_BELOW = 15;

/**
 * DPM-Solver++(2M), midpoint (Lu et al. 2022, algorithm 2), as diffusers' DPMSolverMultistepScheduler: linspace timesteps,
 * the first step of first order. The slot keeps the predicted x_0 of the call before.
 */
export function dpmSolverMultistep(
  config: SchedulerConfig,
  steps: number,
  finalSigmasType: FinalSigmasType,
): SchedulerRow[] {
  const alphas = alphasCumprod(config);
  const timesteps = linspaceTimesteps(config, steps);
  const levels = timesteps.map((timestep) => noiseLevel(alphas[timestep] as number));
  const last = finalSigmasType === "zero" ? { alpha: 1, sigma: 0 } : noiseLevel(alphas[0] as number);
  const lowerOrderFinal = finalSigmasType === "zero" || timesteps.length < LOWER_ORDER_FINAL_BELOW;

  return timesteps.map((timestep, i) => {
    const s0 = levels[i] as NoiseLevel;
    const t = levels[i + 1] ?? last;
    const x0 = predictedOriginalSample(config, s0);

    // -(alpha_t (e^-h - 1)) with h = lambda_t - lambda_s0 and lambda = ln(alpha / sigma); sigma_t may be 0.
    const d0 = t.alpha - (t.sigma * s0.alpha) / s0.sigma;
    const firstOrder = i === 0 || (i === timesteps.length - 1 && lowerOrderFinal);
    // 0.5 / r0 with r0 = h_0 / h, the weight of x_0 minus the x_0 before.
    const d1 = firstOrder ? 0 : (0.5 * (lambda(t) - lambda(s0))) / (lambda(s0) - lambda(levels[i - 1] as NoiseLevel));
    const current = d0 * (1 + d1);
    return {
      timestep,
      sample: t.sigma / s0.sigma + current * x0.sample,
      modelOutput: current * x0.modelOutput,
      history: historyCoefficients([0, -d0 * d1]),
      noise: 0,
      store: { slot: 0, ...x0 },
    };
  });
}

/** Half the logarithm of the signal-to-noise ratio. */
function lambda({ alpha, sigma }: NoiseLevel): number {
  return Math.log(alpha / sigma);
}
