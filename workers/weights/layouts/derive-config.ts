/**
 * The configuration of a network from the shapes of its tensors, by official names. What shapes do not say follows the published rule:
 * Stable Diffusion 1.x has eight heads at every level and 32 groups to a norm; heads of CLIP and of Kosmos-G are 64 wide.
 */

import * as v from "valibot";
import { EngineFault } from "../../faults.ts";
import { say } from "../../messages.ts";
import {
  AlignerConfig,
  AutoencoderKLConfig,
  AutoencoderTinyConfig,
  ClipTextConfig,
  ClipVisionConfig,
  GptConfig,
  ResamplerConfig,
  UNetConfig,
} from "../bundle.ts";
import { COMPONENT_NAMES, type ComponentConfigs, type ComponentKind, type Shapes } from "./component.ts";

const HEAD = 64;
const UNET_HEADS = 8;
const NORM_GROUPS = 32;
/** SD 1.x' latents of 512 pixels: what the net was trained on, of no effect on what it computes. */
const SAMPLE_SIZE = 64;

/** Kosmos-G's GPT has 24. */
const MAX_LAYERS = 256;

/** A dimension: tensor and axis. */
type Dim = readonly [name: string, axis: number];

/** What a component's names and shapes tell. */
interface Facts {
  /** The dimension that all of these should have, from the first that is there. */
  dim(first: Dim, ...others: readonly Dim[]): number;
  find(...sources: readonly Dim[]): number | undefined;
  /** How many of `<prefix>0.`, `<prefix>1.` ... there are. One that is missing between others counts. */
  count(prefix: string): number;
  /** Whether names begin so; ends with a dot. */
  has(start: string): boolean;
  /** The first name with this end. */
  ending(end: string): string;
}

/**
 * @param shapes of the component's tensors, by official names
 * @param assumed takes the place of what is derived
 * @throws EngineFault `missing-tensor`, `wrong-shape`: a dimension cannot be known, or is none of such a network
 */
export function deriveConfig<K extends ComponentKind>(
  kind: K,
  shapes: Shapes,
  assumed: Partial<ComponentConfigs[K]> = {},
): ComponentConfigs[K] {
  const { schema, derive } = DERIVATIONS[kind];
  const parsed = v.safeParse(schema, { ...derive(facts(shapes)), ...assumed });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new EngineFault(
    "wrong-shape",
    say("{component}: {field}: {problem}", {
      component: COMPONENT_NAMES[kind],
      field: v.getDotPath(issue) ?? "",
      problem: issue.message,
    }),
  );
}

type Derivations = {
  readonly [K in ComponentKind]: {
    readonly schema: v.GenericSchema<unknown, ComponentConfigs[K]>;
    readonly derive: (facts: Facts) => Partial<ComponentConfigs[K]>;
  };
};

const DERIVATIONS: Derivations = {
  unet: { schema: UNetConfig, derive: unet },
  vae: { schema: AutoencoderKLConfig, derive: vae },
  "tiny-vae": { schema: AutoencoderTinyConfig, derive: tinyVae },
  "clip-text": { schema: ClipTextConfig, derive: clipText },
  "clip-vision": { schema: ClipVisionConfig, derive: clipVision },
  resampler: { schema: ResamplerConfig, derive: resampler },
  gpt: { schema: GptConfig, derive: gpt },
  aligner: { schema: AlignerConfig, derive: aligner },
};

