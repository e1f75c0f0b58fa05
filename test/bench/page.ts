/** What bench.ts calls in the browser. Every time is taken in the page, by performance.now(). */
import { chooseAttention } from "../../src/engine/attention-choice.ts";
import { createEngine, type Engine, EngineError, type EngineProgress } from "../../src/engine/index.ts";
import { requireAdapter } from "../../src/engine/webgpu.ts";
import { WorkerClient } from "../../src/engine/worker-client.ts";
import type { DeviceReport, ImportChoice, WorkerOptions } from "../../workers/protocol.ts";
import type { Bundle } from "../../workers/weights/bundle.ts";
import type { StepsReply, StepsRequest, UNetRun } from "./unet-steps.ts";

export interface EngineRequest {
  bundleUrl: string;
  wasmPaths: string;
  steps: number;
  precision?: "fp16" | "fp32";
}

/** Seconds. */
export interface LoadTimes {
  /** Of the download and its writing to the store; on a later visit, of opening the store. */
  fetch: number;
  /** From there to workers that have built every graph. */
  build: number;
}

/** Seconds. */
export interface PictureTimes {
  /** From generate() to pixels in the page. */
  total: number;
  /** ViT, resampler, GPT, AlignerNet on the prompt. */
  condition: number;
  /** The first step; it compiles the shaders where no picture was made before. */
  firstStep: number;
  /** Each later one. */
  steps: number[];
  decode: number;
}

export interface ImportTimes {
  /** Bytes of the files, and of the model that was made of them. */
  chosen: number;
  stored: number;
  /** Seconds until everything was read and hashed, and from there until it was stored. */
  read: number;
  write: number;
}

export type StepsOrder = Omit<EngineRequest, "steps">;

export interface Built {
  /** Seconds; see StepsReply. */
  seconds: number;
  report: DeviceReport | null;
}

/** `recomputing`: the engine, but the condition's keys and values are made in every step. */
export type PipelineName = "engine" | "recomputing" | "plain";

let engine: Engine | undefined;

/** Makes the model ready in a fresh engine. */
async function load({ bundleUrl, wasmPaths, precision }: EngineRequest): Promise<LoadTimes> {
  engine = createEngine({ wasmPaths, ...(precision && { precision }) });
  const started = performance.now();
  let fetched = 0;
  await engine.load(bundleUrl, {
    onProgress: (progress) => {
      if (progress.kind === "phase") fetched ||= performance.now();
    },
  });
  return { fetch: (fetched - started) / 1000, build: (performance.now() - fetched) / 1000 };
}

/** @param words behind the picture; those of the last prompt are not read again */
async function picture(
  { steps }: EngineRequest,
  words: string,
): Promise<{ times: PictureTimes; device: DeviceReport }> {
  if (!engine) throw new Error("load first");
  const started = performance.now();
  const marks: number[] = [];
  let decoding = 0;
  const { metadata } = await engine.generate(
    {
      prompt: [
        { kind: "entity", image: entity() },
        { kind: "text", text: words },
      ],
      seed: 1,
      steps,
    },
    {
      onProgress: (progress) => {
        if (progress.kind === "phase" && progress.phase === "denoise") marks.push(performance.now());
        if (progress.kind === "step") marks.push(performance.now());
        if (progress.kind === "phase" && progress.phase === "decode") decoding = performance.now();
      },
    },
  );
  const ended = performance.now();
  const [firstStep = 0, ...later] = marks.slice(1).map((mark, i) => (mark - (marks[i] as number)) / 1000);
  const times = {
    total: (ended - started) / 1000,
    condition: metadata.seconds.condition,
    firstStep,
    steps: later,
    decode: (ended - decoding) / 1000,
  };
  return { times, device: metadata.device };
}

/**
 * Imports what the page's file inputs hold, as a person's files.
 */
async function importFiles(
  choice: Omit<ImportChoice, "name" | "license">,
  { wasmPaths }: StepsOrder,
): Promise<ImportTimes> {
  const inputs = [...document.querySelectorAll("input")];
  const files = inputs.flatMap((input) => [...(input.files ?? [])]);
  const importing = createEngine({ wasmPaths });
  const phases = new Map<string, number>();
  const started = performance.now();
  try {
    const chosen = files.map((blob) => ({ name: blob.webkitRelativePath || blob.name, blob }));
    const onProgress = (progress: EngineProgress) => {
      if (progress.kind === "download" && !phases.has(progress.phase)) phases.set(progress.phase, performance.now());
    };
    const bundle = await importing.importModel(chosen, { ...choice, name: choice.id, license: "MIT" }, { onProgress });
    const ended = performance.now();
    const writing = phases.get("write") ?? ended;
    return {
      chosen: files.reduce((sum, { size }) => sum + size, 0),
      stored: Object.values(bundle.files).reduce((sum, { size }) => sum + size, 0),
      read: (writing - started) / 1000,
      write: (ended - writing) / 1000,
    };
  } finally {
    importing.dispose();
    for (const input of inputs) input.value = "";
  }
}

