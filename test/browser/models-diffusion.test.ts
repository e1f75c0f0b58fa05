/** The diffusion side's networks against diffusers: test/fixtures/{01_modules,10_autoencoder_tiny,11_unet_odd}. */
import type { Tensor } from "onnxruntime-web/webgpu";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { buildTinyDecoderGraph, buildTinyEncoderGraph } from "../../workers/models/autoencoder-tiny.ts";
import { buildControlNetGraph } from "../../workers/models/controlnet.ts";
import { timestepEmbedding } from "../../workers/models/embeddings.ts";
import { buildUNetGraph, type PassSize } from "../../workers/models/unet.ts";
import { buildVaeDecoderGraph, buildVaeEncoderGraph, type PictureBatch } from "../../workers/models/vae.ts";
import type { FloatDType, Graph, GraphOptions, TensorLocation, TensorSource } from "../../workers/onnx/graph.ts";
import { graphMemory } from "../../workers/onnx/graph-memory.ts";
import {
  AutoencoderKLConfig,
  AutoencoderTinyConfig,
  ControlNetConfig,
  UNetConfig,
} from "../../workers/weights/bundle.ts";
import { type ModuleFixture, moduleFixture, type Reference } from "../support/module-fixture.ts";
import { floats, type OpenGraph, openGraph } from "../support/open-graph.ts";
import { dtype, maxAbsError, plain, standardDeviation } from "../support/run-graph.ts";

const TOLERANCE = 5e-5;
const UNET_TOLERANCE = 2e-4;

/** A fixture with its configuration as the bundle's schema reads it. */
async function open<S extends v.GenericSchema>(schema: S, module: string, set?: string) {
  const fixture = await moduleFixture<unknown>(module, set);
  return { ...fixture, config: v.parse(schema, fixture.config) };
}

const unet = await open(UNetConfig, "unet");
const vae = await open(AutoencoderKLConfig, "vae");

type PassFixture = ModuleFixture<Pick<UNetConfig, "block_out_channels" | "flip_sin_to_cos" | "freq_shift">>;

interface Pass {
  readonly size: PassSize;
  readonly feeds: Readonly<Record<"sample" | "timestep_projection" | "encoder_hidden_states", Reference["data"]>>;
}

async function pass(fixture: PassFixture, name: string): Promise<Pass> {
  const sample = await fixture.reference(`${name}.in.sample`);
  const timestep = await fixture.reference(`${name}.in.timestep`);
  const context = await fixture.reference(`${name}.in.encoder_hidden_states`);
  const [batch, , height, width] = sample.shape as [number, number, number, number];
  const tokens = context.shape[1] as number;
  const timesteps = Array.from(timestep.data);
  const projection = timestepEmbedding(timesteps, fixture.config.block_out_channels[0] as number, fixture.config);
  return {
    size: { batch, height, width, tokens, timesteps: timesteps.length },
    feeds: { sample: sample.data, timestep_projection: projection, encoder_hidden_states: context.data },
  };
}

/** One session for all cases of a size. */
async function bySize(fixture: PassFixture): Promise<{ names: string; size: PassSize; cases: Map<string, Pass> }[]> {
  const groups = new Map<string, { size: PassSize; cases: Map<string, Pass> }>();
  for (const name of fixture.cases) {
    const one = await pass(fixture, name);
    const key = JSON.stringify(one.size);
    const group = groups.get(key) ?? { size: one.size, cases: new Map() };
    group.cases.set(name, one);
    groups.set(key, group);
  }
  return Array.from(groups.values(), (group) => ({ names: [...group.cases.keys()].join(", "), ...group }));
}

/** The layer that the fixture's name of an inner output stands for. */
function layerOf(output: string): string {
  if (output === "temb") return "time_embedding";
  return output === "mid" ? "mid_block" : output.replace(/\d+$/, "_blocks.$&");
}

/** Makes an output of what `layer` ends with: the last node that was added in it. */
function exposeLayer(g: Graph, output: string, layer: string, shape: readonly number[]): void {
  const last = g.nodes.findLast(({ name }) => name.startsWith(`${layer}.`) || name.startsWith(`${layer}/`));
  g.output(output, { name: last?.outputs[0] as string, dtype: g.dtype, shape });
}

