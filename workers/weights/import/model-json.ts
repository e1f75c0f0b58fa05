/** model.json of a model that was put together here. */
import type { Bundle, FileBundle, FourBit, SchedulerConfig } from "../bundle.ts";
import { SD15_SCHEDULER } from "../sd15-scheduler.ts";
import { type ComponentName, type Draft, lentComponent } from "./draft-model.ts";
import type { Inspection } from "./inspect.ts";

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
 * @param tokenizer the reader's; without one, that of `base`
 * @param fourBit of the GPT that is written
 */
export function modelJson(
  draft: Draft,
  inspection: Pick<Inspection, "scheduler">,
  { id, name, license }: ModelName,
  written: Files,
  tokenizer: { components: Readonly<Record<string, string>>; files: Files } | undefined,
  fourBit: FourBit | undefined,
  base?: Bundle,
): unknown {
  const { components: names, files: texts } = tokenizer ?? lentTokenizer(base);
  const components: Record<string, unknown> = { tokenizer: names };
  const files: Record<string, unknown> = { ...written, ...texts };
  for (const [component, part] of draft.components) {
    if (part.from === "files") {
      const { kind, config } = part.component;
      const type = component === "vae" && { type: kind === "vae" ? "AutoencoderKL" : "AutoencoderTiny" };
      const four_bit = component === "gpt" && fourBit && { four_bit: fourBit };
      components[component] = { ...type, files: [fileName(component)], config, ...four_bit };
      continue;
    }
    const lent = lentComponent(base, component);
    if (!lent) throw new Error(`The base has no ${component}`);
    for (const file of lent.files) files[lentName(file)] = base?.files[file];
    components[component] = { ...lent, files: lent.files.map(lentName) };
  }
  components.scheduler = scheduler(draft, inspection, base);
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

function lentTokenizer(base: Bundle | undefined): { components: Record<string, string>; files: Files } {
  const components: Record<string, string> = {};
  const files: Record<string, Files[string]> = {};
  for (const [part, name] of Object.entries<string>(base?.components.tokenizer ?? {})) {
    const file = base?.files[name];
    if (!file) throw new Error(`The base has no ${name}`);
    components[part] = lentName(name);
    files[lentName(name)] = file;
  }
  return { components, files };
}

export const fileName = (component: ComponentName) => `${component}.safetensors`;
/** The base's names may be those of the files that are written. */
const lentName = (file: string) => (file.startsWith("lent-") ? file : `lent-${file}`);

function describe({ reader, components }: Draft): string {
  const lent = [...components].filter(([, { from }]) => from === "base").length;
  const what = reader === "kosmosg" ? "Kosmos-G: reads words and pictures" : "Stable Diffusion: reads words alone";
  const previews = components.has("preview_vae") ? " Previews by a small autoencoder." : "";
  return `${what}.${lent > 0 ? " Put together of several models." : ""}${previews}`;
}

function provenance({ components }: Draft, base?: Bundle): string {
  const sources = [...components].map(([name, part]) =>
    part.from === "files" ? `${name}: ${part.part.checkpoint.name.slice(0, 200)}` : `${name}: ${base?.name}`,
  );
  return sources.join("; ");
}

/** Whether the U-Net is the base's, or another one of the same shapes: trained at the same sizes and noise, as far as anybody says. */
function drawsLike({ components }: Draft, base: Bundle | undefined): base is Bundle {
  const unet = components.get("unet");
  return unet?.from === "base" || (unet !== undefined && unet.component.config === base?.components.unet.config);
}

/** What the files say goes before what the base has. */
function scheduler(draft: Draft, inspection: Pick<Inspection, "scheduler">, base?: Bundle): SchedulerConfig {
  const unet = draft.components.get("unet");
  const said = unet?.from === "files" ? inspection.scheduler : undefined;
  if (said) return said;
  if (drawsLike(draft, base)) return base.components.scheduler;
  const prediction_type = unet?.from === "files" ? unet.part.predictionType : undefined;
  return { ...SD15_SCHEDULER, prediction_type: prediction_type ?? "epsilon" };
}

/** Sides that SD 1.x draws, in pixels. */
const SIDES = [256, 320, 384, 448, 512, 576, 640, 704, 768];

/** The settings go with the U-Net: it was trained at a size. */
function settings(draft: Draft, base?: Bundle): Pick<Bundle, "defaults" | "sizes" | "limits"> {
  const { reader, components } = draft;
  const limits = base?.limits &&
    reader === "kosmosg" &&
    components.get("gpt")?.from === "base" && { limits: base.limits };
  if (drawsLike(draft, base)) {
    return { defaults: base.defaults, ...(base.sizes && { sizes: base.sizes }), ...limits };
  }
  const unet = components.get("unet");
  const side = unet?.from === "files" && unet.component.kind === "unet" ? unet.component.config.sample_size * 8 : 512;
  // Kosmos-G's demo starts with 6, Stable Diffusion with 7.5.
  const guidance_scale = reader === "kosmosg" ? 6 : 7.5;
  const sizes = SIDES.flatMap((height) => SIDES.map((width) => ({ width, height })));
  return {
    defaults: { steps: 25, guidance_scale, scheduler: "dpmsolver++", width: side, height: side },
    sizes,
    ...limits,
  };
}
