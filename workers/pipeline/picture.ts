import type { InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import type { GpuTensor } from "../gpu/gpu-tensor.ts";
import { say } from "../messages.ts";
import { withOrtFaults } from "../onnx/ort-errors.ts";
import type { Picture } from "../protocol.ts";
import { asTensor, type Runtime } from "./runtime.ts";

/** Latents [1, C, h, w] on the GPU -> [1, 3, H, W] float32 around 0..1, by a decoder's session. */
export async function decode(runtime: Runtime, decoder: InferenceSession, latents: GpuTensor): Promise<Image> {
  const { image } = await withOrtFaults(runtime.device, say("decoding the picture"), () =>
    decoder.run({ latents: asTensor(runtime.ort, latents) }),
  );
  const { dims, data } = image as Tensor;
  const [, , height, width] = dims as readonly [number, number, number, number];
  return { planes: data as Float32Array, width, height };
}

/** Three planes of `width * height` values, red first. */
export interface Image {
  readonly planes: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/** Values in 0..1 -> opaque RGBA: clamped, times 255, rounded to nearest as diffusers does. */
export function toPicture({ planes, width, height }: Image): Picture {
  const size = width * height;
  // A Uint8ClampedArray clamps and rounds to nearest, ties to even, as numpy's round does; NaN becomes 0.
  const data = new Uint8ClampedArray(size * 4).fill(255);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) data[i * 4 + c] = (planes[c * size + i] as number) * 255;
  }
  return { width, height, data };
}
