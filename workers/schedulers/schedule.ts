import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { SchedulerConfig, SchedulerKind } from "../weights/bundle.ts";
import { ddim } from "./ddim.ts";
import { dpmSolverMultistep, type FinalSigmasType } from "./dpmsolver-multistep.ts";
import { pndm } from "./pndm.ts";
import type { SchedulerRow } from "./scheduler-row.ts";

const MAX_STEPS = 1000;

export interface ScheduleOptions {
  readonly kind: SchedulerKind;
  /** 1 to 1000, at most the training timesteps. PNDM makes one model call more. */
  readonly steps: number;
  /** DDIM's eta, 0 to 1; the other solvers are deterministic and leave it aside. */
  readonly eta?: number;
  /** DPM-Solver++'s ending; by default that of the published pipeline. */
  readonly finalSigmasType?: FinalSigmasType;
}

/**
 * The rows of a whole run, in the order of the model calls, from a bundle's scheduler config.
 * The initial latents are N(0, 1) for every solver here, and the model's input is the sample itself.
 *
 * @throws EngineFault bad-settings for steps or eta out of range, bad-bundle for a config that no solver can follow.
 */
export function createSchedule(config: SchedulerConfig, options: ScheduleOptions): SchedulerRow[] {
  const { kind, steps, eta = 0, finalSigmasType = "sigma_min" } = options;
  const most = Math.min(MAX_STEPS, config.num_train_timesteps);
  if (!Number.isInteger(steps) || steps < 1 || steps > most)
    throw new EngineFault(
      "bad-settings",
      say("Steps must be a whole number from 1 to {most}, not {steps}.", { most, steps }),
    );
  if (!(eta >= 0 && eta <= 1))
    throw new EngineFault("bad-settings", say("Eta must lie between 0 and 1, not at {eta}.", { eta }));
  switch (kind) {
    case "dpmsolver++":
      return dpmSolverMultistep(config, steps, finalSigmasType);
    case "ddim":
      return ddim(config, steps, eta);
    case "pndm":
      return pndm(config, steps);
    default:
      throw new EngineFault("bad-settings", say('There is no scheduler "{kind}".', { kind: kind satisfies never }));
  }
}
