/** A model put together of parts: those in the chosen files, and what they lack from a model that is stored already. */
import { type Said, say } from "../../messages.ts";
import { type Bundle, isKosmosG } from "../bundle.ts";
import {
  COMPONENT_NAMES,
  type ComponentConfigs,
  type ComponentKind,
  type FoundComponent,
} from "../layouts/component.ts";
import type { InspectedPart, Inspection } from "./inspect.ts";

/** What reads the prompt. */
export type Reader = "kosmosg" | "clip-text";

/** Where a component of the new model comes from. */
export type DraftPart =
  /** `component` with what its shapes do not say from the base, where that one has the same network. */
  | { readonly from: "files"; readonly part: InspectedPart; readonly component: FoundComponent }
  | { readonly from: "base" };

export interface Draft {
  readonly reader: Reader | undefined;
  /** By the bundle's own name of the component. */
  readonly components: ReadonlyMap<ComponentName, DraftPart>;
  /** Why it is no model yet, a line each; empty: it can be imported. */
  readonly lacking: readonly Said[];
}

/** A component's name in model.json. */
export type ComponentName =
  | "clip_vision"
  | "resampler"
  | "gpt"
  | "aligner"
  | "text_encoder"
  | "unet"
  | "vae"
  | "preview_vae";

const KOSMOS_G: readonly ComponentName[] = ["clip_vision", "resampler", "gpt", "aligner"];
const DRAWING: readonly ComponentName[] = ["unet", "vae"];

const KINDS: Record<ComponentName, readonly ComponentKind[]> = {
  clip_vision: ["clip-vision"],
  resampler: ["resampler"],
  gpt: ["gpt"],
  aligner: ["aligner"],
  text_encoder: ["clip-text"],
  unet: ["unet"],
  vae: ["vae", "tiny-vae"],
  preview_vae: ["tiny-vae"],
};

/** @param base a stored model that lends what the files lack */
export function draftModel({ parts }: Pick<Inspection, "parts">, base?: Bundle): Draft {
  // A tiny autoencoder takes no whole one's place: beside that, it is for the previews.
  const whole = parts.has("vae") || base?.components.vae.type === "AutoencoderKL";
  const inFiles = (name: ComponentName) =>
    KINDS[name]
      .filter((kind) => !(name === "vae" && kind === "tiny-vae" && whole))
      .map((kind) => parts.get(kind))
      .find((part) => part !== undefined);
  const reader = readerOf(inFiles, base);
  const names = [...(reader === "clip-text" ? ["text_encoder" as const] : reader ? KOSMOS_G : []), ...DRAWING];
  const components = new Map<ComponentName, DraftPart>();
  const lacking: Said[] = [];
  for (const name of names) {
    const part = inFiles(name);
    if (part?.whole) components.set(name, { from: "files", part, component: informed(part.component, name, base) });
    else if (part) lacking.push(...part.problems);
    else if (lentComponent(base, name)) components.set(name, { from: "base" });
    else
      lacking.push(
        say("The files hold no {component}.", { component: COMPONENT_NAMES[KINDS[name][0] as ComponentKind] }),
      );
  }
  const tiny = whole ? inFiles("preview_vae") : undefined;
  if (tiny?.whole)
    components.set("preview_vae", {
      from: "files",
      part: tiny,
      component: informed(tiny.component, "preview_vae", base),
    });
  else if (tiny) lacking.push(...tiny.problems);
  else if (whole && lentComponent(base, "preview_vae")) components.set("preview_vae", { from: "base" });
  if (!reader)
    lacking.unshift(
      say(
        "The files hold nothing that reads a prompt: neither Kosmos-G's MLLM and AlignerNet nor CLIP's text encoder.",
      ),
    );
  if (lacking.length === 0 && ![...components.values()].some(({ from }) => from === "files")) {
    lacking.push(say("None of the files is of use: the other model has all of it."));
  }
  if (lacking.length === 0) lacking.push(...misfits(components, base));
  return { reader, components, lacking };
}

/** What no shape says. */
const UNSAID = new Set([
  "heads",
  "num_attention_heads",
  "attention_head_dim",
  "norm_num_groups",
  "norm_eps",
  "sample_size",
  "patch_size",
  "latents_mean",
  "latents_std",
  "scaling_factor",
]);

