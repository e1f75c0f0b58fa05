/**
 * A bundle is one folder: `model.json` (this schema) beside safetensors and tokenizer files.
 * Components name the tensors' prefix and carry every dim; tensors go by their official names
 * (Kosmos-G's state dict for the MLLM and AlignerNet, diffusers for U-Net and VAE, transformers for CLIP text).
 */
import * as v from "valibot";

const dim = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000));
const dims = v.pipe(v.array(dim), v.minLength(1), v.maxLength(16));
const text = v.pipe(v.string(), v.maxLength(4096));
/** As files of a model are called, in one folder. */
export const fileName = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, "not a plain file name, without folders"),
);

/** CLIP ViT as Kosmos-G cuts it (unilm/models/vl/clip.py): QuickGELU, ln_post on all tokens, L2-normalised, no projection. */
export const ClipVisionConfig = v.object({
  image_size: dim,
  patch_size: dim,
  width: dim,
  layers: dim,
  heads: dim,
  mlp: dim,
});

/** XConnector (unilm/models/connector.py). */
export const ResamplerConfig = v.object({ num_queries: dim, heads: dim, in_dim: dim, out_dim: dim });

/** Magneto GPT decoder (unilm/models/gpt.py, torchscale). Special ids follow the vocabulary: see workers/text. */
export const GptConfig = v.object({ vocab_size: dim, embed_dim: dim, layers: dim, heads: dim, ffn: dim });

/** AlignerNet M (unilm/models/aligner.py). `max_positions` rows of the learned position table; token j reads row j + 2. */
export const AlignerConfig = v.object({
  in_dim: dim,
  dim: dim,
  heads: dim,
  ffn: dim,
  encoder_layers: dim,
  decoder_layers: dim,
  num_queries: dim,
  max_positions: dim,
});

/** The subset of diffusers' UNet2DConditionModel config that SD 1.x uses; `attention_head_dim` is the NUMBER of heads, as in SD 1.5. */
export const UNetConfig = v.object({
  sample_size: dim,
  in_channels: dim,
  out_channels: dim,
  flip_sin_to_cos: v.optional(v.boolean(), true),
  freq_shift: v.optional(v.number(), 0),
  down_block_types: v.array(v.picklist(["CrossAttnDownBlock2D", "DownBlock2D"])),
  mid_block_type: v.optional(v.literal("UNetMidBlock2DCrossAttn"), "UNetMidBlock2DCrossAttn"),
  up_block_types: v.array(v.picklist(["CrossAttnUpBlock2D", "UpBlock2D"])),
  block_out_channels: dims,
  layers_per_block: dim,
  norm_num_groups: dim,
  norm_eps: v.optional(v.number(), 1e-5),
  cross_attention_dim: dim,
  attention_head_dim: v.union([dim, dims]),
});

/** diffusers' ControlNetModel as SD 1.5's nets use it. */
export const ControlNetConfig = v.object({
  in_channels: dim,
  flip_sin_to_cos: v.optional(v.boolean(), true),
  freq_shift: v.optional(v.number(), 0),
  down_block_types: v.array(v.picklist(["CrossAttnDownBlock2D", "DownBlock2D"])),
  block_out_channels: dims,
  layers_per_block: dim,
  norm_num_groups: dim,
  norm_eps: v.optional(v.number(), 1e-5),
  cross_attention_dim: dim,
  attention_head_dim: v.union([dim, dims]),
  conditioning_embedding_out_channels: dims,
});

/** diffusers' AutoencoderKL. */
export const AutoencoderKLConfig = v.object({
  in_channels: dim,
  out_channels: dim,
  block_out_channels: dims,
  layers_per_block: dim,
  latent_channels: dim,
  norm_num_groups: dim,
  scaling_factor: v.optional(v.number(), 0.18215),
});

/**
 * The TAESD family (github.com/madebyollin/taesd; diffusers: AutoencoderTiny): TAESD (4 latent channels) and TAEF2 (32, with pool branch).
 * U-Net latents x relate to the autoencoder's z by z = unfold(x) * latents_std + latents_mean per channel, where unfold is
 * torch's pixel_shuffle by `patch_size` (1: none).
 */
export const AutoencoderTinyConfig = v.object({
  in_channels: dim,
  out_channels: dim,
  latent_channels: dim,
  width: v.optional(dim, 64),
  blocks_per_level: v.optional(dims, [3, 3, 3, 1]),
  pool_branch: v.optional(v.boolean(), false),
  patch_size: v.optional(dim, 1),
  latents_mean: v.optional(v.array(v.number())),
  latents_std: v.optional(v.array(v.number())),
  scaling_factor: v.optional(v.number(), 1),
});

/** transformers' CLIPTextConfig. */
export const ClipTextConfig = v.object({
  vocab_size: dim,
  hidden_size: dim,
  intermediate_size: dim,
  num_hidden_layers: dim,
  num_attention_heads: dim,
  max_position_embeddings: dim,
  hidden_act: v.optional(v.picklist(["quick_gelu", "gelu"]), "quick_gelu"),
  layer_norm_eps: v.optional(v.number(), 1e-5),
});

/** diffusers' scheduler_config.json, the fields that the solvers here read. */
export const SchedulerConfig = v.object({
  num_train_timesteps: v.optional(dim, 1000),
  beta_start: v.number(),
  beta_end: v.number(),
  beta_schedule: v.picklist(["linear", "scaled_linear"]),
  prediction_type: v.optional(v.picklist(["epsilon", "v_prediction"]), "epsilon"),
  set_alpha_to_one: v.optional(v.boolean(), false),
  skip_prk_steps: v.optional(v.boolean(), true),
  steps_offset: v.optional(v.number(), 1),
});

