/** The picture as the model foresees it in the middle of a run: its predicted x_0, decoded cheaply. */
import type { InferenceSession } from "onnxruntime-web/webgpu";
import { type GpuTensor, readGpuTensor } from "../gpu/gpu-tensor.ts";
import {
  createLatentState,
  destroyLatentState,
  type GuidedOutput,
  type LatentState,
  type StepKernel,
} from "../gpu/step-kernel.ts";
import type { Picture } from "../protocol.ts";
import { alphasCumprod, noiseLevel, predictedOriginalSample } from "../schedulers/noise-schedule.ts";
import { historyCoefficients, type SchedulerRow } from "../schedulers/scheduler-row.ts";
import type { Bundle } from "../weights/bundle.ts";
import { COMPONENT_NAMES } from "../weights/layouts/component.ts";
import { allFinite, requireFinite } from "./component-precision.ts";
import { decode, toPicture } from "./picture.ts";
import type { Runtime } from "./runtime.ts";

/** SD 1.x latents (scaled) to RGB in -1..1, fitted by the community: one row a channel. */
export const SD_LATENT_RGB = [
  [0.3512, 0.2297, 0.3227],
  [0.325, 0.4974, 0.235],
  [-0.2829, 0.1762, 0.2721],
  [-0.212, -0.2616, -0.7177],
] as const;

export class Previewer {
  private readonly scratch: LatentState;
  private readonly alphas: Float64Array;

  /** @param decoder null: by a matrix, at the size of the latents, which have SD's four channels */
  constructor(
    private readonly runtime: Runtime,
    private readonly bundle: Bundle,
    private readonly kernel: StepKernel,
    private readonly decoder: InferenceSession | null,
    dims: readonly number[],
  ) {
    this.scratch = createLatentState(runtime.device, "float32", dims, 1);
    this.alphas = alphasCumprod(bundle.components.scheduler);
  }

  /** Computes x_0 from the latents and the model's output of this step; to be called before the step changes them. */
  capture(state: LatentState, row: SchedulerRow, output: GuidedOutput): void {
    const { device } = this.runtime;
    const encoder = device.createCommandEncoder();
    const source = state.latents.buffer;
    encoder.copyBufferToBuffer(source, 0, this.scratch.latents.buffer, 0, source.size);
    device.queue.submit([encoder.finish()]);
    const level = noiseLevel(this.alphas[row.timestep] as number);
    const combination = predictedOriginalSample(this.bundle.components.scheduler, level);
    const toOriginal = {
      timestep: row.timestep,
      ...combination,
      history: historyCoefficients(),
      noise: 0,
      store: null,
    };
    this.kernel.step(this.scratch, toOriginal, output);
  }

  /**
   * The captured x_0 as a picture.
   * @throws Overflow where the U-Net gave no numbers
   */
  async develop(): Promise<Picture> {
    const { latents } = this.scratch;
    const image = this.decoder && (await decode(this.runtime, this.decoder, latents));
    if (image && allFinite(image.planes)) return toPicture(image);
    const values = await readGpuTensor(this.runtime.device, latents);
    requireFinite(values, COMPONENT_NAMES.unet, this.bundle.components.unet);
    // A preview that its decoder makes nothing of is none the worse for the picture.
    return image ? toPicture(image) : latentsToRgb(values, latents);
  }

  destroy(): void {
    destroyLatentState(this.scratch);
  }
}

function latentsToRgb(values: Float32Array, { dims }: GpuTensor): Picture {
  const [, , height, width] = dims as readonly [number, number, number, number];
  const size = width * height;
  const planes = new Float32Array(3 * size);
  SD_LATENT_RGB.forEach((rgb, channel) => {
    rgb.forEach((weight, c) => {
      for (let i = 0; i < size; i++) {
        planes[c * size + i] = (planes[c * size + i] as number) + (weight / 2) * (values[channel * size + i] as number);
      }
    });
  });
  return toPicture({ planes: planes.map((value) => value + 0.5), width, height });
}
