/** The diffusion side's graphs as graphs: what they read, what they ask for and how they refuse. Their numbers: test/browser/models-diffusion.test.ts. */
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { buildTinyDecoderGraph, buildTinyEncoderGraph } from "../../workers/models/autoencoder-tiny.ts";
import { buildControlNetGraph } from "../../workers/models/controlnet.ts";
import { buildCrossAttentionGraph, crossAttentionLayers } from "../../workers/models/cross-attention.ts";
import { timestepEmbedding } from "../../workers/models/embeddings.ts";
import { buildUNetGraph } from "../../workers/models/unet.ts";
import { buildVaeDecoderGraph, buildVaeEncoderGraph } from "../../workers/models/vae.ts";
import type { Graph, GraphOptions, TensorSource } from "../../workers/onnx/graph.ts";
import {
  AutoencoderKLConfig,
  AutoencoderTinyConfig,
  ControlNetConfig,
  UNetConfig,
} from "../../workers/weights/bundle.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { fixtureBlob, fixtureJson } from "../support/fixtures.node.ts";

const options: GraphOptions = { dtype: "float16", attention: "plain", maxBufferBytes: 128 << 20 };

async function fixture<S extends v.GenericSchema>(schema: S, folder: string) {
  const file = "weights.safetensors";
  const weights = await WeightFiles.open({ files: { [file]: await fixtureBlob(`${folder}/${file}`) } });
  const config: v.InferOutput<S> = v.parse(schema, await fixtureJson(`${folder}/config.json`));
  return { config, tensors: weights.component({ files: [file], prefix: "" }) };
}

const unet = await fixture(UNetConfig, "01_modules/unet");
const oddUNet = await fixture(UNetConfig, "11_unet_odd/three_levels");
const controlNet = await fixture(ControlNetConfig, "01_modules/controlnet");
const vae = await fixture(AutoencoderKLConfig, "01_modules/vae");
const taef2 = await fixture(AutoencoderTinyConfig, "10_autoencoder_tiny/taef2");
const taesd = await fixture(AutoencoderTinyConfig, "10_autoencoder_tiny/taesd");

const size = { batch: 2, height: 8, width: 8, tokens: 10 };
const pictures = { batch: 1, height: 16, width: 16 };

const ports = (g: Graph) => ({
  inputs: Object.fromEntries(g.inputs.map(({ name, shape, dtype }) => [name, `${dtype} ${shape}`])),
  outputs: Object.fromEntries(g.outputs.map(({ name, value }) => [name, `${value.dtype} ${value.shape}`])),
});

/** `source` without, or with another shape of, one tensor. */
function changed(source: TensorSource, name: string, shape?: readonly number[]): TensorSource {
  const get = (asked: string) => {
    const location = source.get(asked);
    if (asked !== name || !location) return location;
    return shape && { ...location, shape };
  };
  return { get, names: () => source.names() };
}

const graphs: Record<string, { tensors: TensorSource; built: Graph[] }> = {
  "U-Net": { tensors: unet.tensors, built: [buildUNetGraph(unet.tensors, unet.config, size, options)] },
  "U-Net of other dims": {
    tensors: oddUNet.tensors,
    built: [buildUNetGraph(oddUNet.tensors, oddUNet.config, size, options)],
  },
  ControlNet: {
    tensors: controlNet.tensors,
    built: [buildControlNetGraph(controlNet.tensors, controlNet.config, size, options)],
  },
  VAE: {
    tensors: vae.tensors,
    built: [
      buildVaeDecoderGraph(vae.tensors, vae.config, pictures, options),
      buildVaeEncoderGraph(vae.tensors, vae.config, pictures, options),
    ],
  },
  TAEF2: {
    tensors: taef2.tensors,
    built: [
      buildTinyDecoderGraph(taef2.tensors, taef2.config, pictures, options),
      buildTinyEncoderGraph(taef2.tensors, taef2.config, pictures, options),
    ],
  },
  "TAESD under diffusers' names": {
    tensors: taesd.tensors,
    built: [
      buildTinyDecoderGraph(taesd.tensors, taesd.config, pictures, options),
      buildTinyEncoderGraph(taesd.tensors, taesd.config, pictures, options),
    ],
  },
};

test.each(Object.entries(graphs))("%s reads every tensor of its checkpoint", (_, { tensors, built }) => {
  const weights = built.flatMap((g) => [...g.initializers.values()].filter((i) => i.kind === "weight"));
  const read = new Set(weights.map(({ location }) => location.offset));
  expect([...tensors.names()].filter((name) => !read.has(tensors.get(name)?.offset as number))).toEqual([]);
});