/** Tensors of a component: `<prefix><official name>` in any of `files`. */
const component = <T extends v.GenericSchema>(config: T) =>
  v.object({ files: v.pipe(v.array(fileName), v.minLength(1)), prefix: v.optional(v.string(), ""), config });

/** The GPT's layers are in 4-bit blocks: see four-bit.ts. */
export const FourBit = v.object({
  /** Root of the sum of the squared differences from the numbers that were imported, over that of their squares. */
  relative_error: v.pipe(v.number(), v.finite(), v.minValue(0)),
  /** What all of the GPT would take in fp16. */
  fp16_bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
});

const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "a SHA-256 in lower-case hex"));

export const BundleFile = v.object({
  size: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** SHA-256 of the whole file. */
  sha256,
  /** SHA-256 of each 16 MiB chunk, in order; a file of one chunk may leave it out. */
  chunks: v.optional(v.array(sha256)),
});

export const SCHEDULER_KINDS = ["dpmsolver++", "ddim", "pndm"] as const;

/** What draws, whatever reads the prompt. */
const drawing = {
  unet: component(UNetConfig),
  vae: v.variant("type", [
    v.object({ type: v.literal("AutoencoderKL"), ...component(AutoencoderKLConfig).entries }),
    v.object({ type: v.literal("AutoencoderTiny"), ...component(AutoencoderTinyConfig).entries }),
  ]),
  /** Decodes the pictures of the way where `vae` is too large for that: TAESD beside SD's own. */
  preview_vae: v.optional(component(AutoencoderTinyConfig)),
  scheduler: SchedulerConfig,
};

/** Words and pictures are read by Kosmos-G. */
const KosmosGComponents = v.object({
  clip_vision: component(ClipVisionConfig),
  resampler: component(ResamplerConfig),
  gpt: v.object({ ...component(GptConfig).entries, four_bit: v.optional(FourBit) }),
  aligner: component(AlignerConfig),
  tokenizer: v.object({ sentencepiece: fileName, dict: fileName }),
  ...drawing,
});

/** Words alone are read, by CLIP's text encoder: Stable Diffusion 1.x as published. */
const TextToImageComponents = v.object({
  text_encoder: component(ClipTextConfig),
  tokenizer: v.object({ merges: fileName }),
  ...drawing,
});

const common = {
  version: v.literal(1),
  id: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)),
  name: text,
  description: text,
  license: text,
  provenance: text,
  files: v.record(fileName, BundleFile),
  /** What the page starts with. */
  defaults: v.object({
    steps: dim,
    guidance_scale: v.number(),
    scheduler: v.picklist(SCHEDULER_KINDS),
    width: dim,
    height: dim,
  }),
  /** Other sizes that the model draws well, in pixels; left out: only the one above. */
  sizes: v.optional(v.pipe(v.array(v.object({ width: dim, height: dim })), v.maxLength(128))),
  /** How many pictures a prompt may hold, and how many tokens in all (limits of what it was trained on). */
  limits: v.optional(v.object({ images: dim, tokens: dim })),
};

const KosmosGBundle = v.object({ ...common, components: KosmosGComponents });
const TextToImageBundle = v.object({ ...common, components: TextToImageComponents });

const hasTextEncoder = (json: unknown) => {
  const { components } = (json ?? {}) as { components?: unknown };
  return typeof components === "object" && components !== null && "text_encoder" in components;
};

/** Not a union: its messages would not name the field. */
export const Bundle = v.lazy((json) => (hasTextEncoder(json) ? TextToImageBundle : KosmosGBundle));

export type KosmosGBundle = v.InferOutput<typeof KosmosGBundle>;
export type TextToImageBundle = v.InferOutput<typeof TextToImageBundle>;
export type Bundle = KosmosGBundle | TextToImageBundle;

export const isKosmosG = (bundle: Bundle): bundle is KosmosGBundle => !hasTextEncoder(bundle);

export type BundleFile = v.InferOutput<typeof BundleFile>;
/** `unhashed`: nobody says what the file's SHA-256 is; `sha256` is then but a name, of its address, length and ETag. No model.json can say so. */
export type StoredFile = BundleFile & { readonly unhashed?: true };
/** What the store needs to know of anything that it keeps; models of other kinds than Kosmos-G have no more than this. */
export type FileBundle = Pick<Bundle, "id" | "name" | "license"> & {
  readonly files: Readonly<Record<string, StoredFile>>;
};
export type SchedulerKind = (typeof SCHEDULER_KINDS)[number];
export type FourBit = v.InferOutput<typeof FourBit>;
export type ClipVisionConfig = v.InferOutput<typeof ClipVisionConfig>;
export type ResamplerConfig = v.InferOutput<typeof ResamplerConfig>;
export type GptConfig = v.InferOutput<typeof GptConfig>;
export type AlignerConfig = v.InferOutput<typeof AlignerConfig>;
export type UNetConfig = v.InferOutput<typeof UNetConfig>;
export type ControlNetConfig = v.InferOutput<typeof ControlNetConfig>;
/** What U-Net and ControlNet have in common: the way in and down. */
export type DownPathConfig = Omit<ControlNetConfig, "conditioning_embedding_out_channels">;
export type AutoencoderKLConfig = v.InferOutput<typeof AutoencoderKLConfig>;
export type AutoencoderTinyConfig = v.InferOutput<typeof AutoencoderTinyConfig>;
export type ClipTextConfig = v.InferOutput<typeof ClipTextConfig>;
export type SchedulerConfig = v.InferOutput<typeof SchedulerConfig>;
