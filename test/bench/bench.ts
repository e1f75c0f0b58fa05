/** Times the engine in a real browser, and a U-Net's steps against a plain pipeline's. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { DeviceReport } from "../../workers/protocol.ts";
import { parseBundle } from "../../workers/weights/parse-bundle.ts";
import { ADAPTERS, type Adapter, chooseBrowser } from "./browser.ts";
import { measureImports } from "./measure-imports.ts";
import { measureModel } from "./measure-model.ts";
import { measureUNet, modelUNet, reason, sd15UNet } from "./measure-unet.ts";
import { findPython } from "./plain-onnx.ts";
import { WIDTHS, type Width } from "./random-unet.ts";
import { type BenchResult, toMarkdown } from "./report.ts";
import { openSite } from "./site.ts";

const USAGE = `Usage: npm run bench -- [options]

  --adapter <fp32|fp16|gpu>   software adapter without or with shader-f16 (default fp32), or this machine's GPU
  --executable <path>         the browser to use
  --headed                    with a window
  --precision <fp16|fp32>     what graphs compute in (default: fp16 where the device has it)
  --bundle <folder>           the model (default public/models/mini)
  --steps <n>                 of each picture (default 10)
  --checkpoints <folder>      what training/checkpoint_set.py wrote (default test/generated/checkpoints)
  --unet <quarter|half|full>  widths of the U-Net of SD 1.5's shape (default quarter, on a GPU full)
  --latents <n>               its latents' height and width (default 16, on a GPU 64)
  --rounds <n>                turns of engine and plain pipeline (default 5)
  --steps-per-round <n>       (default 1, on a GPU 4)
  --only <part>               model, imports, model-unet or sd-unet; any number of times
  --python <path>             with torch, diffusers, onnx and safetensors: exports the plain pipeline's U-Net
  --limit <minutes>           for each part (default 30)
  --name <name>               of the results in test/bench/results (default the adapter's)
`;

const MODELS = fileURLToPath(new URL("../../public/models", import.meta.url));
const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
const PRECISIONS = ["fp16", "fp32"] as const;
const PARTS = ["model", "imports", "model-unet", "sd-unet"] as const;
type Part = (typeof PARTS)[number];

interface Options {
  readonly adapter: Adapter;
  readonly executable: string | undefined;
  readonly headed: boolean;
  readonly precision: "fp16" | "fp32" | undefined;
  readonly bundle: string;
  readonly checkpoints: string;
  readonly steps: number;
  readonly unet: Width;
  readonly latents: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
  readonly parts: readonly Part[];
  readonly python: string | undefined;
  readonly limitMs: number;
  readonly name: string;
}

/** @throws Error with the usage */
function readOptions(args: string[]): Options {
  const string = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      adapter: { ...string, default: "fp32" },
      executable: string,
      headed: { type: "boolean", default: false },
      precision: string,
      bundle: { ...string, default: fileURLToPath(new URL("../../public/models/mini", import.meta.url)) },
      checkpoints: { ...string, default: fileURLToPath(new URL("../generated/checkpoints", import.meta.url)) },
      steps: { ...string, default: "10" },
      unet: string,
      latents: string,
      rounds: { ...string, default: "5" },
      "steps-per-round": string,
      only: { ...string, multiple: true, default: [...PARTS] },
      python: string,
      limit: { ...string, default: "30" },
      name: string,
    },
  });
  const choice = <T extends string>(name: string, value: string, among: readonly T[]): T =>
    among.find((one) => one === value) ?? refuse(`--${name} is one of ${among.join(", ")}`);
  const whole = (name: string, value: string, multiple = 1) => {
    const number = Number(value);
    return Number.isInteger(number) && number > 0 && number % multiple === 0
      ? number
      : refuse(`--${name} is a whole number${multiple > 1 ? `, a multiple of ${multiple}` : ""}`);
  };
  const adapter = choice("adapter", values.adapter, ADAPTERS);
  const gpu = adapter === "gpu";
  const name = values.name ?? adapter;
  if (!/^[\w.-]+$/.test(name)) refuse("--name is a plain file name");
  return {
    adapter,
    executable: values.executable,
    headed: values.headed,
    precision: values.precision === undefined ? undefined : choice("precision", values.precision, PRECISIONS),
    bundle: values.bundle,
    checkpoints: values.checkpoints,
    steps: whole("steps", values.steps),
    unet: choice("unet", values.unet ?? (gpu ? "full" : "quarter"), Object.keys(WIDTHS) as Width[]),
    latents: whole("latents", values.latents ?? (gpu ? "64" : "16"), 8),
    rounds: whole("rounds", values.rounds),
    stepsPerRound: whole("steps-per-round", values["steps-per-round"] ?? (gpu ? "4" : "1")),
    parts: values.only.map((part) => choice("only", part, PARTS)),
    python: values.python,
    limitMs: whole("limit", values.limit) * 60_000,
    name,
  };
}

