/** The page of the true-size run: checkpoints through the app's own engine, compared with PyTorch. */
import { chooseAttention } from "../../src/engine/attention-choice.ts";
import { createEngine, EngineError } from "../../src/engine/index.ts";
import { requireAdapter } from "../../src/engine/webgpu.ts";
import { WorkerClient } from "../../src/engine/worker-client.ts";
import { isKosmosG } from "../../workers/weights/bundle.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import type { Reference, ReferenceReply, ReferenceRequest } from "./reference-run.ts";

/** Software adapters work for minutes without a sign. */
const SILENCE_MS = 3_600_000;
const MODEL = "true-size";

interface Facts {
  prompt: string;
  words: string;
  timestep: number;
  picture: number[];
  pictureSide: number;
}

/** How far a result is from PyTorch's: largest absolute error, and standard deviation of the reference. */
export interface Difference {
  readonly name: string;
  readonly maxError: number;
  readonly deviation: number;
}

export interface PageOptions {
  readonly wasmPaths: string;
  readonly setUrl: string;
  /** Of the app's own files, for the tokenizers. */
  readonly precision: "fp16" | "fp32";
  readonly fourBit: boolean;
}

let options: PageOptions;

const newEngine = () =>
  createEngine({ wasmPaths: options.wasmPaths, precision: options.precision, silenceMs: SILENCE_MS });

async function facts(): Promise<Facts> {
  return (await fetch(new URL("expected.json", options.setUrl))).json();
}

async function references() {
  const file = "expected.safetensors";
  const blob = await (await fetch(new URL(file, options.setUrl))).blob();
  const weights = await WeightFiles.open({ files: { [file]: blob } });
  const tensors = weights.component({ files: [file], prefix: "" });
  return async (name: string): Promise<Reference> => {
    const location = tensors.get(name);
    if (!location) throw new Error(`expected.safetensors has no ${name}`);
    return { shape: location.shape, data: await weights.read(location) };
  };
}

/** Imports what the file input holds. @returns megabytes in the store */
async function importFiles(): Promise<number> {
  const engine = newEngine();
  try {
    const files = [...((document.querySelector("#files") as HTMLInputElement).files ?? [])];
    const choice = { id: MODEL, name: MODEL, license: "MIT", fourBit: options.fourBit };
    const bundle = await engine.importModel(
      files.map((blob) => ({ name: blob.name, blob })),
      choice,
    );
    return Object.values(bundle.files).reduce((sum, { size }) => sum + size, 0) / 1e6;
  } finally {
    engine.dispose();
  }
}

/** The prompt of the set, as the app reads it. */
async function prompt(kosmosg: boolean) {
  const { prompt, words, picture, pictureSide } = await facts();
  if (!kosmosg) return [{ kind: "text" as const, text: words }];
  const image = new ImageData(pictureSide, pictureSide);
  for (let i = 0; i < pictureSide ** 2; i++) image.data.set([...picture.slice(i * 3, i * 3 + 3), 255], i * 4);
  return [
    { kind: "entity" as const, image },
    { kind: "text" as const, text: prompt },
  ];
}

/** Prompt to condition, in the app's own worker. */
async function condition(): Promise<Difference[]> {
  const engine = newEngine();
  try {
    await engine.load(MODEL);
    const kosmosg = engine.bundle !== undefined && isKosmosG(engine.bundle);
    const reference = await references();
    const { data } = await engine.encode(await prompt(kosmosg));
    return [difference("condition", data, await reference(kosmosg ? "condition" : "words"))];
  } finally {
    engine.dispose();
  }
}

/** One U-Net step and one decoding, with PyTorch's condition and latents. */
async function stepAndDecode(): Promise<Difference[]> {
  const engine = newEngine();
  const model = await engine.openModel(MODEL);
  engine.dispose();
  if (!model) throw new Error("import first");
  const reference = await references();
  const attention = await chooseAttention(await requireAdapter(), model.bundle, options.wasmPaths, () => {});
  const worker = new Worker(new URL("./reference.worker.ts", import.meta.url), { type: "module", name: "reference" });
  const client = new WorkerClient<ReferenceRequest, ReferenceReply>(worker, () => {});
  try {
    const { wasmPaths, precision } = options;
    const latents = await reference("latents");
    await client.call({ type: "build", model, options: { wasmPaths, precision, attention }, latents }, ["built"]);
    const [read, name] = isKosmosG(model.bundle) ? ["condition", "noise_pred"] : ["words", "noise_pred_words"];
    const given = await reference(read as string);
    const { timestep } = await facts();
    const stepped = await client.call({ type: "step", latents, condition: given, timestep }, ["computed"]);
    const decoded = await client.call({ type: "decode", latents }, ["computed"]);
    const expected = await reference("decoded");
    // The graph ends around 0..1, as the app shows it.
    const shown = { ...expected, data: expected.data.map((x) => x / 2 + 0.5) };
    return [
      difference("U-Net step", stepped.data, await reference(name as string)),
      difference("decoding", decoded.data, shown),
    ];
  } finally {
    client.end();
  }
}

/** A whole picture of one step, with guidance, in the app's own workers. @returns seconds */
async function picture(side: number): Promise<number> {
  const engine = newEngine();
  try {
    await engine.load(MODEL);
    const kosmosg = engine.bundle !== undefined && isKosmosG(engine.bundle);
    const settings = { seed: 1, steps: 1, width: side, height: side };
    const { metadata } = await engine.generate({ prompt: await prompt(kosmosg), ...settings });
    return metadata.seconds.total;
  } finally {
    engine.dispose();
  }
}

function difference(name: string, actual: Float32Array, { data }: Reference): Difference {
  if (actual.length !== data.length) throw new Error(`${name}: ${actual.length} numbers, not ${data.length}`);
  let maxError = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < data.length; i++) {
    const expected = data[i] as number;
    const error = Math.abs((actual[i] as number) - expected);
    // NaN must not pass.
    if (!(error <= maxError)) maxError = error;
    sum += expected;
    squares += expected ** 2;
  }
  return { name, maxError, deviation: Math.sqrt(squares / data.length - (sum / data.length) ** 2) };
}

/** Failures as text: an error loses its fields on its way out of the page. */
function told<A extends unknown[], R>(call: (...args: A) => Promise<R>) {
  return (given: PageOptions, ...args: A) => {
    options = given;
    return call(...args).catch((error: unknown) => {
      const detail = error instanceof EngineError && error.detail ? ` (${error.detail})` : "";
      return Promise.reject(new Error(error instanceof Error ? error.message + detail : String(error)));
    });
  };
}

const trueSize = {
  importFiles: told(importFiles),
  condition: told(condition),
  stepAndDecode: told(stepAndDecode),
  picture: told(picture),
};

declare global {
  interface Window {
    trueSize: typeof trueSize;
  }
}
window.trueSize = trueSize;