/** A picture for the prompt: a disc on white. What it shows makes no difference to the time. */
function entity(): ImageData {
  const side = 256;
  const image = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    const inside = Math.hypot((i % side) - side / 2, Math.floor(i / side) - side / 2) < side / 3;
    image.data.set(inside ? [200, 60, 40, 255] : [255, 255, 255, 255], i * 4);
  }
  return image;
}

type Client = WorkerClient<StepsRequest, StepsReply>;

let pipelines: Record<PipelineName, Client> | undefined;
let options: WorkerOptions | undefined;

/** Starts both pipelines' workers. */
async function openSteps(run: UNetRun, order: StepsOrder): Promise<void> {
  options = await workerOptions(run, order);
  const own = new Worker(new URL("./engine-steps.worker.ts", import.meta.url), { type: "module", name: "engine" });
  const recomputing = new Worker(new URL("./engine-steps.worker.ts", import.meta.url), {
    type: "module",
    name: "recomputing",
  });
  const other = new Worker(new URL("./plain-steps.worker.ts", import.meta.url), { type: "module", name: "plain" });
  pipelines = {
    engine: new WorkerClient<StepsRequest, StepsReply>(own, () => {}),
    recomputing: new WorkerClient<StepsRequest, StepsReply>(recomputing, () => {}),
    plain: new WorkerClient<StepsRequest, StepsReply>(other, () => {}),
  };
}

/** Makes one pipeline's session. The plain one computes in `precision`, which is the engine's. */
async function buildSteps(name: PipelineName, run: UNetRun, precision?: "fp16" | "fp32"): Promise<Built> {
  if (!options) throw new Error("open first");
  const how = { ...options, ...(precision && { precision }) };
  const request = { type: "build", run, options: how, recomputing: name === "recomputing" } as const;
  const { seconds, report } = await client(name).call(request, ["built"]);
  return { seconds, report };
}

/** The next steps of one pipeline, in seconds. */
async function step(name: PipelineName, count: number): Promise<number[]> {
  return (await client(name).call({ type: "step", count }, ["stepped"])).seconds;
}

/** Of another pipeline's latents as they stand: |other - engine| / |engine|, L2. */
async function difference(other: PipelineName): Promise<number> {
  const read = async (name: PipelineName) => (await client(name).call({ type: "read-latents" }, ["latents"])).latents;
  return relativeL2(await read(other), await read("engine"));
}

function client(name: PipelineName): Client {
  if (!pipelines) throw new Error("open first");
  return pipelines[name];
}

/** What the engine would choose for this U-Net on this device. */
async function workerOptions(
  { config }: UNetRun,
  { bundleUrl, wasmPaths, precision }: StepsOrder,
): Promise<WorkerOptions> {
  const bundle = (await (await fetch(new URL("model.json", bundleUrl))).json()) as Bundle;
  bundle.components.unet.config = config;
  const attention = await chooseAttention(await requireAdapter(), bundle, wasmPaths, () => {});
  return { wasmPaths, attention, ...(precision && { precision }) };
}

function relativeL2(actual: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((actual[i] as number) - (expected[i] as number)) ** 2;
    norm += (expected[i] as number) ** 2;
  }
  return Math.sqrt(difference / norm);
}

function describe(error: unknown): string {
  if (error instanceof EngineError)
    return error.detail ? `${error.message} (${error.detail.split("\n")[0]})` : error.message;
  return error instanceof Error ? error.message : String(error);
}

/** Failures as text: an error loses its fields on its way out of the page. */
function told<A extends unknown[], R>(call: (...args: A) => Promise<R>) {
  return (...args: A) => call(...args).catch((error: unknown) => Promise.reject(new Error(describe(error))));
}

const bench = {
  load: told(load),
  picture: told(picture),
  importFiles: told(importFiles),
  openSteps: told(openSteps),
  buildSteps: told(buildSteps),
  step: told(step),
  difference: told(difference),
};

declare global {
  interface Window {
    bench: typeof bench;
  }
}
window.bench = bench;
