/** What was found in a file of weights: which networks, and which of its tensors are which of theirs. */
import { type Said, say } from "../../messages.ts";
import type {
  AlignerConfig,
  AutoencoderKLConfig,
  AutoencoderTinyConfig,
  ClipTextConfig,
  ClipVisionConfig,
  GptConfig,
  ResamplerConfig,
  UNetConfig,
} from "../bundle.ts";

/** A tensor as a file of weights declares it. */
export interface FoundTensor {
  /** safetensors' name: F32, F16, BF16, ... */
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface ComponentConfigs {
  unet: UNetConfig;
  vae: AutoencoderKLConfig;
  "tiny-vae": AutoencoderTinyConfig;
  "clip-text": ClipTextConfig;
  "clip-vision": ClipVisionConfig;
  resampler: ResamplerConfig;
  gpt: GptConfig;
  aligner: AlignerConfig;
}

export type ComponentKind = keyof ComponentConfigs;

/** What shapes do not say, and what the caller knows better than the published rule. */
export type Assumed = { readonly [K in ComponentKind]?: Partial<ComponentConfigs[K]> };

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** One tensor of a component. */
export interface Mapped {
  /** The name by which the graph builders ask for it. */
  readonly official: string;
  /** Its name in the file. */
  readonly source: string;
  /** As the component has it: after `reshape` and `rows`. */
  readonly shape: readonly number[];
  /** The file has a 1x1 convolution [out, in, 1, 1] for this linear layer [out, in]; the bytes are the same. */
  readonly reshape?: "squeeze";
  /** Only so many rows of the file's table are used, from the first on. */
  readonly rows?: number;
}

export interface Misshapen {
  /** Official. */
  readonly name: string;
  readonly expected: readonly number[];
  readonly found: readonly number[];
}

interface Found<K extends ComponentKind> {
  readonly kind: K;
  /** Whose names the file has, in words. */
  readonly layout: string;
  readonly config: ComponentConfigs[K];
  readonly tensors: readonly Mapped[];
  /** Official names. */
  readonly missing: readonly string[];
  readonly misshapen: readonly Misshapen[];
  /** Names in the file that stand among the component's own and are none of them. */
  readonly surplus: readonly string[];
}

export type FoundComponent = { [K in ComponentKind]: Found<K> }[ComponentKind];

/** In words, for messages. */
export const COMPONENT_NAMES: Readonly<Record<ComponentKind, Said>> = {
  unet: say("U-Net"),
  vae: say("VAE"),
  "tiny-vae": say("small autoencoder (TAESD)"),
  "clip-text": say("CLIP text encoder"),
  "clip-vision": say("CLIP vision transformer"),
  resampler: say("resampler"),
  gpt: say("GPT"),
  aligner: say("AlignerNet"),
};

/** With its article. */
export const ONE_OF: Readonly<Record<ComponentKind, Said>> = {
  unet: say("a U-Net"),
  vae: say("a VAE"),
  "tiny-vae": say("a small autoencoder (TAESD)"),
  "clip-text": say("a CLIP text encoder"),
  "clip-vision": say("a CLIP vision transformer"),
  resampler: say("a resampler"),
  gpt: say("a GPT"),
  aligner: say("an AlignerNet"),
};
