/** What else a file of weights may be: networks and parts of them that the app has no use for, so that a refusal can name them. */
import type { FoundComponent } from "./component.ts";

/** Tensors of something known that cannot be used. */
export interface Other {
  /** In words, with an article. */
  readonly what: string;
  /** Why it cannot be used: a sentence. */
  readonly reason: string;
  /** Its names in the file. */
  readonly names: readonly string[];
}

interface Rule {
  readonly what: string;
  readonly reason: string;
  /** One such name is enough ... */
  readonly mark: RegExp;
  /** ... for all of these to belong to it. */
  readonly takes: RegExp;
}

const EVERYTHING = /^/;
const WANTED = "Kosmos-G needs Stable Diffusion 1.5.";

/** In the order in which they are tried: those that stand beside other things first. */
const RULES: readonly Rule[] = [
  {
    what: "a LoRA",
    reason: "It changes a model and is none by itself.",
    mark: /^lora_(unet|te\d?)_|[._]lora[._](down|up|A|B)\b|\.(hada_w\d_[ab]|lokr_w\d)\b/,
    takes: /^lora_|[._]lora[._]|\.(hada_|lokr_)|\.(alpha|dora_scale)$/,
  },
  {
    what: "a ControlNet",
    reason: "It guides a model and is none by itself.",
    mark: /^control_model\./,
    takes: /^control_model\./,
  },
  {
    what: "a ControlNet",
    reason: "It guides a model and is none by itself.",
    mark: /^(controlnet_cond_embedding|controlnet_down_blocks|input_hint_block|zero_convs)\./,
    takes: EVERYTHING,
  },
  {
    what: "an IP-Adapter",
    reason: "It guides a model and is none by itself.",
    mark: /^(image_proj|ip_adapter)\./,
    takes: /^(image_proj|ip_adapter)\./,
  },
  {
    what: "a textual inversion",
    reason: "It adds a word to CLIP's vocabulary, which Kosmos-G does not read.",
    mark: /^(emb_params|string_to_param(\..*)?|clip_[lg]|<[^>]+>)$/,
    takes: /^(emb_params|string_to_(param|token)(\..*)?|clip_[lg]|<[^>]+>)$/,
  },
  {
    what: "Stable Diffusion XL",
    reason: WANTED,
    mark: /^(conditioner\.embedders|(model\.diffusion_model\.)?label_emb|(unet\.)?add_embedding)\./,
    takes: EVERYTHING,
  },
  {
    what: "Stable Diffusion 3, Flux or another diffusion transformer",
    reason: WANTED,
    mark: /^(model\.diffusion_model\.|transformer\.)?(joint_blocks|double_blocks|single_blocks|(single_)?transformer_blocks)\.\d+\./,
    takes: EVERYTHING,
  },
  {
    what: "the text encoder of Stable Diffusion 2",
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
      if (config.hidden_size === 1024) return { what: "the text encoder of Stable Diffusion 2", reason: WANTED };
      if (config.hidden_size === 1280) return { what: "a text encoder of Stable Diffusion XL", reason: WANTED };
      return undefined;
    default:
      return undefined;
  }
}

function refusedUNet(channels: number, context: number): Omit<Other, "names"> | undefined {
  const whole = OTHER_CONTEXTS.get(context);
  if (whole !== undefined) return { what: whole, reason: `It reads conditions ${context} wide. ${WANTED}` };
  const special = EXTRA_CHANNELS.get(channels);
  if (special === undefined) return undefined;
  return { what: special, reason: `It takes ${channels} channels, where the app gives 4.` };
}

const OTHER_CONTEXTS: ReadonlyMap<number, string> = new Map([
  [1024, "the U-Net of Stable Diffusion 2"],
  [1280, "the U-Net of Stable Diffusion XL's refiner"],
  [2048, "the U-Net of Stable Diffusion XL"],
]);

const EXTRA_CHANNELS: ReadonlyMap<number, string> = new Map([
  [8, "a U-Net for changing pictures by instruction (InstructPix2Pix)"],
  [9, "a U-Net for inpainting"],
]);