/** Checks an output: float32 within `tolerance` (max abs), float16 within 5 % of the reference's deviation. Prints the error, for the record. */
function expectWithin(name: string, actual: Float32Array, expected: Reference, type: FloatDType, tolerance: number) {
  expect(actual.length, name).toBe(expected.data.length);
  const error = maxAbsError(actual, expected.data);
  const deviation = standardDeviation(expected.data);
  const limit = type === "float16" ? 0.05 * deviation : tolerance;
  const share = ((100 * error) / deviation).toFixed(2);
  console.info(
    `${type} ${name}: max error ${error.toExponential(2)} (${share} % of std), limit ${limit.toExponential(2)}`,
  );
  expect(error, name).toBeLessThanOrEqual(limit);
}

function batchOf({ shape }: Reference): PictureBatch {
  const [batch, , height, width] = shape as [number, number, number, number];
  return { batch, height, width };
}

async function withGraph<T>(g: Graph, fixture: ModuleFixture<unknown>, use: (graph: OpenGraph) => Promise<T>) {
  const graph = await openGraph(g, fixture.weights);
  try {
    return await use(graph);
  } finally {
    await graph.close();
  }
}

describe("U-Net", async () => {
  const inner = ["temb", "down0", "down1", "down2", "down3", "mid", "up0", "up1", "up2", "up3"];
  test.each(await bySize(unet))("$names", async ({ size, cases }) => {
    const g = buildUNetGraph(unet.tensors, unet.config, size, plain);
    const exposed = cases.has("t500") ? inner : [];
    for (const output of exposed) {
      const { shape } = await unet.reference(`t500.out.${output}`);
      exposeLayer(g, output, layerOf(output), output === "temb" ? [1, ...shape.slice(1)] : shape);
    }
    await withGraph(g, unet, async (graph) => {
      for (const [name, { feeds }] of cases) {
        const results = await graph.run(feeds);
        for (const output of ["noise_pred", ...(name === "t500" ? exposed : [])]) {
          const actual = floats(results[output]);
          const expected = await unet.reference(`${name}.out.${output}`);
          // One timestep has one embedding; the reference repeats it for every picture.
          const rows = output === "temb" ? { ...expected, data: expected.data.subarray(0, actual.length) } : expected;
          expectWithin(`unet ${name} ${output}`, actual, rows, dtype, UNET_TOLERANCE);
        }
      }
    });
  });
});

describe.each(["three_levels", "linear_projection", "one_level"])("U-Net of other dims: %s", async (module) => {
  const fixture = await open(UNetConfig, module, "11_unet_odd");
  test.each(await bySize(fixture))("$names", async ({ size, cases }) => {
    const g = buildUNetGraph(fixture.tensors, fixture.config, size, plain);
    await withGraph(g, fixture, async (graph) => {
      for (const [name, { feeds }] of cases) {
        const { noise_pred } = await graph.run(feeds);
        const expected = await fixture.reference(`${name}.out.noise_pred`);
        expectWithin(`${module} ${name}`, floats(noise_pred), expected, dtype, UNET_TOLERANCE);
      }
    });
  });
});

const odd = "11_unet_odd";
const controlNets = [
  { net: await open(ControlNetConfig, "controlnet"), base: unet, of: "SD 1.5's levels" },
  { net: await open(ControlNetConfig, "controlnet", odd), base: await open(UNetConfig, "three_levels", odd), of: odd },
];

describe.each(controlNets)("ControlNet and the U-Net with its residuals, $of", async ({ net, base, of }) => {
  test.each(await bySize(net))("$names", async ({ size, cases }) => {
    const residuals = new Map<string, Record<string, Tensor>>();
    await withGraph(buildControlNetGraph(net.tensors, net.config, size, plain), net, async (graph) => {
      for (const [name, { feeds }] of cases) {
        const { data: controlnet_cond } = await net.reference(`${name}.in.controlnet_cond`);
        const { data: conditioning_scale } = await net.reference(`${name}.in.conditioning_scale`);
        const results = await graph.run({ ...feeds, controlnet_cond, conditioning_scale });
        for (const [output, tensor] of Object.entries(results)) {
          const index = output.split(".")[1];
          const key = index === undefined ? "mid" : `down${index.padStart(2, "0")}`;
          const expected = await net.reference(`${name}.out.${key}`);
          expectWithin(`controlnet ${of} ${name} ${key}`, floats(tensor), expected, dtype, UNET_TOLERANCE);
        }
        residuals.set(name, results);
      }
    });
    const withResiduals = buildUNetGraph(base.tensors, base.config, { ...size, controlNet: true }, plain);
    await withGraph(withResiduals, base, async (graph) => {
      for (const [name, { feeds }] of cases) {
        const { noise_pred } = await graph.run({ ...feeds, ...residuals.get(name) });
        const expected = await net.reference(`${name}.out.noise_pred`);
        expectWithin(`controlnet ${of} ${name} noise_pred`, floats(noise_pred), expected, dtype, UNET_TOLERANCE);
      }
    });
  });
});

