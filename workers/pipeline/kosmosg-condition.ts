/** Interleaved prompt -> CLIP ViT -> resampler -> GPT -> AlignerNet -> condition (kosmosg.py, encode_condition). */

import type { InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import { EngineFault } from "../faults.ts";
import { clipPreprocess } from "../images/clip-preprocess.ts";
import { say } from "../messages.ts";
import { buildAlignerGraph } from "../models/aligner.ts";
import { buildClipVisionGraph, clipTokens } from "../models/clip-vision.ts";
import { buildMllmGraph, sinusoidalPositions } from "../models/mllm.ts";
import { buildResamplerGraph } from "../models/resampler.ts";
import type { Graph } from "../onnx/graph.ts";
import { weightBytes } from "../onnx/graph-memory.ts";
import { withOrtFaults } from "../onnx/ort-errors.ts";
import { createSession } from "../onnx/session.ts";
import type { EntityImage, PromptPart } from "../protocol.ts";
import { PAD } from "../text/fairseq-dictionary.ts";
import { layoutNegativePrompt, layoutPrompt, type PromptLayout } from "../text/prompt-layout.ts";
import { promptLimits } from "../text/prompt-limits.ts";
import { createTokenizer, type Tokenizer } from "../text/tokenizer.ts";
import type { KosmosGBundle } from "../weights/bundle.ts";
import { COMPONENT_NAMES } from "../weights/layouts/component.ts";
import type { WeightFiles } from "../weights/tensors.ts";
import { ComponentPrecision, requireFinite } from "./component-precision.ts";
import type { ConditionPipeline, Encoded, EncodeHooks } from "./condition.ts";
import type { Runtime } from "./runtime.ts";
import { SessionCache } from "./session-cache.ts";

/** Sequences are padded to a multiple of this, so that prompts of like length share compiled sessions. */
const TOKEN_BUCKET = 32;

/** Weights of sessions of one network for several lengths: the published GPT has 2.4 GB for each. */
const KEPT_BYTES = 2 ** 30;

/** By what they are called. */
const NETWORKS = { clip_vision: "clip-vision", resampler: "resampler", gpt: "gpt", aligner: "aligner" } as const;

type EntityPart = Extract<PromptPart, { kind: "entity" }>;

export class KosmosGCondition implements ConditionPipeline {
  /** Features of a white picture, which says nothing; made when a strength first asks for them. */
  private blank: Float32Array | undefined;
  private readonly images = new SessionCache(2);
  private readonly mllms = new SessionCache(3, KEPT_BYTES);
  private readonly aligners = new SessionCache(3, KEPT_BYTES);
  /** The longest sequence so far of a model of which one length alone is kept. */
  private longest = 0;
  private readonly precision: ComponentPrecision;

  private constructor(
    private readonly runtime: Runtime,
    private readonly bundle: KosmosGBundle,
    private readonly weights: WeightFiles,
    private readonly tokenizer: Tokenizer,
  ) {
    this.precision = new ComponentPrecision(runtime, weights, bundle);
  }

  /** @throws EngineFault bad-bundle when tokenizer and model do not go together */
  static async create(runtime: Runtime, bundle: KosmosGBundle, weights: WeightFiles): Promise<KosmosGCondition> {
    const { tokenizer: names, gpt } = bundle.components;
    const read = async (name: string) => new Uint8Array(await weights.file(name).arrayBuffer());
    const tokenizer = createTokenizer(await read(names.sentencepiece), await read(names.dict));
    if (tokenizer.vocabSize > gpt.config.vocab_size) {
      throw new EngineFault(
        "bad-bundle",
        say("The tokenizer has {pieces} pieces, the model's table only {rows} rows.", {
          pieces: tokenizer.vocabSize,
          rows: gpt.config.vocab_size,
        }),
      );
    }
    return new KosmosGCondition(runtime, bundle, weights, tokenizer);
  }

  /**
   * Builds every network, so that a broken model is noticed before the first prompt.
   * @throws GraphError naming the tensor, EngineFault
   */
  async warmUp(onPhase: EncodeHooks["onPhase"]): Promise<void> {
    onPhase("build");
    const tokens = this.bucket(this.bundle.components.resampler.config.num_queries + 3);
    // One after the other: ORT refuses to build two sessions at a time.
    await this.clip();
    await this.resampler();
    await this.mllm(tokens);
    await this.aligner(tokens);
  }

  /**
   * @param parts text and pictures in reading order
   * @throws EngineFault bad-prompt with the limit when there are too many pictures or tokens, bad-image
   */
  encode(parts: readonly PromptPart[], hooks: EncodeHooks): Promise<Encoded> {
    const layout = layoutPrompt(
      parts,
      this.tokenizer,
      this.bundle.components.resampler.config.num_queries,
      promptLimits(this.bundle),
    );
    const pictures = parts.filter((part) => part.kind === "entity");
    return this.precision.retrying(hooks.onPhase, () => this.run(layout, pictures, hooks));
  }

  /** The unconditional branch of guidance: GPT and AlignerNet on `<s>`, or on the negative prompt. */
  encodeUnconditional(negativePrompt: string, hooks: EncodeHooks): Promise<Encoded> {
    const layout = layoutNegativePrompt(negativePrompt, this.tokenizer, promptLimits(this.bundle));
    return this.precision.retrying(hooks.onPhase, () => this.run(layout, [], hooks));
  }

  private async run(
    { tokens: ids, imageMask }: PromptLayout,
    pictures: readonly EntityPart[],
    { signal, onPhase }: EncodeHooks,
  ): Promise<Encoded> {
    const started = performance.now();
    const { gpt } = this.bundle.components;
    const features: Float32Array[] = [];
    for (const [i, picture] of pictures.entries()) {
      signal.throwIfAborted();
      onPhase("encode-images", i / pictures.length);
      features.push(await this.strengthened(picture));
    }

    signal.throwIfAborted();
    onPhase("encode-prompt");
    const length = this.bucket(ids.length);
    const tokens = new Int32Array(length).fill(PAD);
    tokens.set(ids);
    const width = gpt.config.embed_dim;
    const embeddings = await this.embeddings(tokens, imageMask, features);
    const positions = sinusoidalPositions(tokens, width, PAD);
    const { hidden } = await this.infer("gpt", await this.mllm(length), {
      embeddings: [embeddings, [1, length, width]],
      positions: [positions, [1, length, width]],
    });

    signal.throwIfAborted();
    onPhase("align");
    const padding = Float32Array.from(tokens, (token) => (token === PAD ? 1 : 0));
    const { condition } = await this.infer("aligner", await this.aligner(length), {
      hidden: [hidden as Float32Array<ArrayBuffer>, [1, length, width]],
      padding_mask: [padding, [1, length]],
    });
    this.runtime.checkDevice();
    const { num_queries: rows, dim } = this.bundle.components.aligner.config;
    return {
      condition: { rows, dim, data: condition as Float32Array<ArrayBuffer> },
      tokens: [...ids],
      seconds: (performance.now() - started) / 1000,
    };
  }

  /** The picture's features on the line from a blank picture's (strength 0) through its own (1). */
  private async strengthened({ image, strength = 1 }: EntityPart): Promise<Float32Array> {
    const own = await this.imageFeatures(image);
    if (strength === 1) return own;
    this.blank ??= await this.imageFeatures({ width: 1, height: 1, data: new Uint8ClampedArray(4) });
    const { blank } = this;
    return own.map((value, i) => (blank[i] as number) + strength * (value - (blank[i] as number)));
  }

  /** [num_queries, embed_dim] of one picture. */
  private async imageFeatures(picture: EntityImage): Promise<Float32Array> {
    const { clip_vision } = this.bundle.components;
    const { image_size: size, width } = clip_vision.config;
    const pixels = clipPreprocess(picture, size, "onWhite");
    const { tokens } = await this.infer("clip_vision", await this.clip(), {
      pixel_values: [pixels, [1, 3, size, size]],
    });
    const rows = clipTokens(clip_vision.config);
    const { features } = await this.infer("resampler", await this.resampler(), {
      tokens: [tokens as Float32Array<ArrayBuffer>, [1, rows, width]],
    });
    return features as Float32Array;
  }

  /** Embedding rows read from the file one by one (the table is never uploaded), image features in their slots. */
  private async embeddings(
    tokens: Int32Array,
    imageMask: Uint8Array,
    features: readonly Float32Array[],
  ): Promise<Float32Array<ArrayBuffer>> {
    const { gpt } = this.bundle.components;
    const width = gpt.config.embed_dim;
    const name = "gpt_model.decoder.embed_tokens.weight";
    const table = this.weights.component(gpt).get(name);
    if (!table) throw new EngineFault("missing-tensor", say("The model has no tensor {name}.", { name }));
    if (table.shape[1] !== width) {
      throw new EngineFault(
        "wrong-shape",
        say("Tensor {name} has shape [{shape}], the configuration asks for [{rows}, {width}].", {
          name,
          shape: table.shape,
          rows: gpt.config.vocab_size,
          width,
        }),
      );
    }
    const rows = await this.weights.gatherRows(table, tokens);
    let slot = 0;
    for (let t = 0; t < imageMask.length; t++) {
      if (!imageMask[t]) continue;
      const queries = this.bundle.components.resampler.config.num_queries;
      const picture = features[Math.floor(slot / queries)] as Float32Array;
      const at = (slot % queries) * width;
      rows.set(picture.subarray(at, at + width), t * width);
      slot += 1;
    }
    return rows;
  }

  /** Padded length of a sequence. Large networks are rather run on pads than built anew for a shorter prompt. */
  private bucket(tokens: number): number {
    const most = this.bundle.components.aligner.config.max_positions - 2;
    return Math.max(Math.min(Math.ceil(tokens / TOKEN_BUCKET) * TOKEN_BUCKET, most), this.longest);
  }

  private async clip(): Promise<InferenceSession> {
    const { clip_vision } = this.bundle.components;
    const options = await this.precision.optionsFor(clip_vision);
    return this.images.get(`clip_vision ${options.dtype}`, async () => {
      const tensors = this.weights.component(clip_vision);
      return this.session(buildClipVisionGraph(tensors, clip_vision.config, { images: 1 }, options));
    });
  }

  private async resampler(): Promise<InferenceSession> {
    const { clip_vision, resampler } = this.bundle.components;
    const shape = { images: 1, tokens: clipTokens(clip_vision.config) };
    const options = await this.precision.optionsFor(resampler);
    return this.images.get(`resampler ${options.dtype}`, async () => {
      return this.session(buildResamplerGraph(this.weights.component(resampler), resampler.config, shape, options));
    });
  }

  private async mllm(tokens: number): Promise<InferenceSession> {
    const { gpt } = this.bundle.components;
    const options = await this.precision.optionsFor(gpt);
    const graph = buildMllmGraph(this.weights.component(gpt), gpt.config, { batch: 1, tokens }, options);
    const bytes = weightBytes(graph);
    if (2 * bytes > KEPT_BYTES) this.longest = tokens;
    return this.mllms.get(`${tokens} ${options.dtype}`, () => this.session(graph), bytes);
  }

  private async aligner(tokens: number): Promise<InferenceSession> {
    const { aligner } = this.bundle.components;
    const options = await this.precision.optionsFor(aligner);
    const graph = buildAlignerGraph(this.weights.component(aligner), aligner.config, { batch: 1, tokens }, options);
    return this.aligners.get(`${tokens} ${options.dtype}`, () => this.session(graph), weightBytes(graph));
  }

  private session(graph: Graph): Promise<InferenceSession> {
    return createSession(this.runtime.ort, graph, { weights: this.weights, device: this.runtime.device });
  }

  /** @throws Overflow where the network gave no numbers */
  private async infer(
    network: keyof typeof NETWORKS,
    session: InferenceSession,
    feeds: Record<string, readonly [Float32Array<ArrayBuffer>, readonly number[]]>,
  ): Promise<Record<string, Float32Array>> {
    const { ort, device } = this.runtime;
    const inputs = Object.fromEntries(
      Object.entries(feeds).map(([name, [data, dims]]) => [name, new ort.Tensor("float32", data, dims)]),
    );
    const results = await withOrtFaults(device, say("reading the prompt"), () => session.run(inputs));
    const read = Object.entries(results).map(([name, tensor]) => {
      const data = (tensor as Tensor).data as Float32Array;
      requireFinite(data, COMPONENT_NAMES[NETWORKS[network]], this.bundle.components[network]);
      return [name, data] as const;
    });
    return Object.fromEntries(read);
  }
}
