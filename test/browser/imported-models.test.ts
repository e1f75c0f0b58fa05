/** Checkpoints with random weights, imported as people's are, against PyTorch: condition, one U-Net step, one decoding. */
import { describe, expect, inject, test } from "vitest";
import { timestepEmbedding } from "../../workers/models/embeddings.ts";
import { buildUNetGraph } from "../../workers/models/unet.ts";
import { buildVaeDecoderGraph } from "../../workers/models/vae.ts";
import { isFourBit, type TensorLocation } from "../../workers/onnx/graph.ts";
import { createConditionPipeline } from "../../workers/pipeline/create-condition-pipeline.ts";
import { DiffusionPipeline } from "../../workers/pipeline/diffusion.ts";
import { createRuntime } from "../../workers/pipeline/runtime.ts";
import type { Picture, PromptPart, StoredBundle } from "../../workers/protocol.ts";
import { type Bundle, isKosmosG } from "../../workers/weights/bundle.ts";
import { safetensorsHeader } from "../../workers/weights/canonical-file.ts";
import { fromFourBit } from "../../workers/weights/four-bit.ts";
import { appTokenizer } from "../../workers/weights/import/app-tokenizers.ts";
import { importModel } from "../../workers/weights/import/import-model.ts";
import { openWeightStore } from "../../workers/weights/store.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { wasmPaths } from "../support/ort-paths.ts";
import { precision } from "../support/precision.ts";
import { expectClose, plain, relativeDistance, runGraph } from "../support/run-graph.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder of test/generated: `CHECKPOINTS=quarter npx vitest run …` takes the set of that size. */
    checkpoints: string;
  }
}

const SET = new URL(`/test/generated/${inject("checkpoints")}/`, location.origin);
const assets = new URL("/models/", location.origin).href;
/** The dev server answers an unknown path with a page. */
const there = (await fetch(new URL("expected.json", SET))).headers.get("content-type")?.includes("json") ?? false;

interface Facts {
  prompt: string;
  tokens: number[];
  words: string;
  timestep: number;
  picture: number[];
  pictureSide: number;
}

const fetched = async (path: string) => ({ name: path, blob: await (await fetch(new URL(path, SET))).blob() });

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;

/** The same file with numbers in F32 in place of blocks. */
async function unpackedFile(file: Blob): Promise<Blob> {
  const weights = await WeightFiles.open({ files: { "w.safetensors": file } });
  const tensors = weights.component({ files: ["w.safetensors"], prefix: "" });
  const entries: { name: string; shape: readonly number[]; dtype: "F16" | "F32" }[] = [];
  const parts: BlobPart[] = [];
  for (const name of tensors.names()) {
    const location = tensors.get(name) as TensorLocation;
    const { shape } = location;
    if (!isFourBit(location)) {
      entries.push({ name, shape, dtype: "F16" });
      parts.push(await weights.readBytes(location));
      continue;
    }
    const packed = new Uint8Array(await weights.readBytes(location));
    const scales = new Uint16Array(await weights.readBytes(location.scales));
    entries.push({ name, shape, dtype: "F32" });
    parts.push(fromFourBit({ packed, scales }));
  }
  expect(entries.some(({ dtype }) => dtype === "F32")).toBe(true);
  return new Blob([safetensorsHeader(entries), ...parts]);
}