describe("inputs and outputs", () => {
  test("latents, conditions and predictions are float32 in a float16 graph", () => {
    const g = buildUNetGraph(unet.tensors, unet.config, { ...size, timesteps: 2 }, options);
    expect(ports(g)).toEqual({
      inputs: {
        sample: "float32 2,4,8,8",
        timestep_projection: "float32 2,32",
        encoder_hidden_states: "float32 2,10,48",
      },
      outputs: { noise_pred: "float32 2,4,8,8" },
    });
  });

  test("what a ControlNet gives is what a U-Net takes, odd sides too", () => {
    const odd = { ...size, height: 7, width: 5 };
    const given = ports(buildControlNetGraph(controlNet.tensors, controlNet.config, odd, options));
    const taken = ports(buildUNetGraph(unet.tensors, unet.config, { ...odd, controlNet: true }, options));
    expect(Object.keys(given.outputs)).toHaveLength(13);
    expect(taken.inputs).toMatchObject(given.outputs);
    expect(given.inputs).toMatchObject({ controlnet_cond: "float32 2,3,56,40", conditioning_scale: "float32 1" });
    expect(taken.outputs).toEqual({ noise_pred: "float32 2,4,7,5" });
  });

  test("the keys and values that one graph gives are what the other takes, and no weight is read twice", () => {
    const given = buildCrossAttentionGraph(unet.tensors, unet.config, { batch: 2, tokens: 10 }, options);
    const taken = buildUNetGraph(unet.tensors, unet.config, { ...size, givenKeysAndValues: true }, options);
    const { sample, timestep_projection, ...keysAndValues } = ports(taken).inputs;
    expect(keysAndValues).toEqual(ports(given).outputs);
    expect(Object.keys(keysAndValues).length).toBe(2 * crossAttentionLayers(unet.config).length);
    const weights = (g: Graph) =>
      [...g.initializers.values()].filter((i) => i.kind === "weight").map((i) => i.value.name);
    const both = [...weights(given), ...weights(taken)];
    expect(new Set(both).size).toBe(both.length);
    expect(both.toSorted()).toEqual(weights(buildUNetGraph(unet.tensors, unet.config, size, options)).toSorted());
  });

  test("latents folded 2 x 2 unfold before the small decoder", () => {
    const g = buildTinyDecoderGraph(taef2.tensors, taef2.config, { batch: 1, height: 3, width: 5 }, options);
    expect(ports(g)).toEqual({ inputs: { latents: "float32 1,24,3,5" }, outputs: { image: "float32 1,3,48,80" } });
  });
});

describe("a GraphError names the layer and what is wrong with it", () => {
  const build = (tensors: TensorSource, config: Partial<UNetConfig> = {}) =>
    buildUNetGraph(tensors, { ...unet.config, ...config }, size, options);

  test("a missing tensor", () => {
    const name = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight";
    expect(() => build(changed(unet.tensors, name))).toThrow(
      expect.objectContaining({ name: "GraphError", code: "missing-tensor", message: expect.stringContaining(name) }),
    );
  });

  test("a tensor of another shape", () => {
    const tensors = changed(unet.tensors, "up_blocks.2.resnets.0.conv1.weight", [64, 64, 3, 3]);
    expect(() => build(tensors)).toThrow(/up_blocks\.2\.resnets\.0\.conv1: .*\[64,64,3,3\].*\[64,128,3,3\]/);
  });

  test("heads that do not divide the width", () => {
    expect(() => build(unet.tensors, { attention_head_dim: 5 })).toThrow(
      /down_blocks\.0\.attentions\.0\.transformer_blocks\.0\.attn1: 5 attention heads/,
    );
  });

  test("groups that do not divide the width", () => {
    expect(() => build(unet.tensors, { norm_num_groups: 7 })).toThrow(/down_blocks\.0\.resnets\.0: 32 channels/);
  });

  test("block lists of different lengths", () => {
    const { down_block_types, up_block_types } = unet.config;
    expect(() => build(unet.tensors, { up_block_types: up_block_types.slice(1) })).toThrow(/3 up_block_types for 4/);
    expect(() => build(unet.tensors, { down_block_types: down_block_types.slice(1) })).toThrow(/3 down_block_types/);
    expect(() => build(unet.tensors, { attention_head_dim: [4, 4] })).toThrow(/2 entries, level 2 has none/);
  });

  test("timesteps that are neither one nor one a picture", () => {
    expect(() => buildUNetGraph(unet.tensors, unet.config, { ...size, timesteps: 3 }, options)).toThrow(/3 timesteps/);
  });

  test("latent statistics of another length", () => {
    const config = { ...taef2.config, latents_mean: [0, 0] };
    expect(() => buildTinyDecoderGraph(taef2.tensors, config, pictures, options)).toThrow(/2 .* for 6 channels/);
  });

  test("a picture that does not divide into latents", () => {
    const odd = { batch: 1, height: 24, width: 16 };
    expect(() => buildTinyEncoderGraph(taef2.tensors, taef2.config, odd, options)).toThrow(/cannot reshape/);
  });
});

describe("timestepEmbedding", () => {
  const sd = { flip_sin_to_cos: true, freq_shift: 0 };

  test("is diffusers' get_timestep_embedding", () => {
    // torch.float64: cos and sin of 981 * 10000 ** -(0, 0.25, 0.5, 0.75).
    const angles = [981, 98.1, 9.81, 0.981];
    const expected = [...angles.map(Math.cos), ...angles.map(Math.sin)];
    for (const [i, value] of timestepEmbedding([981], 8, sd).entries())
      expect(value).toBeCloseTo(expected[i] as number, 7);
  });

  test("order, frequency shift and one row a timestep", () => {
    const rows = timestepEmbedding([0, 2], 4, { flip_sin_to_cos: false, freq_shift: 1 });
    const expected = [0, 0, 1, 1, Math.sin(2), Math.sin(2e-4), Math.cos(2), Math.cos(2e-4)];
    expect(rows).toEqual(Float32Array.from(expected));
  });

  test("an odd width ends in a zero", () => {
    expect(Array.from(timestepEmbedding([7], 5, sd)).at(-1)).toBe(0);
  });
});
