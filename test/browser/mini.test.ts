/** The shipped model: sixteen prompts and seeds, drawn here and by PyTorch (training/sample.py --fixture). */
import { expect, test } from "vitest";
import { readEntityImage } from "../../src/engine/images.ts";
import type { TensorLocation } from "../../workers/onnx/graph.ts";
import type { ConditionPipeline } from "../../workers/pipeline/condition.ts";
import { createConditionPipeline } from "../../workers/pipeline/create-condition-pipeline.ts";
import { DiffusionPipeline } from "../../workers/pipeline/diffusion.ts";
import { createRuntime } from "../../workers/pipeline/runtime.ts";
import type { StoredBundle } from "../../workers/protocol.ts";
import { parsePrompt } from "../../workers/text/prompt-layout.ts";
import type { KosmosGBundle, SchedulerKind } from "../../workers/weights/bundle.ts";
import { type CanonicalTensor, canonicalChunks } from "../../workers/weights/canonical-file.ts";
import { mayBeFourBit } from "../../workers/weights/four-bit.ts";
import { parseBundle } from "../../workers/weights/parse-bundle.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { fixtureBlob, fixtureJson } from "../support/fixtures.ts";
import { wasmPaths } from "../support/ort-paths.ts";
import { precision } from "../support/precision.ts";
import { psnr } from "../support/psnr.ts";
import { relativeDistance } from "../support/run-graph.ts";

interface Case {
  prompt: string;
  negative_prompt: string;
  images: string[];
  scheduler: SchedulerKind;
  steps: number;
  guidance_scale: number;
  seed: number;
}

/** What the two adapters must reach; the run prints what they do reach. */
const LEAST_PSNR = { fp32: 40, fp16: 30 };

const get = async (path: string) => (await fetch(new URL(path, location.origin))).blob();

async function shippedModel(): Promise<StoredBundle> {
  const bundle = parseBundle(JSON.parse(await (await get("/models/mini/model.json")).text()), "model.json");
  const files = Object.keys(bundle.files).map(async (name) => [name, await get(`/models/mini/${name}`)] as const);
  return { bundle, files: Object.fromEntries(await Promise.all(files)) };
}

const fixture = await fixtureJson<{ bundle: Record<string, string>; cases: Record<string, Case> }>("mini/cases.json");
const file = "cases.safetensors";
const stored = await WeightFiles.open({ files: { [file]: await fixtureBlob(`mini/${file}`) } });
const tensors = stored.component({ files: [file], prefix: "" });
async function read(name: string): Promise<ArrayBuffer> {
  const location = tensors.get(name);
  if (!location) throw new Error(`no ${name}`);
  return stored.readBytes(location);
}

const model = await shippedModel();
const weights = await WeightFiles.open(model);
const runtime = await createRuntime({ wasmPaths, precision, attention: { form: "plain", reason: "test" } });
const conditions = await createConditionPipeline(runtime, model.bundle, weights);
const diffusion = new DiffusionPipeline(runtime, model.bundle, weights);
const { signal } = new AbortController();
const hooks = { signal, onPhase: () => {}, onStep: () => {}, onPreview: () => {} };

test("the fixture belongs to the shipped weights", () => {
  const hashes = Object.entries(model.bundle.files).map(([name, { sha256 }]) => [name, sha256]);
  expect(Object.fromEntries(hashes)).toEqual(fixture.bundle);
});

async function promptOf({ prompt, images }: Case) {
  const pictures = images.map(async (image) => readEntityImage(await get(`/examples/${image}`)));
  return parsePrompt(prompt, await Promise.all(pictures));
}

/** RGB. */
async function drawn(made: Case, reader: ConditionPipeline): Promise<Uint8ClampedArray> {
  const { condition } = await reader.encode(await promptOf(made), hooks);
  const guided = made.guidance_scale > 1;
  const uncondition = guided ? (await reader.encodeUnconditional(made.negative_prompt, hooks)).condition : null;
  const { width, height } = model.bundle.defaults;
  const settings = { ...made, guidanceScale: made.guidance_scale, eta: 0, width, height, previewEvery: 0 };
  const { picture } = await diffusion.sample(condition, uncondition, settings, hooks);
  return picture.data.filter((_, i) => i % 4 !== 3);
}

test.each(Object.keys(fixture.cases))("case %s", async (name) => {
  const made = fixture.cases[name] as Case;
  const { tokens } = await conditions.encode(await promptOf(made), hooks);
  expect(tokens).toEqual([...new Int32Array(await read(`${name}.src_tokens`))]);
  const agreement = psnr(await drawn(made, conditions), new Uint8Array(await read(`${name}.image_u8`)));
  console.info(`${precision} mini ${name} "${made.prompt}": ${agreement.toFixed(1)} dB`);
  expect(agreement).toBeGreaterThan(LEAST_PSNR[precision]);
});

test("with its language model in 4-bit blocks it reads nearly the same, and draws nearly the same picture", async () => {
  const inBlocks = await createConditionPipeline(runtime, model.bundle, await inFourBits());
  const distances: number[] = [];
  const others: number[] = [];
  let last: Float32Array | undefined;
  for (const made of Object.values(fixture.cases).slice(0, 4)) {
    const parts = await promptOf(made);
    const { data } = (await conditions.encode(parts, hooks)).condition;
    distances.push(relativeDistance((await inBlocks.encode(parts, hooks)).condition.data, data));
    if (last) others.push(relativeDistance(last, data));
    last = data;
  }
  const percent = (shares: readonly number[]) => shares.map((share) => `${(100 * share).toFixed(1)} %`).join(", ");
  console.info(
    `${precision} mini, 4-bit: conditions off by ${percent(distances)}; those of other prompts: ${percent(others)}`,
  );
  expect(Math.max(...distances)).toBeLessThan(0.04);
  expect(Math.min(...others)).toBeGreaterThan(0.9);

  const [name, made] = Object.entries(fixture.cases)[0] as [string, Case];
  const agreement = psnr(await drawn(made, inBlocks), new Uint8Array(await read(`${name}.image_u8`)));
  console.info(`${precision} mini, 4-bit, ${name}: ${agreement.toFixed(1)} dB`);
  expect(agreement).toBeGreaterThan(25);
});

/** The shipped weights, the GPT's layers in 4-bit blocks. */
async function inFourBits(): Promise<WeightFiles> {
  const { gpt } = model.bundle.components as KosmosGBundle["components"];
  const [file] = gpt.files as [string];
  const source = weights.component(gpt);
  const tensors = [...source.names()].map((name): CanonicalTensor => {
    const location = source.get(name) as TensorLocation;
    return { name, shape: location.shape, location, form: mayBeFourBit(name, location.shape) ? "INT4" : "F16" };
  });
  const parts: Blob[] = [];
  for await (const chunk of canonicalChunks(tensors, weights)) parts.push(new Blob([chunk]));
  return WeightFiles.open({ files: { ...model.files, [file]: new Blob(parts) } });
}
