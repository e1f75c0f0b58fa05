/** model.json of a model that was put together here. */
import type { Bundle, FileBundle, SchedulerConfig } from "../bundle.ts";
import { type ComponentName, type Draft, lentComponent } from "./draft-model.ts";
import type { Inspection } from "./inspect.ts";

/** What every SD 1.x model was trained with (scheduler_config.json of stable-diffusion-v1-5). */
const SD_SCHEDULER: SchedulerConfig = {
  num_train_timesteps: 1000,
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  prediction_type: "epsilon",
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
};

export interface ModelName {
  readonly id: string;
  readonly name: string;
  readonly license: string;
}

/** Files by the name that the bundle gives them. */
export type Files = FileBundle["files"];

/**
 * model.json of the new model.
 * @param written name and entry of the canonical file of each component that comes from the files
 * @param tokenizer its files; those of `base` where the reader is lent whole
 */
export function modelJson(
  draft: Draft,
  inspection: Pick<Inspection, "scheduler">,
  { id, name, license }: ModelName,
  written: Files,
  tokenizer: { components: Record<string, string>; files: Files },
  base?: Bundle,
): unknown {
  const components: Record<string, unknown> = { tokenizer: tokenizer.components };
  const files: Record<string, unknown> = { ...written, ...tokenizer.files };
  for (const [component, part] of draft.components) {
    if (part.from === "files") {
      const { kind, config } = part.part.component;
      const type = component === "vae" && { type: kind === "vae" ? "AutoencoderKL" : "AutoencoderTiny" };
      components[component] = { ...type, files: [fileName(component)], config };
      continue;
    }
    const lent = lentComponent(base, component);
    if (!lent) throw new Error(`The base has no ${component}`);
    for (const file of lent.files) files[lentName(file)] = base?.files[file];
    components[component] = { ...lent, files: lent.files.map(lentName) };
  }
  const unet = draft.components.get("unet");
  const predictionType = unet?.from === "files" ? unet.part.predictionType : undefined;
  components.scheduler =
    unet?.from === "base"
      ? base?.components.scheduler
      : (inspection.scheduler ?? { ...SD_SCHEDULER, prediction_type: predictionType ?? "epsilon" });
  return {
    version: 1,
    id,
    name,
    description: describe(draft),
    license,
    provenance: provenance(draft, base),
    files,
    components,
    ...settings(draft, base),
  };
}

export const fileName = (component: ComponentName) => `${component}.safetensors`;
/** The base's names may be those of the files that are written. */
const lentName = (file: string) => (file.startsWith("lent-") ? file : `lent-${file}`);

function describe({ reader, components }: Draft): string {
  const lent = [...components].filter(([, { from }]) => from === "base").length;
  const what = reader === "kosmosg" ? "Kosmos-G: reads words and pictures" : "Stable Diffusion: reads words alone";
  return lent > 0 ? `${what}. Put together of several models.` : `${what}.`;
}

function provenance({ components }: Draft, base?: Bundle): string {
  const sources = [...components].map(([name, part]) =>
    part.from === "files" ? `${name}: ${part.part.checkpoint.name.slice(0, 200)}` : `${name}: ${base?.name}`,
  );
  return sources.join("; ");
}

/** Sides that SD 1.x draws, in pixels. */
const SIDES = [256, 320, 384, 448, 512, 576, 640, 704, 768];

/** The settings go with the U-Net: it was trained at a size. */
function settings({ reader, components }: Draft, base?: Bundle): Pick<Bundle, "defaults" | "sizes" | "limits"> {
  const limits = base?.limits &&
    reader === "kosmosg" &&
    components.get("gpt")?.from === "base" && { limits: base.limits };
  const unet = components.get("unet");
  if (unet?.from === "base" && base) {
    return { defaults: base.defaults, ...(base.sizes && { sizes: base.sizes }), ...limits };
  }
  const side =
    unet?.from === "files" && unet.part.component.kind === "unet" ? unet.part.component.config.sample_size * 8 : 512;
  // Kosmos-G's demo starts with 6, Stable Diffusion with 7.5.
  const guidance_scale = reader === "kosmosg" ? 6 : 7.5;
  const sizes = SIDES.flatMap((height) => SIDES.map((width) => ({ width, height })));
  return {
    defaults: { steps: 25, guidance_scale, scheduler: "dpmsolver++", width: side, height: side },
    sizes,
    ...limits,
  };
}