/** The component with the base's configuration, where both have the same shapes: then that one knows better than a rule. */
function informed(component: FoundComponent, name: ComponentName, base: Bundle | undefined): FoundComponent {
  const known = lentComponent(base, name)?.config as Record<string, unknown> | undefined;
  if (!known) return component;
  const said = (config: object) =>
    JSON.stringify(
      Object.entries(config)
        .filter(([key]) => !UNSAID.has(key))
        .sort(),
    );
  return said(known) === said(component.config) ? ({ ...component, config: known } as FoundComponent) : component;
}

/** Kosmos-G goes before CLIP's text encoder, what is in the files before the base. */
function readerOf(inFiles: (name: ComponentName) => InspectedPart | undefined, base?: Bundle): Reader | undefined {
  const some = KOSMOS_G.some((name) => inFiles(name));
  if (some && (KOSMOS_G.every((name) => inFiles(name) ?? lentComponent(base, name)) || !inFiles("text_encoder")))
    return "kosmosg";
  if (inFiles("text_encoder")) return "clip-text";
  return base && (isKosmosG(base) ? "kosmosg" : "clip-text");
}

/** Parts whose widths do not go together, a line each. */
function misfits(components: ReadonlyMap<ComponentName, DraftPart>, base?: Bundle): Said[] {
  const config = <K extends ComponentKind>(name: ComponentName): ComponentConfigs[K] | undefined => {
    const part = components.get(name);
    if (part?.from === "files") return part.component.config as ComponentConfigs[K];
    return part && (lentComponent(base, name)?.config as ComponentConfigs[K] | undefined);
  };
  const [vision, resampler, gpt, aligner] = [
    config<"clip-vision">("clip_vision"),
    config<"resampler">("resampler"),
    config<"gpt">("gpt"),
    config<"aligner">("aligner"),
  ];
  const [text, unet] = [config<"clip-text">("text_encoder"), config<"unet">("unet")];
  const widths: [from: Said, gives: number | undefined, to: Said, takes: number | undefined][] = [
    [say("vision transformer"), vision?.width, say("resampler"), resampler?.in_dim],
    [say("resampler"), resampler?.out_dim, say("GPT"), gpt?.embed_dim],
    [say("GPT"), gpt?.embed_dim, say("AlignerNet"), aligner?.in_dim],
    [say("AlignerNet"), aligner?.dim, say("U-Net"), unet?.cross_attention_dim],
    [say("text encoder"), text?.hidden_size, say("U-Net"), unet?.cross_attention_dim],
    [say("U-Net"), unet?.out_channels, say("autoencoder"), latentChannels("vae", components, base)],
    [say("U-Net"), unet?.out_channels, say("tiny autoencoder"), latentChannels("preview_vae", components, base)],
  ];
  return widths
    .filter(([, gives, , takes]) => gives !== undefined && takes !== undefined && gives !== takes)
    .map(([from, gives, to, takes]) =>
      say("The {from} gives {gives} channels, the {to} takes {takes}: they do not go together.", {
        from,
        gives: gives as number,
        to,
        takes: takes as number,
      }),
    );
}

/** Channels of the U-Net's latents that an autoencoder decodes. */
function latentChannels(
  name: "vae" | "preview_vae",
  components: ReadonlyMap<ComponentName, DraftPart>,
  base?: Bundle,
): number | undefined {
  const vae = components.get(name);
  if (vae?.from === "files") {
    const { component } = vae;
    if (component.kind === "vae") return component.config.latent_channels;
    if (component.kind === "tiny-vae") return component.config.latent_channels * component.config.patch_size ** 2;
    return undefined;
  }
  const lent = vae && base?.components[name];
  if (!lent) return undefined;
  return lent.config.latent_channels * ("patch_size" in lent.config ? lent.config.patch_size : 1) ** 2;
}

export interface LentComponent {
  readonly files: readonly string[];
  readonly config: object;
}

/** A component of a stored model, whichever way that one reads its prompts. */
export function lentComponent(base: Bundle | undefined, name: ComponentName): LentComponent | undefined {
  return (base?.components as Partial<Record<ComponentName, LentComponent>> | undefined)?.[name];
}
