/** What files of weights hold beside networks, known by name: nothing is done with it, and nobody need wonder. */
import { KOSMOS_2_SURPLUS } from "./kosmos2.ts";
import { KOSMOS_G_SURPLUS } from "./kosmosg.ts";
import type { KnownSurplus } from "./layout.ts";

const KNOWN: readonly KnownSurplus[] = [
  { names: /^model_ema\./, reason: "an averaged copy of the U-Net" },
  { names: /^(first_stage_model\.)?loss\./, reason: "the autoencoder's loss, used in training only" },
  {
    names: /^(optimizer|optimizer_states|last_optimizer_state|lr_schedulers|callbacks|loops|criterion)\./,
    reason: "the state of a training",
  },
  { names: /^(global_step|epoch|iteration)$/, reason: "the state of a training" },
  { names: /^safety_checker\./, reason: "the safety checker, which the app does not run" },
  {
    names: /^(betas|alphas_cumprod(_prev)?|(sqrt|log)_.*alphas_cumprod|posterior_.*|logvar|denoiser\.sigmas)$/,
    reason: "the noise schedule, which the app computes itself",
  },
  { names: /^(scale_factor|v_pred|ztsnr)$/, reason: "a note of the file's writer" },
  { names: /(^|\.)position_ids$/, reason: "the numbers of the positions, counted anew" },
  {
    names: /^(cond_stage_model\.(transformer\.)?|text_encoder\.)?(logit_scale|(text|visual)_projection(\.weight)?)$/,
    reason: "for comparing texts with pictures, which is not done here",
  },
  ...KOSMOS_G_SURPLUS,
  ...KOSMOS_2_SURPLUS,
];

/** Why the tensor is left alone; undefined: it is none of those. */
export const knownSurplus = (name: string): string | undefined => KNOWN.find(({ names }) => names.test(name))?.reason;
