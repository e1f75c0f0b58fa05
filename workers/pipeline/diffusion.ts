/** Noise -> [U-Net + guidance + solver step] x N -> VAE -> picture. Latents stay on the GPU from noise to VAE. */

import type { InferenceSession } from "onnxruntime-web/webgpu";
import { EngineFault, faultCode } from "../faults.ts";
import { createGpuTensor, type GpuTensor, readGpuTensor, writeGpuTensor } from "../gpu/gpu-tensor.ts";
import { createLatentState, destroyLatentState, type GuidedOutput, StepKernel } from "../gpu/step-kernel.ts";
import { TorchGenerator } from "../gpu/torch-random.ts";
import { say } from "../messages.ts";
import { buildTinyDecoderGraph } from "../models/autoencoder-tiny.ts";
import { conditionShape } from "../models/condition-shape.ts";
import { buildCrossAttentionGraph } from "../models/cross-attention.ts";
import { timestepEmbedding } from "../models/embeddings.ts";
import { latentGrid } from "../models/latent-grid.ts";
import { buildUNetGraph } from "../models/unet.ts";
import { buildVaeDecoderGraph } from "../models/vae.ts";
import { withOrtFaults } from "../onnx/ort-errors.ts";
import { createSession } from "../onnx/session.ts";
import type { Condition, Phase, Picture, SamplingSettings } from "../protocol.ts";
import { noiseSequence } from "../schedulers/noise.ts";
import { createSchedule } from "../schedulers/schedule.ts";
import type { Bundle } from "../weights/bundle.ts";
import { COMPONENT_NAMES } from "../weights/layouts/component.ts";
import type { WeightFiles } from "../weights/tensors.ts";
import { ComponentPrecision, requireFinite } from "./component-precision.ts";
import { decode, type Image, toPicture } from "./picture.ts";
import { Previewer, SD_LATENT_RGB } from "./preview.ts";
import { asTensor, type Runtime } from "./runtime.ts";
import { SessionCache } from "./session-cache.ts";

export interface SampleHooks {
  readonly signal: AbortSignal;
  readonly onPhase: (phase: Phase) => void;
  readonly onStep: (step: { step: number; steps: number; secondsPerStep: number; secondsLeft: number }) => void;
  readonly onPreview: (step: number, picture: Picture) => void;
  /** For tests: the latents after each step, read back. */
  readonly onLatents?: (step: number, latents: GpuTensor) => Promise<void>;
}

export interface Sampled {
  readonly picture: Picture;
  readonly seconds: number;
  /** Mean over the steps after the first, which pays for the shaders. */
  readonly secondsPerStep: number;
}

export class DiffusionPipeline {
  private readonly unets = new SessionCache(1);
  private readonly contexts = new SessionCache(1);
  private readonly decoders = new SessionCache(1);
  private readonly previewDecoders = new SessionCache(1);
  private kernel: StepKernel | undefined;
  private readonly precision: ComponentPrecision;

  constructor(
    private readonly runtime: Runtime,
    private readonly bundle: Bundle,
    private readonly weights: WeightFiles,
  ) {
    this.precision = new ComponentPrecision(runtime, weights, bundle);
  }

  /**
   * Builds the U-Net and VAE for the model's default size, so that a broken model is noticed before the first picture.
   * @throws GraphError naming the tensor, EngineFault
   */
  async warmUp(onPhase: (phase: Phase) => void): Promise<void> {
    const { width, height, guidance_scale } = this.bundle.defaults;
    const size = this.latentSize(width, height);
    onPhase("build");
    const batch = guidance_scale > 1 ? 2 : 1;
    await this.crossAttention(batch);
    try {
      await this.unet(batch, size);
      await this.decoder(size);
    } catch (error) {
      // Smaller pictures may be drawn all the same.
      if (faultCode(error) !== "too-large") throw error;
    }
  }

  /**
   * Makes one picture; anew in float32, told as a phase, where the U-Net overflows float16.
   * @param uncondition the unconditional branch's condition; null where the guidance scale is 1
   * @param latents initial noise [1, C, h, w]; by default drawn from the seed as torch.manual_seed and torch.randn do
   */
  sample(
    condition: Condition,
    uncondition: Condition | null,
    settings: SamplingSettings,
    hooks: SampleHooks,
    latents?: Float32Array<ArrayBuffer>,
  ): Promise<Sampled> {
    return this.precision.retrying(hooks.onPhase, () => this.draw(condition, uncondition, settings, hooks, latents));
  }

