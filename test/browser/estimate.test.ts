import { afterAll, expect, test } from "vitest";
import { type Bundle, createEngine } from "../../src/engine/index.ts";

const engine = createEngine({ wasmPaths: "unused/" });
afterAll(() => engine.dispose());

test("what a picture takes is known before a model is loaded, and what fits where it does not", async () => {
  const bundle: Bundle = await (await fetch("/models/mini/model.json")).json();
  const { width, height } = bundle.defaults;
  const small = await engine.estimate(bundle, { width, height, guided: true });
  expect(small.estimate.largestBuffer).toBeLessThanOrEqual(small.estimate.bufferLimit);
  expect(small.instead).toBeNull();
  // 256 times the picture: software adapters bind no such buffers.
  const large = await engine.estimate(bundle, { width: width * 16, height: height * 16, guided: true });
  expect(large.estimate.activations).toBeGreaterThan(small.estimate.activations);
  const fits = large.estimate.largestBuffer <= large.estimate.bufferLimit;
  expect(large.instead).toEqual(fits ? null : { width, height });
});
