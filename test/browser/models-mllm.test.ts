import { describe, test } from "vitest";
import { aligner, buildAlignerGraph } from "../../workers/models/aligner.ts";
import { buildClipTextGraph, pooledRow } from "../../workers/models/clip-text.ts";
import { buildClipVisionGraph, clipVision } from "../../workers/models/clip-vision.ts";
import { buildMllmGraph, mllm, sinusoidalPositions } from "../../workers/models/mllm.ts";
import { buildResamplerGraph, resampler } from "../../workers/models/resampler.ts";
import { Graph, type GraphOptions, type Value } from "../../workers/onnx/graph.ts";
import { cast } from "../../workers/onnx/ops.ts";
import type {
  AlignerConfig,
  ClipTextConfig,
  ClipVisionConfig,
  GptConfig,
  ResamplerConfig,
} from "../../workers/weights/bundle.ts";
import { type ModuleFixture, moduleFixture, type Reference } from "../support/module-fixture.ts";
import { precision } from "../support/precision.ts";
import { expectClose, plain, runGraph } from "../support/run-graph.ts";

const clip = await moduleFixture<ClipVisionConfig>("clip");
const connector = await moduleFixture<ResamplerConfig & { n_tokens: number }>("resampler");
const gpt = await moduleFixture<GptConfig>("gpt");
const alignerNet = await moduleFixture<AlignerConfig>("aligner");
const clipTextModel = await moduleFixture<ClipTextConfig>("clip_text");

describe("the engine's graphs", () => {
  test.each(clip.cases)("CLIP vision, %s", async (name) => {
    const image = await clip.reference(`${name}.in.image`);
    const g = buildClipVisionGraph(clip.tensors, clip.config, { images: image.shape[0] as number }, plain);
    const { tokens } = await runGraph(g, clip.weights, { pixel_values: image.data });
    expectClose(`clip ${name} tokens`, tokens, await clip.reference(`${name}.out.tokens`));
  });

  test.each(connector.cases)("resampler, %s", async (name) => {
    const input = await connector.reference(`${name}.in.tokens`);
    const size = { images: input.shape[0] as number, tokens: connector.config.n_tokens };
    const g = buildResamplerGraph(connector.tensors, connector.config, size, plain);
    const { features } = await runGraph(g, connector.weights, { tokens: input.data });
    expectClose(`resampler ${name}`, features, await connector.reference(`${name}.out.out`));
  });

  test.each(gpt.cases)("GPT, %s", async (name) => {
    const { size, feeds } = await gptInputs(name);
    const { hidden } = await runGraph(buildMllmGraph(gpt.tensors, gpt.config, size, plain), gpt.weights, feeds);
    expectClose(`gpt ${name} hidden`, hidden, await gpt.reference(`${name}.out.hidden`));
  });

  test.each(alignerNet.cases)("AlignerNet, %s", async (name) => {
    const { size, feeds } = await alignerInputs(name);
    const g = buildAlignerGraph(alignerNet.tensors, alignerNet.config, size, plain);
    const { condition } = await runGraph(g, alignerNet.weights, feeds);
    expectClose(`aligner ${name} condition`, condition, await alignerNet.reference(`${name}.out.condition`));
  });

  test.each(clipTextModel.cases)("CLIP text, %s", async (name) => {
    const ids = await clipTextModel.reference(`${name}.in.input_ids`);
    const [batch, tokens] = ids.shape as [number, number];
    const g = buildClipTextGraph(clipTextModel.tensors, clipTextModel.config, { batch, tokens }, plain);
    const { last_hidden_state } = await runGraph(g, clipTextModel.weights, { input_ids: ids.data });
    expectClose(`clip_text ${name}`, last_hidden_state, await clipTextModel.reference(`${name}.out.last_hidden_state`));
    const width = clipTextModel.config.hidden_size;
    const pooled = new Float32Array(batch * width);
    for (let b = 0; b < batch; b++) {
      const row = b * tokens + pooledRow(ids.data.subarray(b * tokens, (b + 1) * tokens));
      pooled.set((last_hidden_state as Float32Array).subarray(row * width, (row + 1) * width), b * width);
    }
    expectClose(`clip_text ${name} pooled`, pooled, await clipTextModel.reference(`${name}.out.pooled`));
  });
});

/** Hardly more than one row of scores: attention comes in pieces of every kind. */
const cutSmall: GraphOptions = { ...plain, maxBufferBytes: 256 };

