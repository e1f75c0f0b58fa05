/** What a picture takes of the graphics device, from the model's configurations alone: the graphs are built on tensors that nobody holds. */
import { buildAlignerGraph } from "../models/aligner.ts";
import { buildTinyDecoderGraph } from "../models/autoencoder-tiny.ts";
import { buildClipTextGraph } from "../models/clip-text.ts";
import { buildClipVisionGraph, clipTokens } from "../models/clip-vision.ts";
import { conditionShape } from "../models/condition-shape.ts";
import { buildCrossAttentionGraph } from "../models/cross-attention.ts";
import { latentGrid } from "../models/latent-grid.ts";
import { buildMllmGraph } from "../models/mllm.ts";
import { buildResamplerGraph } from "../models/resampler.ts";
import { buildUNetGraph } from "../models/unet.ts";
import { buildVaeDecoderGraph } from "../models/vae.ts";
import type { Graph, GraphOptions, TensorSource } from "../onnx/graph.ts";
import { type GraphMemory, graphMemory } from "../onnx/graph-memory.ts";
import { type Bundle, isKosmosG } from "../weights/bundle.ts";
import { BLOCK, mayBeFourBit } from "../weights/four-bit.ts";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export interface PictureRun extends PictureSize {
  /** With guidance the U-Net sees two rows a step. */
  readonly guided: boolean;
}

/** Bytes. */
export interface MemoryEstimate {
  /** Of all networks in the types that they are computed in; all stay on the device. */
  readonly weights: number;
  /** The most that any of them makes at once besides. ORT keeps what was given back for the next use: a device may hold more. */
  readonly activations: number;
  readonly largestBuffer: number;
  /** The largest that the device binds. */
  readonly bufferLimit: number;
}

/** Has every tensor, of the shape that is asked for. */
const ANYTHING: TensorSource = {
  get: (_name, shape) => shape && { file: "", dtype: "F16", shape, offset: 0, length: 0 },
  names: () => [],
};

/** The same, with matrices in 4-bit blocks. */
const IN_FOUR_BITS: TensorSource = {
  ...ANYTHING,
  get(name, shape) {
    const location = ANYTHING.get(name, shape);
    if (!location || !mayBeFourBit(name, location.shape)) return location;
    const [rows = 0, columns = 0] = location.shape;
    const scales = { ...location, shape: [rows, columns / BLOCK] };
    return { ...location, dtype: "INT4", scales, error: { ...location, dtype: "F32", shape: [2] } };
  },
};

/** A prompt of one picture and some words. */
const PROMPT_TOKENS = 96;

/**
 * What a picture takes, and where what draws it has too large a buffer, the size that fits instead; null: none, or this one does.
 * @param device how graphs are built there, as Runtime.graphOptions gives it
 * @param inFloat32 names of the components that are computed in float32 even so
 * @throws GraphError a configuration that contradicts itself
 */
export function estimateMemory(
  bundle: Bundle,
  run: PictureRun,
  device: GraphOptions,
  inFloat32: ReadonlySet<string> = new Set(),
): { estimate: MemoryEstimate; instead: PictureSize | null } {
  const options: OptionsOf = (component) => (inFloat32.has(component) ? { ...device, dtype: "float32" } : device);
  const painting = painters(bundle, run, options).map(graphMemory);
  const all = [...readers(bundle, options).map(graphMemory), ...painting];
  const estimate = {
    weights: all.reduce((sum, { weights }) => sum + weights, 0),
    activations: Math.max(...all.map(({ activations }) => activations)),
    largestBuffer: Math.max(...all.map(({ largestBuffer }) => largestBuffer)),
    bufferLimit: device.maxBufferBytes,
  };
  const doesFit = (size: PictureSize) =>
    bindable(painters(bundle, { ...run, ...size }, options).map(graphMemory), device);
  const instead = bindable(painting, device) ? null : (sizeThatFits(bundle, run, doesFit) ?? null);
  return { estimate, instead };
}

/** Whether a device with these options can run the graphs; memory as a whole no device tells. */
const bindable = (graphs: readonly GraphMemory[], { maxBufferBytes }: GraphOptions) =>
  graphs.every(({ largestBuffer }) => largestBuffer <= maxBufferBytes);

/** The largest of the model's own sizes that fits where `run` does not: of the same form, or else square. */
function sizeThatFits(
  bundle: Bundle,
  run: PictureSize,
  doesFit: (size: PictureSize) => boolean,
): PictureSize | undefined {
  const area = ({ width, height }: PictureSize) => width * height;
  const { width, height } = bundle.defaults;
  const sameForm = (size: PictureSize) => size.width * run.height === size.height * run.width;
  const smaller = [...(bundle.sizes ?? []), { width, height }]
    .filter((size) => area(size) < area(run) && (sameForm(size) || size.width === size.height))
    .sort((a, b) => Number(sameForm(b)) - Number(sameForm(a)) || area(b) - area(a));
  const smallest = smaller.toSorted((a, b) => area(a) - area(b))[0];
  // A weight may be too large by itself.
  return smallest && doesFit(smallest) ? smaller.find(doesFit) : undefined;
}

/** How the graphs of a component, by its name in the bundle, are built. */
type OptionsOf = (component: string) => GraphOptions;

/** The networks that read the prompt. */
function readers(bundle: Bundle, options: OptionsOf): Graph[] {
  if (!isKosmosG(bundle)) {
    const { config } = bundle.components.text_encoder;
    const size = { batch: 1, tokens: config.max_position_embeddings, givenEmbeddings: true };
    return [buildClipTextGraph(ANYTHING, config, size, options("text_encoder"))];
  }
  const { clip_vision, resampler, gpt, aligner } = bundle.components;
  const sequence = { batch: 1, tokens: Math.min(PROMPT_TOKENS, aligner.config.max_positions - 2) };
  const pictures = { images: 1, tokens: clipTokens(clip_vision.config) };
  return [
    buildClipVisionGraph(ANYTHING, clip_vision.config, pictures, options("clip_vision")),
    buildResamplerGraph(ANYTHING, resampler.config, pictures, options("resampler")),
    buildMllmGraph(gpt.four_bit ? IN_FOUR_BITS : ANYTHING, gpt.config, sequence, options("gpt")),
    buildAlignerGraph(ANYTHING, aligner.config, sequence, options("aligner")),
  ];
}

/** The networks whose buffers grow with the picture. */
function painters(bundle: Bundle, { width, height, guided }: PictureRun, options: OptionsOf): Graph[] {
  const { unet, vae } = bundle.components;
  const grid = latentGrid(bundle);
  const latents = { height: height / grid, width: width / grid };
  const pass = { ...latents, batch: guided ? 2 : 1, tokens: conditionShape(bundle).rows, givenKeysAndValues: true };
  const one = { ...latents, batch: 1 };
  return [
    buildCrossAttentionGraph(ANYTHING, unet.config, pass, options("unet")),
    buildUNetGraph(ANYTHING, unet.config, pass, options("unet")),
    vae.type === "AutoencoderKL"
      ? buildVaeDecoderGraph(ANYTHING, vae.config, one, { ...options("vae"), dtype: "float32" })
      : buildTinyDecoderGraph(ANYTHING, vae.config, one, options("vae")),
  ];
}
