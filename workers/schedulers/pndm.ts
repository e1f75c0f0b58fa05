import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { SchedulerConfig } from "../weights/bundle.ts";
import { alphasCumprod, noiseLevel, predictedEpsilon } from "./noise-schedule.ts";
import { HISTORY_SLOTS, historyCoefficients, type SchedulerRow } from "./scheduler-row.ts";
import { leadingTimesteps } from "./timesteps.ts";

/** Adams-Bashforth: weights of this model output, the one before, and so on (PNDM, Liu et al. 2022, equation 12). */
const PLMS: readonly (readonly number[])[] = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
];

/**
 * PNDM as diffusers' PNDMScheduler with skip_prk_steps, pseudo linear multistep alone: leading timesteps, of which the
 * second is called twice, so steps + 1 rows (one for a single step).
 *
 * The slots are a ring of earlier model outputs as the model gave them: with v_prediction diffusers mixes the v's, too,
 * and turns the mixture into eps at the current timestep.
 *
 * @throws EngineFault bad-bundle when the config asks for the Runge-Kutta start.
 */
export function pndm(config: SchedulerConfig, steps: number): SchedulerRow[] {
  if (!config.skip_prk_steps)
    throw new EngineFault(
      "bad-bundle",
      say("The bundle's scheduler asks for PNDM with Runge-Kutta steps; only skip_prk_steps is known."),
    );
  const alphas = alphasCumprod(config);
  const finalAlpha = config.set_alpha_to_one ? 1 : (alphas[0] as number);
  const stride = Math.floor(config.num_train_timesteps / steps);

  /** x_(t - stride) = sample * x_t + modelOutput * m with m the mixed model output: PNDM's equation 9. */
  const transfer = (timestep: number) => {
    const alphaProd = alphas[timestep] as number;
    const alphaProdPrev = timestep >= stride ? (alphas[timestep - stride] as number) : finalAlpha;
    const epsilon = predictedEpsilon(config, noiseLevel(alphaProd));
    const perEpsilon =
      -(alphaProdPrev - alphaProd) /
      (alphaProd * Math.sqrt(1 - alphaProdPrev) + Math.sqrt(alphaProd * (1 - alphaProd) * alphaProdPrev));
    return {
      sample: Math.sqrt(alphaProdPrev / alphaProd) + perEpsilon * epsilon.sample,
      modelOutput: perEpsilon * epsilon.modelOutput,
    };
  };

  const rows: SchedulerRow[] = [];
  leadingTimesteps(config, steps).forEach((timestep, step, timesteps) => {
    const { sample, modelOutput } = transfer(timestep);
    const weights = PLMS[Math.min(step, PLMS.length - 1)] as readonly number[];
    const slotOf = (age: number) => (step - age) % HISTORY_SLOTS;
    rows.push({
      timestep,
      sample,
      modelOutput: modelOutput * (weights[0] as number),
      history: historyCoefficients(
        ...weights.slice(1).map((weight, k) => [slotOf(k + 1), modelOutput * weight] as const),
      ),
      noise: 0,
      store: { slot: slotOf(0), sample: 0, modelOutput: 1 },
    });
    if (step > 0 || timesteps.length === 1) return;
    // The first step again, from the same sample with the mean of the outputs at its two ends. What it had is undone
    // by half: x' = x + c (m' - m) / 2.
    rows.push({
      timestep: timesteps[1] as number,
      sample: 1,
      modelOutput: modelOutput / 2,
      history: historyCoefficients([slotOf(0), -modelOutput / 2]),
      noise: 0,
      store: null,
    });
  });
  return rows;
}