  private async draw(
    condition: Condition,
    uncondition: Condition | null,
    settings: SamplingSettings,
    hooks: SampleHooks,
    latents?: Float32Array<ArrayBuffer>,
  ): Promise<Sampled> {
    const { device, ort } = this.runtime;
    const { unet: unetComponent, scheduler } = this.bundle.components;
    const { steps: count, guidanceScale, eta, seed, previewEvery } = settings;
    const rows = createSchedule(scheduler, { kind: settings.scheduler, steps: count, eta });
    const guided = guidanceScale > 1;
    if (guided && !uncondition)
      throw new EngineFault("internal", say("Guidance was asked for without its unconditional branch."));
    checkCondition(condition, conditionShape(this.bundle).rows, unetComponent.config.cross_attention_dim);
    if (guided && uncondition) checkCondition(uncondition, condition.rows, condition.dim);

    const size = this.latentSize(settings.width, settings.height);
    hooks.onPhase("build");
    const unet = await this.unet(guided ? 2 : 1, size);
    await this.decoder(size);
    const previewDecoder = previewEvery > 0 ? await this.previewDecoder(size) : null;
    hooks.signal.throwIfAborted();
    this.kernel ??= await StepKernel.create(device, "float32");
    const { kernel } = this;

    const channels = unetComponent.config.in_channels;
    const dims = [1, channels, size.height, size.width];
    const copies = guided ? 2 : 1;
    const noise = noiseSequence(dims, new TorchGenerator(seed));
    const state = createLatentState(device, "float32", dims, copies);
    const context = createGpuTensor(device, "float32", [copies, condition.rows, condition.dim], "condition");
    const output = createGpuTensor(device, "float32", [copies, ...dims.slice(1)], "model output");
    const variance = createGpuTensor(device, "float32", dims, "variance noise");
    const previewer = new Previewer(this.runtime, this.bundle, kernel, previewDecoder, dims);
    const guidedOutput: GuidedOutput = guided
      ? { kind: "batched", output, scale: guidanceScale }
      : { kind: "none", output };

    let keysAndValues: InferenceSession.ReturnType = {};
    const started = performance.now();
    const pace = new Pace(rows.length);
    try {
      writeGpuTensor(device, state.latents, latents ?? noise.next().value);
      const both = guided && uncondition ? [...uncondition.data, ...condition.data] : condition.data;
      writeGpuTensor(device, context, Float32Array.from(both));
      keysAndValues = await this.keysAndValues(context);
      kernel.prepare(state);
      hooks.onPhase("denoise");

      for (const [i, row] of rows.entries()) {
        hooks.signal.throwIfAborted();
        this.runtime.checkDevice();
        const projection = timestepEmbedding(
          [row.timestep],
          unetComponent.config.block_out_channels[0] as number,
          unetComponent.config,
        );
        await withOrtFaults(device, say("running the U-Net"), () =>
          unet.run(
            {
              sample: asTensor(ort, state.modelInput),
              timestep_projection: new ort.Tensor("float32", projection, [1, projection.length]),
              ...keysAndValues,
            },
            { noise_pred: asTensor(ort, output) },
          ),
        );
        const due = previewEvery > 0 && (i + 1) % previewEvery === 0 && i + 1 < rows.length;
        if (due) previewer.capture(state, row, guidedOutput);
        if (row.noise !== 0) writeGpuTensor(device, variance, noise.next().value);
        kernel.step(state, row, guidedOutput, row.noise !== 0 ? variance : undefined);
        // Run at most one step ahead of the device: progress stays true, and cancel takes effect within a step.
        await device.queue.onSubmittedWorkDone();
        await hooks.onLatents?.(i, state.latents);
        hooks.onStep(pace.step());
        if (due) {
          const picture = await previewer.develop();
          hooks.onPreview(i + 1, picture);
        }
      }

      hooks.signal.throwIfAborted();
      hooks.onPhase("decode");
      requireFinite(await readGpuTensor(device, state.latents), COMPONENT_NAMES.unet, unetComponent);
      const image = await this.precision.retrying(hooks.onPhase, () => this.decoded(state.latents, size));
      this.runtime.checkDevice();
      return {
        picture: toPicture(image),
        seconds: (performance.now() - started) / 1000,
        secondsPerStep: pace.secondsPerStep,
      };
    } finally {
      destroyLatentState(state);
      for (const tensor of [context, output, variance]) tensor.buffer.destroy();
      for (const tensor of Object.values(keysAndValues)) tensor.dispose();
      previewer.destroy();
    }
  }

  /** @throws Overflow where the decoder gave no numbers */
  private async decoded(latents: GpuTensor, size: { width: number; height: number }): Promise<Image> {
    const { vae } = this.bundle.components;
    const image = await decode(this.runtime, await this.decoder(size), latents);
    if (vae.type === "AutoencoderTiny") requireFinite(image.planes, COMPONENT_NAMES["tiny-vae"], vae);
    else requireFinite(image.planes, COMPONENT_NAMES.vae, null);
    return image;
  }

  private latentSize(width: number, height: number): { width: number; height: number } {
    const factor = latentGrid(this.bundle);
    if (width % factor !== 0 || height % factor !== 0) {
      throw new EngineFault(
        "bad-settings",
        say("Width and height must be multiples of {factor} for this model.", { factor }),
      );
    }
    return { width: width / factor, height: height / factor };
  }

