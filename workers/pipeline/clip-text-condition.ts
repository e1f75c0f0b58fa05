/** Words -> CLIP's text encoder -> condition: plain Stable Diffusion, the paper's baseline (diffusers, StableDiffusionPipeline). */

import type { InferenceSession } from "onnxruntime-web/webgpu";
import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import { buildClipTextGraph, TOKEN_TABLE } from "../models/clip-text.ts";
import { withOrtFaults } from "../onnx/ort-errors.ts";
import { createSession } from "../onnx/session.ts";
import type { PromptPart } from "../protocol.ts";
import { type ClipTokenizer, clipPromptIds, createClipTokenizer } from "../text/clip-tokenizer.ts";
import { wordsOf } from "../text/words.ts";
import type { TextToImageBundle } from "../weights/bundle.ts";
import { COMPONENT_NAMES } from "../weights/layouts/component.ts";
import type { WeightFiles } from "../weights/tensors.ts";
import { ComponentPrecision, requireFinite } from "./component-precision.ts";
import type { ConditionPipeline, Encoded, EncodeHooks } from "./condition.ts";
import type { Runtime } from "./runtime.ts";
import { SessionCache } from "./session-cache.ts";

export class ClipTextCondition implements ConditionPipeline {
  private readonly sessions = new SessionCache(1);
  private readonly precision: ComponentPrecision;

  private constructor(
    private readonly runtime: Runtime,
    private readonly bundle: TextToImageBundle,
    private readonly weights: WeightFiles,
    private readonly tokenizer: ClipTokenizer,
  ) {
    this.precision = new ComponentPrecision(runtime, weights, bundle);
  }

  /** @throws EngineFault bad-bundle when tokenizer and model do not go together */
  static async create(runtime: Runtime, bundle: TextToImageBundle, weights: WeightFiles): Promise<ClipTextCondition> {
    const { tokenizer: names, text_encoder } = bundle.components;
    const tokenizer = createClipTokenizer(await weights.file(names.merges).text());
    const rows = text_encoder.config.vocab_size;
    if (tokenizer.vocabSize !== rows) {
      throw new EngineFault(
        "bad-bundle",
        say("The tokenizer has {pieces} pieces, the model's table {rows} rows.", { pieces: tokenizer.vocabSize, rows }),
      );
    }
    return new ClipTextCondition(runtime, bundle, weights, tokenizer);
  }

  async warmUp(onPhase: EncodeHooks["onPhase"]): Promise<void> {
    onPhase("build");
    await this.textEncoder();
  }

  encode(parts: readonly PromptPart[], hooks: EncodeHooks): Promise<Encoded> {
    return this.precision.retrying(hooks.onPhase, () => this.run(wordsOf(parts), hooks));
  }

  /** No words: the empty prompt, which this model was trained to draw without a condition. */
  encodeUnconditional(negativePrompt: string, hooks: EncodeHooks): Promise<Encoded> {
    return this.precision.retrying(hooks.onPhase, () => this.run(negativePrompt, hooks));
  }

  private async run(text: string, { signal, onPhase }: EncodeHooks): Promise<Encoded> {
    const started = performance.now();
    const { hidden_size: dim, max_position_embeddings: rows } = this.bundle.components.text_encoder.config;
    const ids = clipPromptIds(text, this.tokenizer, rows);
    signal.throwIfAborted();
    onPhase("encode-prompt");
    const { ort, device } = this.runtime;
    const session = await this.textEncoder();
    const embeddings = await this.embeddings(ids);
    const { last_hidden_state } = await withOrtFaults(device, say("reading the prompt"), () =>
      session.run({ token_embeddings: new ort.Tensor("float32", embeddings, [1, rows, dim]) }),
    );
    this.runtime.checkDevice();
    const data = last_hidden_state?.data as Float32Array<ArrayBuffer>;
    requireFinite(data, COMPONENT_NAMES["clip-text"], this.bundle.components.text_encoder);
    return { condition: { rows, dim, data }, tokens: [...ids], seconds: (performance.now() - started) / 1000 };
  }

  /** Rows of the table, read from the file one by one: it is never uploaded. */
  private embeddings(ids: Int32Array): Promise<Float32Array<ArrayBuffer>> {
    const { text_encoder } = this.bundle.components;
    const { vocab_size, hidden_size } = text_encoder.config;
    const table = this.weights.component(text_encoder).get(TOKEN_TABLE);
    if (!table) throw new EngineFault("missing-tensor", say("The model has no tensor {name}.", { name: TOKEN_TABLE }));
    if (`${table.shape}` !== `${[vocab_size, hidden_size]}`) {
      throw new EngineFault(
        "wrong-shape",
        say("Tensor {name} has shape [{shape}], the configuration asks for [{rows}, {width}].", {
          name: TOKEN_TABLE,
          shape: table.shape,
          rows: vocab_size,
          width: hidden_size,
        }),
      );
    }
    return this.weights.gatherRows(table, ids);
  }

  private async textEncoder(): Promise<InferenceSession> {
    const { text_encoder } = this.bundle.components;
    const options = await this.precision.optionsFor(text_encoder);
    return this.sessions.get(options.dtype, () => {
      const size = { batch: 1, tokens: text_encoder.config.max_position_embeddings, givenEmbeddings: true };
      const tensors = this.weights.component(text_encoder);
      const graph = buildClipTextGraph(tensors, text_encoder.config, size, options);
      return createSession(this.runtime.ort, graph, { weights: this.weights, device: this.runtime.device });
    });
  }
}