/** Files of before diffusers 0.18 name the attention's layers so, some with 1×1 convolutions for linear layers. */
const OLD_NAMES = { "to_out.0": "proj_attn", to_q: "query", to_k: "key", to_v: "value" };
function oldNames(tensors: TensorSource): TensorSource {
  const renamed = new Map(
    Array.from(tensors.names(), (name) => {
      const location = tensors.get(name) as TensorLocation;
      const part = Object.keys(OLD_NAMES).find((key) => name.includes(`.attentions.0.${key}.`));
      if (!part) return [name, location];
      const shape = location.shape.length === 2 ? [...location.shape, 1, 1] : location.shape;
      return [name.replace(part, OLD_NAMES[part as keyof typeof OLD_NAMES]), { ...location, shape }];
    }),
  );
  return { get: (name) => renamed.get(name), names: () => renamed.keys() };
}

/** In float32 on every device, as the engine runs it: in float16 these pictures were off by up to 7 % of their deviation. */
describe("VAE", () => {
  const options: GraphOptions = { ...plain, dtype: "float32" };
  const check = (name: string, actual: Float32Array, expected: Reference) =>
    expectWithin(`vae ${name}`, actual, expected, "float32", TOLERANCE);

  test.each([
    { name: "dec_b2", tensors: vae.tensors, share: 1, strips: 1 },
    { name: "dec_nonsquare", tensors: oldNames(vae.tensors), share: 1, strips: 1 },
    { name: "dec_nonsquare", tensors: vae.tensors, share: 0.43, strips: 4 },
  ])("$name in $strips strips, buffers limited to $share of the largest", async ({ name, tensors, share, strips }) => {
    const latents = await vae.reference(`${name}.in.latents`);
    const whole = buildVaeDecoderGraph(tensors, vae.config, batchOf(latents), options);
    const maxBufferBytes = Math.floor(graphMemory(whole).largestBuffer * share);
    const g = buildVaeDecoderGraph(tensors, vae.config, batchOf(latents), { ...options, maxBufferBytes });
    expect(g.nodes.filter(({ name }) => name.includes("decoder.conv_out/Conv_"))).toHaveLength(strips);
    await withGraph(g, vae, async (graph) => {
      const { image: picture } = await graph.run({ latents: latents.data });
      const clamped = floats(picture).map((x) => Math.min(Math.max(x, 0), 1));
      check(`${name} image01`, clamped, await vae.reference(`${name}.out.image01`));
      // The reference's `image` is decode(latents) with no scaling, in [-1, 1].
      const scaled = Float32Array.from(latents.data, (x) => x * vae.config.scaling_factor);
      const { image } = await graph.run({ latents: scaled });
      const signed = floats(image).map((x) => x * 2 - 1);
      check(`${name} image`, signed, await vae.reference(`${name}.out.image`));
    });
  });

  test.each(["enc_b2", "enc_nonsquare"])("%s", async (name) => {
    const image = await vae.reference(`${name}.in.image`);
    const g = buildVaeEncoderGraph(vae.tensors, vae.config, batchOf(image), options);
    await withGraph(g, vae, async (graph) => {
      const { mean, logvar, latents } = await graph.run({ image: Float32Array.from(image.data, (x) => (x + 1) / 2) });
      check(`${name} mean`, floats(mean), await vae.reference(`${name}.out.mean`));
      check(`${name} logvar`, floats(logvar), await vae.reference(`${name}.out.logvar`));
      check(`${name} latents`, floats(latents), await vae.reference(`${name}.out.mode_scaled`));
    });
  });
});

describe.each(["taef2", "taesd"])("AutoencoderTiny: %s", async (module) => {
  const fixture = await open(AutoencoderTinyConfig, module, "10_autoencoder_tiny");
  test.each(fixture.cases)("%s", async (name) => {
    const [build, input, output] = name.startsWith("dec")
      ? ([buildTinyDecoderGraph, "latents", "image"] as const)
      : ([buildTinyEncoderGraph, "image", "latents"] as const);
    const given = await fixture.reference(`${name}.in.${input}`);
    const g = build(fixture.tensors, fixture.config, batchOf(given), plain);
    await withGraph(g, fixture, async (graph) => {
      const results = await graph.run({ [input]: given.data });
      const expected = await fixture.reference(`${name}.out.${output}`);
      expectWithin(`${module} ${name}`, floats(results[output]), expected, dtype, TOLERANCE);
    });
  });
});