  private async unet(batch: 1 | 2, { width, height }: { width: number; height: number }): Promise<InferenceSession> {
    const { unet } = this.bundle.components;
    const options = await this.precision.optionsFor(unet);
    return this.unets.get(`${batch}x${height}x${width} ${options.dtype}`, async () => {
      const size = { batch, height, width, tokens: conditionShape(this.bundle).rows, givenKeysAndValues: true };
      const graph = buildUNetGraph(this.weights.component(unet), unet.config, size, options);
      return createSession(this.runtime.ort, graph, {
        weights: this.weights,
        device: this.runtime.device,
        outputs: "gpu-buffer",
      });
    });
  }

  /** Of every cross-attention, for one prompt: they do not change over the steps. On the GPU, to be disposed of. */
  private async keysAndValues(context: GpuTensor): Promise<InferenceSession.ReturnType> {
    const { device, ort } = this.runtime;
    const session = await this.crossAttention(context.dims[0] as 1 | 2);
    return withOrtFaults(device, say("reading the condition"), () =>
      session.run({ encoder_hidden_states: asTensor(ort, context) }),
    );
  }

  private async crossAttention(batch: 1 | 2): Promise<InferenceSession> {
    const { unet } = this.bundle.components;
    const options = await this.precision.optionsFor(unet);
    return this.contexts.get(`${batch} ${options.dtype}`, async () => {
      const size = { batch, tokens: conditionShape(this.bundle).rows };
      const graph = buildCrossAttentionGraph(this.weights.component(unet), unet.config, size, options);
      const { ort, device } = this.runtime;
      return createSession(ort, graph, { weights: this.weights, device, outputs: "gpu-buffer" });
    });
  }

  private async decoder({ width, height }: { width: number; height: number }): Promise<InferenceSession> {
    const { vae } = this.bundle.components;
    const size = { batch: 1, height, width };
    if (vae.type === "AutoencoderTiny") return this.tinyDecoder(this.decoders, vae, size);
    return this.decoders.get(`${height}x${width}`, () => {
      // AutoencoderKL's sums are long: fp16 loses too much there.
      const options = this.runtime.graphOptions("float32");
      const graph = buildVaeDecoderGraph(this.weights.component(vae), vae.config, size, options);
      return createSession(this.runtime.ort, graph, { weights: this.weights, device: this.runtime.device });
    });
  }

  private async tinyDecoder(
    sessions: SessionCache,
    vae: NonNullable<Bundle["components"]["preview_vae"]>,
    size: { batch: number; height: number; width: number },
  ): Promise<InferenceSession> {
    const options = await this.precision.optionsFor(vae);
    return sessions.get(`${size.height}x${size.width} ${options.dtype}`, () => {
      const graph = buildTinyDecoderGraph(this.weights.component(vae), vae.config, size, options);
      return createSession(this.runtime.ort, graph, { weights: this.weights, device: this.runtime.device });
    });
  }

  /** What decodes pictures of the way; null where AutoencoderKL would be too slow and nothing else is there: then a matrix does. */
  private async previewDecoder({ width, height }: { width: number; height: number }): Promise<InferenceSession | null> {
    const { vae, preview_vae, unet } = this.bundle.components;
    if (vae.type === "AutoencoderTiny") return this.decoder({ width, height });
    if (preview_vae) return this.tinyDecoder(this.previewDecoders, preview_vae, { batch: 1, height, width });
    return unet.config.in_channels === SD_LATENT_RGB.length ? null : this.decoder({ width, height });
  }
}

function checkCondition({ rows, dim, data }: Condition, expectedRows: number, expectedDim: number): void {
  if (rows !== expectedRows || dim !== expectedDim || data.length !== rows * dim) {
    throw new EngineFault(
      "wrong-shape",
      say("The condition has shape [{rows}, {dim}], this model's U-Net reads [{expectedRows}, {expectedDim}].", {
        rows,
        dim,
        expectedRows,
        expectedDim,
      }),
    );
  }
}

/** Seconds a step by a moving average, the first step left out where there are others. */
class Pace {
  private readonly marks: number[] = [performance.now()];

  constructor(private readonly steps: number) {}

  step() {
    this.marks.push(performance.now());
    const step = this.marks.length - 1;
    const secondsPerStep = this.secondsPerStep;
    return { step, steps: this.steps, secondsPerStep, secondsLeft: secondsPerStep * (this.steps - step) };
  }

  get secondsPerStep(): number {
    const last = this.marks.length - 1;
    if (last === 0) return 0;
    const from = last > 1 ? Math.max(1, last - 8) : 0;
    return ((this.marks[last] as number) - (this.marks[from] as number)) / 1000 / (last - from);
  }
}
