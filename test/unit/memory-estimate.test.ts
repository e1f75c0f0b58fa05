import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { GraphOptions } from "../../workers/onnx/graph.ts";
import { estimateMemory } from "../../workers/pipeline/memory-estimate.ts";
import { isKosmosG, type TextToImageBundle } from "../../workers/weights/bundle.ts";
import { parseBundle } from "../../workers/weights/parse-bundle.ts";
import { SD15_SCHEDULER } from "../../workers/weights/sd15-scheduler.ts";
import { sd15UNetConfig } from "../bench/random-unet.ts";
import { SD15_TEXT } from "../support/sd15-text.ts";
import { SD15_VAE } from "../support/sd15-vae.ts";

const component = { files: ["model.safetensors"], prefix: "" };
const SIDES = [256, 384, 512, 768];

/** Stable Diffusion 1.5 as it is published. */
const sd15: TextToImageBundle = {
  version: 1,
  id: "sd15",
  name: "SD 1.5",
  description: "",
  license: "",
  provenance: "",
  files: {},
  components: {
    text_encoder: {
      ...component,
      config: SD15_TEXT,
    },
    tokenizer: { merges: "merges.txt" },
    unet: {
      ...component,
      config: sd15UNetConfig("full"),
    },
    vae: {
      type: "AutoencoderKL",
      ...component,
      config: SD15_VAE,
    },
    scheduler: SD15_SCHEDULER,
  },
  defaults: { steps: 25, guidance_scale: 7.5, scheduler: "dpmsolver++", width: 512, height: 512 },
  sizes: SIDES.flatMap((height) => SIDES.map((width) => ({ width, height }))),
};

const device = (dtype: GraphOptions["dtype"], megabytes: number): GraphOptions => ({
  dtype,
  attention: "plain",
  maxBufferBytes: megabytes * 2 ** 20,
});
const square = (side: number) => ({ width: side, height: side, guided: true });

test("the published sizes: 2 bytes a parameter, the decoder's 4, no table of tokens", () => {
  const { weights } = estimateMemory(sd15, square(256), device("float16", 2048)).estimate;
  const unet = 859_520_964;
  const decoder = 49_490_199;
  const textEncoder = 123_060_480 - 49408 * 768;
  const rest = weights - 2 * (unet + textEncoder) - 4 * decoder;
  // Biases of convolutions that add up in float32.
  expect(rest).toBeGreaterThanOrEqual(0);
  expect(rest).toBeLessThan(200_000);
});

test("a larger picture takes more, half the precision less", () => {
  const at = (side: number, dtype: GraphOptions["dtype"]) =>
    estimateMemory(sd15, square(side), device(dtype, 2048)).estimate.activations;
  expect(at(384, "float16")).toBeGreaterThan(at(256, "float16"));
  expect(at(256, "float16")).toBeLessThanOrEqual(at(256, "float32"));
});

test("a network that is computed in float32 on a float16 device takes what it takes on a float32 device", () => {
  const takes = (inFloat32: string[]) =>
    estimateMemory(sd15, square(256), device("float16", 2048), new Set(inFloat32)).estimate.weights;
  const unet = takes(["unet"]) - takes([]);
  expect(unet / (2 * 859_520_964)).toBeCloseTo(1, 3);
  const all = estimateMemory(sd15, square(256), device("float32", 2048)).estimate.weights;
  expect(takes(["unet", "text_encoder"])).toBe(all);
});

test("a GPT in 4-bit blocks takes half a byte a number and two bytes a block", () => {
  const mini = parseBundle(JSON.parse(readFileSync("public/models/mini/model.json", "utf8")), "mini");
  if (!isKosmosG(mini)) throw new Error("reads words alone");
  const { gpt } = mini.components;
  const packed = { ...gpt, four_bit: { relative_error: 0.08, fp16_bytes: 1 } };
  const inBlocks = { ...mini, components: { ...mini.components, gpt: packed } };
  const { embed_dim: width, ffn, layers } = gpt.config;
  const numbers = layers * (4 * width ** 2 + 2 * width * ffn);
  for (const [dtype, bytes] of [
    ["float16", 2],
    ["float32", 4],
  ] as const) {
    const weights = (bundle: typeof mini) => estimateMemory(bundle, square(256), device(dtype, 2048)).estimate.weights;
    expect(weights(mini) - weights(inBlocks)).toBe(numbers * (bytes - 1 / 2 - bytes / 32));
  }
});

test("what does not fit is told beforehand, and what would", () => {
  const at = (megabytes: number) => {
    const { estimate, instead } = estimateMemory(sd15, square(768), device("float32", megabytes));
    return { fits: estimate.largestBuffer <= estimate.bufferLimit, instead };
  };
  expect(at(128)).toEqual({ fits: false, instead: { width: 512, height: 512 } });
  expect(at(2048)).toEqual({ fits: true, instead: null });
  // A weight alone is larger than that.
  expect(at(64)).toEqual({ fits: false, instead: null });
}, 60_000);
