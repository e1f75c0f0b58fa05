import type { SchedulerConfig } from "./bundle.ts";

/** What every SD 1.x model was trained with: scheduler_config.json of stable-diffusion-v1-5. */
export const SD15_SCHEDULER: SchedulerConfig = {
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  prediction_type: "epsilon",
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
};
