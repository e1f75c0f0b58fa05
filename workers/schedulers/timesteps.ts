import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { SchedulerConfig } from "../weights/bundle.ts";

/** numpy's round: halves go to the even neighbour. */
function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

/**
 * diffusers' "linspace" spacing as DPMSolverMultistepScheduler uses it: steps + 1 points from the last training
 * timestep to 0, the 0 dropped. Points that round to the same timestep count once, as in diffusers 0.21.4.
 */
export function linspaceTimesteps(config: SchedulerConfig, steps: number): number[] {
  const step = (config.num_train_timesteps - 1) / steps;
  const timesteps = Array.from({ length: steps }, (_, i) =>
    i === 0 ? config.num_train_timesteps - 1 : roundHalfToEven((steps - i) * step),
  );
  return [...new Set(timesteps)];
}

/**
 * diffusers' "leading" spacing: multiples of floor(training timesteps / steps) plus steps_offset, falling.
 *
 * @throws EngineFault bad-settings when the first lies beyond the training timesteps (1000 steps with an offset of 1),
 *   bad-bundle when steps_offset is no whole number.
 */
export function leadingTimesteps(config: SchedulerConfig, steps: number): number[] {
  if (!Number.isInteger(config.steps_offset) || config.steps_offset < 0)
    throw new EngineFault(
      "bad-bundle",
      say("The bundle's scheduler has steps_offset {offset}; it must be a whole number, usually 1.", {
        offset: config.steps_offset,
      }),
    );
  const ratio = Math.floor(config.num_train_timesteps / steps);
  const timesteps = Array.from({ length: steps }, (_, i) => (steps - 1 - i) * ratio + config.steps_offset);
  const first = timesteps[0] as number;
  if (first >= config.num_train_timesteps)
    throw new EngineFault(
      "bad-settings",
      say("{steps} steps would start at timestep {first}, and this model knows those up to {last}. Take fewer steps.", {
        steps,
        first,
        last: config.num_train_timesteps - 1,
      }),
    );
  return timesteps;
}