describe.skipIf(!there)(`imported models, ${precision}`, async () => {
  const facts: Facts = there ? await (await fetch(new URL("expected.json", SET))).json() : {};
  const store = await openWeightStore(undefined);
  const runtime = await createRuntime({ wasmPaths, precision, attention: { form: "plain", reason: "test" } });
  const hooks = { signal: new AbortController().signal, onPhase: () => {} };

  async function expected() {
    const file = "expected.safetensors";
    const weights = await WeightFiles.open({ files: { [file]: (await fetched(file)).blob } });
    const tensors = weights.component({ files: [file], prefix: "" });
    return async (name: string) => {
      const location = tensors.get(name);
      if (!location) throw new Error(`no ${name}`);
      return { shape: location.shape, data: await weights.read(location) };
    };
  }

  async function imported(id: string, paths: readonly string[], fourBit = false): Promise<StoredBundle> {
    const files = await Promise.all(paths.map(fetched));
    const tokenizer = (reader: Parameters<typeof appTokenizer>[0]) => appTokenizer(reader, assets);
    return importModel(files, { id, name: id, license: "MIT" }, { store, tokenizer, fourBit });
  }

  /** What Kosmos-G reads out of the set's picture and words. */
  async function readPrompt(bundle: Bundle, weights: WeightFiles) {
    const conditions = await createConditionPipeline(runtime, bundle, weights);
    const rgba = new Uint8ClampedArray(facts.pictureSide ** 2 * 4).fill(255);
    for (let i = 0; i < facts.pictureSide ** 2; i++) rgba.set(facts.picture.slice(i * 3, i * 3 + 3), i * 4);
    const parts: PromptPart[] = [
      { kind: "entity", image: { width: facts.pictureSide, height: facts.pictureSide, data: rgba } },
      { kind: "text", text: facts.prompt },
    ];
    return { conditions, ...(await conditions.encode(parts, hooks)) };
  }

  async function noisePrediction({ components }: Bundle, weights: WeightFiles, condition: Float32Array) {
    const reference = await expected();
    const latents = await reference("latents");
    const [, , height, width] = latents.shape as [number, number, number, number];
    const { config } = components.unet;
    const size = { batch: 1, height, width, tokens: 77 };
    const graph = buildUNetGraph(weights.component(components.unet), config, size, plain);
    const projection = timestepEmbedding([facts.timestep], config.block_out_channels[0] as number, config);
    const feeds = { sample: latents.data, timestep_projection: projection, encoder_hidden_states: condition };
    return (await runGraph(graph, weights, feeds)).noise_pred;
  }

  test("Kosmos-G by fairseq: the condition, a U-Net step and a decoding are PyTorch's", async () => {
    const reference = await expected();
    const { bundle, files } = await imported("kosmosg", ["kosmosg/checkpoint_final.pt"]);
    const weights = await WeightFiles.open({ files });
    const { conditions, condition, tokens } = await readPrompt(bundle, weights);
    expect(tokens).toEqual(facts.tokens);
    expectClose("condition", condition.data, await reference("condition"));
    const unconditional = await conditions.encodeUnconditional("", hooks);
    expectClose("unconditional", unconditional.condition.data, await reference("unconditional"));

    const given = await reference("condition");
    expectClose("noise_pred", await noisePrediction(bundle, weights, given.data), await reference("noise_pred"));

    const { vae } = bundle.components;
    if (vae.type !== "AutoencoderKL") throw new Error(vae.type);
    const latents = await reference("latents");
    const [, , height, width] = latents.shape as [number, number, number, number];
    // As the app decodes: in fp32 on every device.
    const options = { ...plain, dtype: "float32" as const };
    const graph = buildVaeDecoderGraph(weights.component(vae), vae.config, { batch: 1, height, width }, options);
    const { image } = await runGraph(graph, weights, { latents: latents.data });
    const decoded = await reference("decoded");
    // The graph ends around 0..1, as the app shows it.
    const shown = { ...decoded, data: decoded.data.map((x) => x / 2 + 0.5) };
    expectClose("decoded", image, shown);
  });

  test("Kosmos-G in 4-bit: the condition is that of the numbers that its blocks stand for, and so far from the original's", async () => {
    const { bundle, files } = await imported("packed", ["kosmosg/checkpoint_final.pt"], true);
    if (!isKosmosG(bundle)) throw new Error("reads words alone");
    const { condition } = await readPrompt(bundle, await WeightFiles.open({ files }));

    const unpacked = { ...files, "gpt.safetensors": await unpackedFile(files["gpt.safetensors"] as Blob) };
    const same = await readPrompt(bundle, await WeightFiles.open({ files: unpacked }));
    const original = await (await expected())("condition");
    expectClose("4-bit condition", condition.data, { shape: original.shape, data: same.condition.data });

    const weights = bundle.components.gpt.four_bit?.relative_error ?? 1;
    const lost = relativeDistance(condition.data, original.data);
    console.info(`${precision} 4-bit: weights differ by ${percent(weights)}, the condition by ${percent(lost)}`);
    expect(weights).toBeCloseTo(0.081, 2);
    // Random layers make more of a difference than trained ones: see mini.test.ts.
    const [least, most] = bundle.components.gpt.config.layers === 2 ? [0.06, 0.09] : [0.4, 0.6];
    expect(lost).toBeGreaterThan(least);
    expect(lost).toBeLessThan(most);
  });

  test.each([["sd/single.safetensors"], ["sd/finetuned.ckpt"]])(
    "Stable Diffusion, %s: the words are read as by transformers",
    async (path) => {
      const reference = await expected();
      const { bundle, files } = await imported(path.replace(/\W/g, "-"), [path]);
      const weights = await WeightFiles.open({ files });
      const conditions = await createConditionPipeline(runtime, bundle, weights);
      const { condition } = await conditions.encode([{ kind: "text", text: facts.words }], hooks);
      expectClose("words", condition.data, await reference("words"));
      const picture = { kind: "entity" as const, image: { width: 1, height: 1, data: new Uint8ClampedArray(4) } };
      await expect(conditions.encode([picture], hooks)).rejects.toThrow(/words alone/);
      if (path.includes("single")) {
        const given = await reference("words");
        const found = await noisePrediction(bundle, weights, given.data);
        expectClose("noise_pred", found, await reference("noise_pred_words"));
      }
    },
  );

  test("TAESD beside a VAE draws the previews, at the picture's size", async () => {
    const { bundle, files } = await imported("previews", ["sd/single.safetensors", "taesd/taesd_decoder.safetensors"]);
    const weights = await WeightFiles.open({ files });
    const conditions = await createConditionPipeline(runtime, bundle, weights);
    const { condition } = await conditions.encode([{ kind: "text", text: facts.words }], hooks);
    const previews: Picture[] = [];
    const onPreview = (_step: number, picture: Picture) => previews.push(picture);
    const settings = { ...bundle.defaults, guidanceScale: 1, eta: 0, seed: 1, steps: 2, previewEvery: 1 };
    const size = { width: 64, height: 64 };
    const pipeline = new DiffusionPipeline(runtime, bundle, weights);
    await pipeline.sample(condition, null, { ...settings, ...size }, { ...hooks, onStep: () => {}, onPreview });
    expect(previews).toMatchObject([size]);
    // A picture, not one colour.
    expect(new Set(previews[0]?.data).size).toBeGreaterThan(8);
  });
});
