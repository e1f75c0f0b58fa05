/** What else a file of weights may be: networks and parts of them that the app has no use for, so that a refusal can name them. */
import { type Said, say } from "../../messages.ts";
import type { FoundComponent } from "./component.ts";

/** Tensors of something known that cannot be used. */
export interface Other {
  /** In words, with an article. */
  readonly what: Said;
  /** Why it cannot be used: a sentence. */
  readonly reason: Said;
  /** Its names in the file. */
  readonly names: readonly string[];
}

interface Rule {
  readonly what: Said;
  readonly reason: Said;
  /** One such name is enough ... */
  readonly mark: RegExp;
  /** ... for all of these to belong to it. */
  readonly takes: RegExp;
}

const EVERYTHING = /^/;
const WANTED = say("Kosmos-G needs Stable Diffusion 1.5.");

/** In the order in which they are tried: those that stand beside other things first. */
const RULES: readonly Rule[] = [
  {
    what: say("a LoRA"),
    reason: say("It changes a model and is none by itself."),
    mark: /^lora_(unet|te\d?)_|[._]lora[._](down|up|A|B)\b|\.(hada_w\d_[ab]|lokr_w\d)\b/,
    takes: /^lora_|[._]lora[._]|\.(hada_|lokr_)|\.(alpha|dora_scale)$/,
  },
  {
    what: say("a ControlNet"),
    reason: say("It guides a model and is none by itself."),
    mark: /^control_model\./,
    takes: /^control_model\./,
  },
  {
    what: say("a ControlNet"),
    reason: say("It guides a model and is none by itself."),
    mark: /^(controlnet_cond_embedding|controlnet_down_blocks|input_hint_block|zero_convs)\./,
    takes: EVERYTHING,
  },
  {
    what: say("an IP-Adapter"),
    reason: say("It guides a model and is none by itself."),
    mark: /^(image_proj|ip_adapter)\./,
    takes: /^(image_proj|ip_adapter)\./,
  },
  {
    what: say("a textual inversion"),
    reason: say("It adds a word to CLIP's vocabulary, which Kosmos-G does not read."),
    mark: /^(emb_params|string_to_param(\..*)?|clip_[lg]|<[^>]+>)$/,
    takes: /^(emb_params|string_to_(param|token)(\..*)?|clip_[lg]|<[^>]+>)$/,
  },
  {
    what: say("Stable Diffusion XL"),
    reason: WANTED,
    mark: /^(conditioner\.embedders|(model\.diffusion_model\.)?label_emb|(unet\.)?add_embedding)\./,
    takes: EVERYTHING,
  },
  {
    what: say("Stable Diffusion 3, Flux or another diffusion transformer"),
    reason: WANTED,
    mark: /^(model\.diffusion_model\.|transformer\.)?(joint_blocks|double_blocks|single_blocks|(single_)?transformer_blocks)\.\d+\./,
    takes: EVERYTHING,
  },
  {
    what: say("the text encoder of Stable Diffusion 2"),
    reason: WANTED,
    mark: /^cond_stage_model\.model\./,
    takes: /^cond_stage_model\./,
  },
];

/** What the names give away, each name at most once. */
export function recogniseOthers(names: readonly string[]): Other[] {
  const others: Other[] = [];
  let rest = names;
  for (const { what, reason, mark, takes } of RULES) {
    if (!rest.some((name) => mark.test(name))) continue;
    others.push({ what, reason, names: rest.filter((name) => takes.test(name)) });
    rest = rest.filter((name) => !takes.test(name));
  }
  return others;
}

/** Which published network the component is, if one that cannot be used: its dims give it away. */
export function refusedComponent({ kind, config }: FoundComponent): Omit<Other, "names"> | undefined {
  switch (kind) {
    case "unet":
      return refusedUNet(config.in_channels, config.cross_attention_dim);
    case "clip-text":
      if (config.hidden_size === 1024) return { what: say("the text encoder of Stable Diffusion 2"), reason: WANTED };
      if (config.hidden_size === 1280) return { what: say("a text encoder of Stable Diffusion XL"), reason: WANTED };
      return undefined;
    default:
      return undefined;
  }
}

function refusedUNet(channels: number, context: number): Omit<Other, "names"> | undefined {
  const whole = OTHER_CONTEXTS.get(context);
  if (whole !== undefined)
    return {
      what: whole,
      reason: say("It reads conditions {width} wide. {wanted}", { width: context, wanted: WANTED }),
    };
  const special = EXTRA_CHANNELS.get(channels);
  if (special === undefined) return undefined;
  return { what: special, reason: say("It takes {channels} channels, where the app gives 4.", { channels }) };
}

const OTHER_CONTEXTS: ReadonlyMap<number, Said> = new Map([
  [1024, say("the U-Net of Stable Diffusion 2")],
  [1280, say("the U-Net of Stable Diffusion XL's refiner")],
  [2048, say("the U-Net of Stable Diffusion XL")],
]);

const EXTRA_CHANNELS: ReadonlyMap<number, Said> = new Map([
  [8, say("a U-Net for changing pictures by instruction (InstructPix2Pix)")],
  [9, say("a U-Net for inpainting")],
]);