describe("layer by layer, attention cut into small pieces", () => {
  test.each(clip.cases)("CLIP vision, %s", async (name) => {
    const image = await clip.reference(`${name}.in.image`);
    const g = new Graph("clip", clip.tensors, cutSmall);
    const input = cast(g, g.input("pixel_values", "float32", image.shape), g.dtype);
    const { lnPost, tokens } = clipVision(g, input, clip.config);
    await expectAll(clip, name, g, { ln_post: lnPost, tokens }, { pixel_values: image.data });
  });

  test.each(connector.cases)("resampler, %s", async (name) => {
    const tokens = await connector.reference(`${name}.in.tokens`);
    const g = new Graph("resampler", connector.tensors, cutSmall);
    const input = cast(g, g.input("tokens", "float32", tokens.shape), g.dtype);
    await expectAll(connector, name, g, { out: resampler(g, input, connector.config) }, { tokens: tokens.data });
  });

  test.each(gpt.cases)("GPT, %s", async (name) => {
    const { size, feeds } = await gptInputs(name);
    const g = new Graph("gpt", gpt.tensors, cutSmall);
    const shape = [size.batch, size.tokens, gpt.config.embed_dim];
    const inputs = [g.input("embeddings", "float32", shape), g.input("positions", "float32", shape)] as const;
    const { embed, layers, hidden } = mllm(g, ...inputs, gpt.config);
    const numbered = Object.fromEntries(layers.map((layer, i) => [`layer${i}`, layer]));
    await expectAll(gpt, name, g, { embed, ...numbered, hidden }, feeds);
  });

  test.each(alignerNet.cases)("AlignerNet, %s", async (name) => {
    const { size, feeds } = await alignerInputs(name);
    const g = new Graph("aligner", alignerNet.tensors, cutSmall);
    const hidden = cast(g, g.input("hidden", "float32", [size.batch, size.tokens, alignerNet.config.in_dim]), g.dtype);
    const paddingMask = cast(g, g.input("padding_mask", "float32", [size.batch, size.tokens]), g.dtype);
    const { encoderEmbedding, encoderOut, condition } = aligner(g, hidden, paddingMask, alignerNet.config);
    const values = { encoder_embedding: encoderEmbedding, encoder_out: encoderOut, condition };
    await expectAll(alignerNet, name, g, values, feeds);
  });
});

/** Where the self-test of attention.test.ts finds the fused kernel right: on the fp32 adapter, without subgroups. */
if (precision === "fp32")
  describe("with fused attention", () => {
    const fused: GraphOptions = { ...plain, attention: "fused" };

    test("CLIP vision", async () => {
      const image = await clip.reference("b3.in.image");
      const g = buildClipVisionGraph(clip.tensors, clip.config, { images: 3 }, fused);
      const { tokens } = await runGraph(g, clip.weights, { pixel_values: image.data });
      expectClose("clip b3 tokens (fused)", tokens, await clip.reference("b3.out.tokens"));
    });

    test("GPT, causal", async () => {
      const { size, feeds } = await gptInputs("batch_pad");
      const { hidden } = await runGraph(buildMllmGraph(gpt.tensors, gpt.config, size, fused), gpt.weights, feeds);
      expectClose("gpt batch_pad hidden (fused)", hidden, await gpt.reference("batch_pad.out.hidden"));
    });

    test("AlignerNet, with pads", async () => {
      const { size, feeds } = await alignerInputs("batch_pad");
      const g = buildAlignerGraph(alignerNet.tensors, alignerNet.config, size, fused);
      const { condition } = await runGraph(g, alignerNet.weights, feeds);
      expectClose("aligner batch_pad (fused)", condition, await alignerNet.reference("batch_pad.out.condition"));
    });
  });

/** Runs `g` and checks every value against the case's output of the same name. */
async function expectAll(
  fixture: ModuleFixture<unknown>,
  name: string,
  g: Graph,
  values: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Reference["data"]>>,
): Promise<void> {
  for (const [key, value] of Object.entries(values)) g.output(key, cast(g, value, "float32"));
  const results = await runGraph(g, fixture.weights, feeds);
  for (const key of Object.keys(values)) {
    expectClose(`${g.name} ${name} ${key} (cut)`, results[key], await fixture.reference(`${name}.out.${key}`));
  }
}

async function alignerInputs(name: string) {
  const hidden = await alignerNet.reference(`${name}.in.condition`);
  const paddingMask = await alignerNet.reference(`${name}.in.padding_mask`);
  const [batch, tokens] = hidden.shape as [number, number];
  return { size: { batch, tokens }, feeds: { hidden: hidden.data, padding_mask: paddingMask.data } };
}

/** Token rows from the table in the file, image features in their slots in reading order, and positions. */
async function gptInputs(name: string) {
  const width = gpt.config.embed_dim;
  const ids = await gpt.reference(`${name}.in.src_tokens`);
  const [batch, tokens] = ids.shape as [number, number];
  const table = gpt.tensors.get("gpt_model.decoder.embed_tokens.weight");
  if (!table) throw new Error("No embed_tokens");
  const embeddings = await gpt.weights.gatherRows(table, Array.from(ids.data));
  if (gpt.has(`${name}.in.img_features`)) {
    const features = (await gpt.reference(`${name}.in.img_features`)).data as Float32Array;
    const slots = (await gpt.reference(`${name}.in.img_gpt_input_mask`)).data;
    let row = 0;
    for (const [i, slot] of slots.entries()) {
      if (slot) embeddings.set(features.subarray(row * width, ++row * width), i * width);
    }
  }
  const positions = new Float32Array(embeddings.length);
  for (let b = 0; b < batch; b++) {
    const row = ids.data.subarray(b * tokens, (b + 1) * tokens);
    positions.set(sinusoidalPositions(row, width), b * tokens * width);
  }
  return { size: { batch, tokens }, feeds: { embeddings, positions } };
}