function unet({ dim, count, has, ending }: Facts): Partial<UNetConfig> {
  const levels = range(count("down_blocks."));
  const widths = levels.map((level) => resnetWidth(dim, `down_blocks.${level}.resnets.0`));
  const attention = (block: string) => has(`${block}.attentions.`);
  return {
    sample_size: SAMPLE_SIZE,
    in_channels: dim(["conv_in.weight", 1]),
    out_channels: dim(["conv_out.weight", 0], ["conv_out.bias", 0]),
    down_block_types: levels.map((i) => (attention(`down_blocks.${i}`) ? "CrossAttnDownBlock2D" : "DownBlock2D")),
    up_block_types: levels.map((i) => (attention(`up_blocks.${i}`) ? "CrossAttnUpBlock2D" : "UpBlock2D")),
    block_out_channels: widths,
    layers_per_block: Math.max(0, ...levels.map((level) => count(`down_blocks.${level}.resnets.`))),
    norm_num_groups: commonPowerOfTwo(widths, NORM_GROUPS),
    cross_attention_dim: dim([ending(".attn2.to_k.weight"), 1]),
    attention_head_dim: commonPowerOfTwo(widths, UNET_HEADS),
  };
}

function vae({ dim, find, count }: Facts): Partial<AutoencoderKLConfig> {
  const levels = range(count("decoder.up_blocks."));
  const widths = levels.map((level) => resnetWidth(dim, `decoder.up_blocks.${level}.resnets.0`)).reverse();
  const out = dim(["decoder.conv_out.weight", 0], ["decoder.conv_out.bias", 0]);
  return {
    in_channels: find(["encoder.conv_in.weight", 1]) ?? out,
    out_channels: out,
    block_out_channels: widths,
    layers_per_block: Math.max(0, ...levels.map((level) => count(`decoder.up_blocks.${level}.resnets.`))) - 1,
    latent_channels: dim(["decoder.conv_in.weight", 1], ["post_quant_conv.bias", 0]),
    norm_num_groups: commonPowerOfTwo(widths, NORM_GROUPS),
  };
}

function tinyVae({ dim, find, count, has }: Facts): Partial<AutoencoderTinyConfig> {
  const levels: number[] = [];
  let blocks = 0;
  const layers = count("decoder.");
  // Behind the clamp, the first convolution and its ReLU: blocks, and a convolution at the end of each level.
  for (let layer = 3; layer < layers; layer++) {
    if (has(`decoder.${layer}.conv.`)) blocks += 1;
    if (find([`decoder.${layer}.weight`, 0]) === undefined) continue;
    levels.push(blocks);
    blocks = 0;
  }
  const last = layers - 1;
  const out = dim([`decoder.${last}.weight`, 0], [`decoder.${last}.bias`, 0]);
  return {
    in_channels: find(["encoder.0.weight", 1]) ?? out,
    out_channels: out,
    latent_channels: dim(["decoder.1.weight", 1]),
    width: dim(["decoder.1.weight", 0], ["decoder.1.bias", 0]),
    blocks_per_level: levels,
    pool_branch: has("decoder.3.pool."),
  };
}

function clipText({ dim, count }: Facts): Partial<ClipTextConfig> {
  const width = dim(["text_model.final_layer_norm.weight", 0], ["text_model.embeddings.token_embedding.weight", 1]);
  return {
    vocab_size: dim(["text_model.embeddings.token_embedding.weight", 0]),
    hidden_size: width,
    intermediate_size: dim(
      ["text_model.encoder.layers.0.mlp.fc1.weight", 0],
      ["text_model.encoder.layers.0.mlp.fc1.bias", 0],
    ),
    num_hidden_layers: count("text_model.encoder.layers."),
    num_attention_heads: headsOf(width),
    max_position_embeddings: dim(["text_model.embeddings.position_embedding.weight", 0]),
  };
}

function clipVision({ dim, count }: Facts): Partial<ClipVisionConfig> {
  const visual = "img_model.visual";
  const width = dim([`${visual}.class_embedding`, 0], [`${visual}.ln_post.weight`, 0]);
  const patch = dim([`${visual}.conv1.weight`, 2]);
  const block = `${visual}.transformer.resblocks.0`;
  return {
    // One position is the class token's.
    image_size: Math.sqrt(dim([`${visual}.positional_embedding`, 0]) - 1) * patch,
    patch_size: patch,
    width,
    layers: count(`${visual}.transformer.resblocks.`),
    heads: headsOf(width),
    mlp: dim([`${block}.mlp.c_fc.weight`, 0], [`${block}.mlp.c_fc.bias`, 0]),
  };
}

