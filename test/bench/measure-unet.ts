/** One U-Net's steps by the engine and by the plain pipeline, in turn. */
import { openAsBlob } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { conditionShape } from "../../workers/models/condition-shape.ts";
import { latentGrid } from "../../workers/models/latent-grid.ts";
import type { SchedulerConfig, UNetConfig } from "../../workers/weights/bundle.ts";
import { SD15_SCHEDULER } from "../../workers/weights/sd15-scheduler.ts";
import { elementBytes, WeightFiles } from "../../workers/weights/tensors.ts";
import { openBench, withPage } from "./browser.ts";
import { type Bench, engineRequest } from "./measure-model.ts";
import { MemorySampler } from "./memory.ts";
import type { PipelineName } from "./page.ts";
import { exportPlainOnnx, type findPython } from "./plain-onnx.ts";
import { parameterCount, sd15UNetConfig, unetTensors, type Width, writeRandomTensors } from "./random-unet.ts";
import type { StepsResult, StepTimes, UNetResult } from "./report.ts";
import type { Site } from "./site.ts";
import type { UNetRun } from "./unet-steps.ts";

export interface UNetCase {
  readonly name: string;
  readonly config: UNetConfig;
  readonly scheduler: SchedulerConfig;
  /** Of the latents. */
  readonly height: number;
  readonly width: number;
  readonly tokens: number;
  readonly parameters: number;
  readonly prefix: string;
  /** Paths of files that the site serves as `served` and their name; made first where they are not there. */
  readonly served: string;
  readonly files: () => Promise<readonly string[]>;
}

export interface Order {
  readonly rounds: number;
  readonly stepsPerRound: number;
  /** What the graphs will compute in. */
  readonly precision: "fp16" | "fp32";
  /** GPU buffers are in this machine's memory. */
  readonly softwareAdapter: boolean;
  readonly python: ReturnType<typeof findPython>;
  readonly say: (what: string) => void;
}

export async function modelUNet({ bundle, bundleFolder }: Bench): Promise<UNetCase> {
  const { unet, scheduler } = bundle.components;
  const paths = unet.files.map((name) => join(bundleFolder, name));
  const blobs = await Promise.all(paths.map(async (path) => [basename(path), await openAsBlob(path)] as const));
  const tensors = (await WeightFiles.open({ files: Object.fromEntries(blobs) })).component(unet);
  let parameters = 0;
  for (const name of tensors.names()) {
    const location = tensors.get(name);
    if (location) parameters += location.length / elementBytes(location);
  }
  const latent = latentGrid(bundle);
  return {
    name: `${bundle.name}'s U-Net`,
    config: unet.config,
    scheduler,
    height: bundle.defaults.height / latent,
    width: bundle.defaults.width / latent,
    tokens: conditionShape(bundle).rows,
    parameters,
    prefix: unet.prefix,
    served: "bundle/",
    files: async () => paths,
  };
}

export function sd15UNet(site: Site, width: Width, latents: number): UNetCase {
  const config = sd15UNetConfig(width);
  const shapes = unetTensors(config);
  return {
    name: width === "full" ? "SD 1.5's U-Net" : `SD 1.5's U-Net at ${width} width`,
    config,
    scheduler: SD15_SCHEDULER,
    height: latents,
    width: latents,
    tokens: 77,
    parameters: parameterCount(shapes),
    prefix: "",
    served: "",
    files: async () => {
      const path = join(site.folder, "sd-unet.safetensors");
      await writeRandomTensors(path, shapes, 1);
      return [path];
    },
  };
}

/** Never rejects: why there are no figures is told in `trouble`. */
export async function measureUNet(bench: Bench, unet: UNetCase, order: Order): Promise<UNetResult> {
  const { name, parameters, config, height, width, tokens } = unet;
  const latents = `2×${config.in_channels}×${height}×${width}`;
  const about = { name, parameters, latents, tokens };
  try {
    const need = memoryNeed(parameters, order);
    requireMemory(need.engine);
    const files = await unet.files();
    const plain = await plainOnnx(bench.site, unet, files, need.plain, order);
    order.say(`${name}: steps`);
    const served = files.map((path) => basename(path));
    const run: UNetRun = {
      weights: {
        urls: Object.fromEntries(served.map((file) => [file, bench.site.url(unet.served + file)])),
        prefix: unet.prefix,
      },
      ...("url" in plain && { onnxUrl: plain.url }),
      config,
      scheduler: unet.scheduler,
      height,
      width,
      tokens,
      steps: 1 + order.rounds * order.stepsPerRound,
    };
    const result: StepsResult = { ...("trouble" in plain && { plainTrouble: plain.trouble }) };
    await runInPage(bench, run, order, result).catch((error: unknown) => {
      result.trouble = reason(error);
    });
    return { ...about, result };
  } catch (error) {
    return { ...about, result: { trouble: reason(error) } };
  }
}