function refuse(rule: string): never {
  throw new Error(`${rule}.\n\n${USAGE}`);
}

export async function main(args: string[]): Promise<void> {
  if (args.includes("--help")) return console.log(USAGE);
  const options = readOptions(args);
  const { adapter, executable, headed, precision, limitMs, parts } = options;
  const browser = chooseBrowser(adapter, executable, headed);
  const manifest = join(options.bundle, "model.json");
  const bundle = parseBundle(JSON.parse(await readFile(manifest, "utf8")), manifest);
  const python = findPython(options.python);
  if ("trouble" in python) console.log(`The plain pipeline is left out: ${python.trouble}.`);
  say("Building the page");
  // The app's tokenizers lie beside the page.
  const folders = { bundle: options.bundle, "test/bench/models": MODELS };
  const site = await openSite("test/bench/index.html", folders);
  try {
    const bench = { site, browser, limitMs, bundle, bundleFolder: options.bundle, ...(precision && { precision }) };
    const result: BenchResult = {
      date: new Date().toISOString().slice(0, 16).replace("T", " "),
      browser: spawnSync(browser.executablePath, ["--version"], { encoding: "utf8" }).stdout?.trim(),
      unets: [],
    };
    let device: DeviceReport | undefined;
    if (parts.includes("model")) {
      say(`${bundle.name}: first visit, second visit`);
      try {
        const measured = await measureModel(bench, options.steps);
        result.model = measured.model;
        device = measured.device;
      } catch (error) {
        result.modelTrouble = reason(error);
      }
    }
    if (parts.includes("imports")) {
      if (existsSync(options.checkpoints)) result.imports = await measureImports(bench, options.checkpoints, say);
      else
        console.log(`Imports are left out: ${options.checkpoints} is not there; training/checkpoint_set.py writes it.`);
    }
    const cases = [
      ...(parts.includes("model-unet") ? [await modelUNet(bench)] : []),
      ...(parts.includes("sd-unet") ? [sd15UNet(site, options.unet, options.latents)] : []),
    ];
    for (const unet of cases) {
      const expected = device?.precision ?? precision ?? (adapter === "fp32" ? "fp32" : "fp16");
      const order = { ...options, python, precision: expected, softwareAdapter: adapter !== "gpu", say };
      const measured = await measureUNet(bench, unet, order);
      result.unets.push(measured);
      device ??= measured.result.report;
    }
    if (device) result.device = describeDevice(device);
    const load = (loadavg()[0] as number).toFixed(1);
    result.machine = `${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, load ${load} at the end`;
    await report(options.name, result);
  } finally {
    await site.close();
  }
}

function describeDevice({ vendor, architecture, description, precision, attention }: DeviceReport) {
  const adapter = [description || vendor, architecture].filter(Boolean).join(", ");
  return { adapter, precision, attention: `${attention.form} (${attention.reason})` };
}

/** Prints the table and keeps it, with the numbers, for this name. */
async function report(name: string, result: BenchResult): Promise<void> {
  const markdown = toMarkdown(result);
  console.log(`\n${markdown}`);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${name}.md`), markdown);
  await writeFile(join(RESULTS, `${name}.json`), JSON.stringify(result, null, 2));
  spawnSync("npx", ["biome", "format", "--write", RESULTS], { stdio: "ignore" });
}

function say(what: string): void {
  console.log(`${new Date().toTimeString().slice(0, 8)} ${what}`);
}