function resampler({ dim }: Facts): Partial<ResamplerConfig> {
  const width = dim(["img_connector.latent_query", 1], ["img_connector.dense.weight", 0]);
  return {
    num_queries: dim(["img_connector.latent_query", 0]),
    heads: headsOf(width),
    in_dim: dim(["img_connector.dense.weight", 1]),
    out_dim: width,
  };
}

function gpt({ dim, count }: Facts): Partial<GptConfig> {
  const decoder = "gpt_model.decoder";
  const width = dim([`${decoder}.layer_norm.weight`, 0], [`${decoder}.embed_tokens.weight`, 1]);
  return {
    vocab_size: dim([`${decoder}.embed_tokens.weight`, 0]),
    embed_dim: width,
    layers: count(`${decoder}.layers.`),
    heads: headsOf(width),
    ffn: dim([`${decoder}.layers.0.ffn.fc1.weight`, 0], [`${decoder}.layers.0.ffn.fc1.bias`, 0]),
  };
}

function aligner({ dim, count }: Facts): Partial<AlignerConfig> {
  const width = dim(["aligner.encoder_query", 1], ["aligner.encoder.layer_norm.weight", 0]);
  return {
    in_dim: dim(["aligner.encoder_proj.embed_tokens.weight", 1]),
    dim: width,
    heads: headsOf(width),
    ffn: dim(["aligner.encoder.layers.0.ffn.fc1.weight", 0], ["aligner.encoder.layers.0.ffn.fc1.bias", 0]),
    encoder_layers: count("aligner.encoder_proj.layers."),
    decoder_layers: count("aligner.encoder.layers."),
    num_queries: dim(["aligner.encoder_query", 0]),
    max_positions: dim(["aligner.encoder_proj.embed_positions.weight", 0]),
  };
}

const range = (length: number) => Array.from({ length }, (_, i) => i);

const headsOf = (width: number) => (width % HEAD === 0 ? width / HEAD : 1);

/** The largest power of two, at most `most`, that divides all: `most` in every published net. */
function commonPowerOfTwo(widths: readonly number[], most: number): number {
  let power = most;
  while (power > 1 && widths.some((width) => width % power !== 0)) power /= 2;
  return power;
}

function resnetWidth(dim: Facts["dim"], resnet: string): number {
  return dim([`${resnet}.conv2.weight`, 0], [`${resnet}.norm2.weight`, 0], [`${resnet}.conv1.weight`, 0]);
}

function facts(shapes: Shapes): Facts {
  const parts = new Set<string>();
  const numbers = new Map<string, Set<number>>();
  for (const name of shapes.keys()) {
    for (const { index } of name.matchAll(/\./g)) parts.add(name.slice(0, index + 1));
    for (const { 0: number, index } of name.matchAll(/(?<=\.)\d{1,4}(?=\.)/g)) {
      const prefix = name.slice(0, index);
      numbers.set(prefix, (numbers.get(prefix) ?? new Set()).add(Number(number)));
    }
  }
  const find = (...sources: readonly Dim[]) =>
    sources.map(([name, axis]) => shapes.get(name)?.[axis]).find((size) => size !== undefined);
  return {
    find,
    dim(first, ...others) {
      const size = find(first, ...others);
      if (size === undefined)
        throw new EngineFault("missing-tensor", say("It has no tensor {name} of the right rank.", { name: first[0] }));
      return size;
    },
    count(prefix) {
      const found = numbers.get(prefix) ?? new Set();
      // A number far beyond the others is no layer.
      const limit = Math.min(2 * found.size, MAX_LAYERS);
      return Math.max(-1, ...[...found].filter((number) => number < limit)) + 1;
    },
    has: (start) => parts.has(start),
    ending: (end) => [...shapes.keys()].find((name) => name.endsWith(end)) ?? `*${end}`,
  };
}
