/** The shipped model: sixteen prompts and seeds, drawn here and by PyTorch (training/sample.py --fixture). */
import { expect, test } from "vitest";
import { readEntityImage } from "../../src/engine/images.ts";
import { createConditionPipeline } from "../../workers/pipeline/condition.ts";
import { DiffusionPipeline } from "../../workers/pipeline/diffusion.ts";
import { createRuntime } from "../../workers/pipeline/runtime.ts";
import type { StoredBundle } from "../../workers/protocol.ts";
import { parsePrompt } from "../../workers/text/prompt-layout.ts";
import type { SchedulerKind } from "../../workers/weights/bundle.ts";
import { parseBundle } from "../../workers/weights/parse-bundle.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { fixtureBlob, fixtureJson } from "../support/fixtures.ts";
import { wasmPaths } from "../support/ort-paths.ts";
import { precision } from "../support/precision.ts";
import { psnr } from "../support/psnr.ts";

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

test.each(Object.keys(fixture.cases))("case %s", async (name) => {
  const made = fixture.cases[name] as Case;
  const pictures = made.images.map(async (image) => readEntityImage(await get(`/examples/${image}`)));
  const encoded = await conditions.encode(parsePrompt(made.prompt, await Promise.all(pictures)), hooks);
  expect(encoded.tokens).toEqual([...new Int32Array(await read(`${name}.src_tokens`))]);

  const guided = made.guidance_scale > 1;
  const uncondition = guided ? (await conditions.encodeUnconditional(made.negative_prompt, hooks)).condition : null;
  const { width, height } = model.bundle.defaults;
  const settings = { ...made, guidanceScale: made.guidance_scale, eta: 0, width, height, previewEvery: 0 };
  const { picture } = await diffusion.sample(encoded.condition, uncondition, settings, hooks);

  const rgb = new Uint8Array(await read(`${name}.image_u8`));
  const drawn = picture.data.filter((_, i) => i % 4 !== 3);
  const agreement = psnr(drawn, rgb);
  console.info(`${precision} mini ${name} "${made.prompt}": ${agreement.toFixed(1)} dB`);
  expect(agreement).toBeGreaterThan(LEAST_PSNR[precision]);
});
