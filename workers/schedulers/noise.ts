import { randnTensor, type TorchGenerator } from "../gpu/torch-random.ts";

/**
 * All noise of one run in the order in which diffusers' pipelines draw it from the same generator: first the initial
 * latents, then for each step with eta above 0 its variance noise (scheduling_ddim.py). Without end; each a fresh
 * row-major array of `shape` in float32.
 *
 * @param shape [batch, channels, height, width] of the latents.
 * @param generator one for the whole batch, or one a picture.
 */
export function* noiseSequence(
  shape: readonly number[],
  generator: TorchGenerator | readonly TorchGenerator[],
): Generator<Float32Array<ArrayBuffer>, never> {
  for (;;) yield randnTensor(shape, generator);
}