/** Fills `result` as it goes: what was measured before a failure counts. */
async function runInPage(bench: Bench, run: UNetRun, order: Order, result: StepsResult): Promise<void> {
  const { rounds, stepsPerRound, say } = order;
  const profile = await mkdtemp(join(tmpdir(), "kosmos-g-profile-"));
  try {
    await withPage(bench.browser, { profile, limitMs: bench.limitMs }, async (page, context) => {
      const step = (name: PipelineName, count: number) =>
        page.evaluate(([name, count]) => window.bench.step(name, count), [name, count] as const);
      const start = async (name: PipelineName, precision?: "fp16" | "fp32") => {
        const { seconds, report } = await page.evaluate(
          ([name, run, precision]) => window.bench.buildSteps(name, run, precision),
          [name, run, precision] as const,
        );
        say(`  ${name}: session ${seconds.toFixed(1)} s`);
        const times: StepTimes = { build: seconds, rounds: [] };
        result[name] = times;
        if (report) result.report = report;
        [times.firstStep] = await step(name, 1);
        say(`  ${name}: first step ${times.firstStep?.toFixed(1)} s`);
        return times;
      };
      await openBench(page, bench.site);
      const sampler = await MemorySampler.start(page);
      const request = engineRequest(bench);
      await page.evaluate(([run, request]) => window.bench.openSteps(run, request), [run, request] as const);
      const engine = await start("engine");
      const recomputing = await start("recomputing");
      result.recomputingDifference = await page.evaluate(() => window.bench.difference("recomputing"));
      const plain = run.onnxUrl ? await startPlain() : undefined;

      async function startPlain(): Promise<StepTimes | undefined> {
        try {
          const times = await start("plain", result.report?.precision);
          result.difference = await page.evaluate(() => window.bench.difference("plain"));
          return times;
        } catch (error) {
          result.plainTrouble = reason(error);
          return undefined;
        }
      }

      for (let round = 1; round <= rounds; round++) {
        const ours = await step("engine", stepsPerRound);
        // A round counts when all have made it.
        const again = await step("recomputing", stepsPerRound);
        const theirs = plain ? await step("plain", stepsPerRound) : [];
        engine.rounds.push(ours);
        recomputing.rounds.push(again);
        plain?.rounds.push(theirs);
        const each = (seconds: number[]) => seconds.map((value) => value.toFixed(2)).join(" ");
        const others = `, recomputing ${each(again)} s${plain ? `, plain ${each(theirs)} s` : ""}`;
        say(`  round ${round}: engine ${each(ours)} s${others}`);
      }
      result.memory = await sampler.peak(context);
      await sampler.stop();
    });
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}

/** The exported U-Net on the site, or why there is none. */
async function plainOnnx(
  site: Site,
  unet: UNetCase,
  weights: readonly string[],
  memory: number,
  { python, precision, say }: Order,
): Promise<{ url: string } | { trouble: string }> {
  if ("trouble" in python) return python;
  try {
    requireMemory(memory);
    say(`${unet.name}: torch.onnx.export`);
    const out = join(site.folder, "plain.onnx");
    await exportPlainOnnx({ ...unet, python: python.python, weights, precision, out });
    return { url: site.url("plain.onnx") };
  } catch (error) {
    return { trouble: reason(error) };
  }
}

/** Rough needs in bytes of this machine's memory; activations are not in them. */
function memoryNeed(parameters: number, { precision, softwareAdapter }: Order): { engine: number; plain: number } {
  const stored = 2 * parameters;
  const computed = (precision === "fp16" ? 2 : 4) * parameters;
  const onDevice = softwareAdapter ? computed : 0;
  const converted = precision === "fp16" ? 0 : computed;
  const engine = stored + converted + onDevice;
  // The file in JS and in ORT's wasm heap.
  return { engine, plain: engine + 2 * computed + onDevice };
}

function requireMemory(need: number): void {
  const free = process.availableMemory();
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  if (need > free) throw new Error(`does not fit: it needs about ${gigabytes(need)}, ${gigabytes(free)} are free`);
}

/** What was thrown in the page or here, in one line. */
export function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^page\.evaluate: (Error: )?/, "").split("\n")[0] as string;
}
