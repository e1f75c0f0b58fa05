/** Checkpoints of the published sizes through the app in a real browser: what is computed, against PyTorch, and what memory it takes. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Page } from "playwright";
import { fp32Browser, quickestBrowser } from "../../scripts/chromium.mjs";
import { withPage } from "../bench/browser.ts";
import { MemorySampler } from "../bench/memory.ts";
import { openSite } from "../bench/site.ts";
import type { Difference, PageOptions } from "./page.ts";
import { ProcessMemory, type ProcessPeak } from "./process-memory.ts";
import { WasmHeaps } from "./wasm-heaps.ts";

const USAGE = `Usage: node scripts/true-size.mjs SET FILE... [options]

  SET                       a folder of training/checkpoint_set.py, such as one of --size full
  FILE                      which of its files to import, such as sd/single.safetensors

  --precision <fp16|fp32>   with or without shader-f16 (default fp16)
  --four-bit                a Kosmos-G's language model in 4-bit blocks
  --skip <phase>            condition, step or picture; any number of times
  --picture <pixels>        side of the whole picture (default 128)
  --limit <minutes>         for all of it (default 240)
`;

const PHASES = ["condition", "step", "picture"] as const;
type Phase = (typeof PHASES)[number];

export async function main(args: string[]): Promise<void> {
  const string = { type: "string" } as const;
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      precision: { ...string, default: "fp16" },
      "four-bit": { type: "boolean", default: false },
      skip: { ...string, multiple: true, default: [] },
      picture: { ...string, default: "128" },
      limit: { ...string, default: "240" },
      help: { type: "boolean", default: false },
    },
  });
  const [set, ...files] = positionals;
  const { precision } = values;
  const skip = new Set(values.skip);
  const known = (phase: string): phase is Phase => PHASES.some((one) => one === phase);
  if (values.help || !set || files.length === 0 || !values.skip.every(known)) return console.log(USAGE);
  if (precision !== "fp16" && precision !== "fp32") return console.log(USAGE);
  const { executablePath, args: switches } = precision === "fp16" ? quickestBrowser() : fp32Browser();
  if (!executablePath) throw new Error("No Chromium here; npm test installs one.");

  const models = fileURLToPath(new URL("../../public/models", import.meta.url));
  const site = await openSite("test/true-size/index.html", { set, "test/true-size/models": models });
  const profile = await mkdtemp(join(tmpdir(), "kosmos-g-true-size-"));
  const options: PageOptions = {
    wasmPaths: site.wasmPaths,
    setUrl: site.url("set/"),
    precision,
    fourBit: values["four-bit"],
  };
  const browser = { executablePath, args: switches, headless: true };
  const side = Number(values.picture);
  try {
    await readFile(join(set, "expected.json"));
    await withPage(browser, { profile, limitMs: Number(values.limit) * 60_000 }, async (page) => {
      page.on("console", (message) => message.type() === "error" && console.error(message.text()));
      await page.goto(site.pageUrl);
      await page.waitForFunction(() => "trueSize" in window);
      const measure = await startMeasuring(page);
      await page.setInputFiles(
        "#files",
        files.map((file) => join(set, file)),
      );
      await measure("import", async () => {
        const megabytes = await page.evaluate((given) => window.trueSize.importFiles(given), options);
        console.log(`  ${megabytes.toFixed(0)} MB in the store`);
      });
      const compare = async (differences: Promise<Difference[]>) => {
        for (const { name, maxError, deviation } of await differences) {
          const share = ((100 * maxError) / deviation).toFixed(2);
          console.log(`  ${name}: largest error ${maxError.toExponential(1)}, ${share} % of the deviation`);
        }
      };
      if (!skip.has("condition")) {
        await measure("condition", () => compare(page.evaluate((given) => window.trueSize.condition(given), options)));
      }
      if (!skip.has("step")) {
        await measure("U-Net step at 128 x 128, decoding", () =>
          compare(page.evaluate((given) => window.trueSize.stepAndDecode(given), options)),
        );
      }
      if (!skip.has("picture")) {
        await measure(`picture of ${side} x ${side}, one step`, async () => {
          await page.evaluate(([given, side]) => window.trueSize.picture(given, side), [options, side] as const);
        });
      }
    });
  } finally {
    await rm(profile, { recursive: true, force: true });
    await site.close();
  }
}

/** @returns runs a phase and says how long it took and what memory was held at most meanwhile */
async function startMeasuring(page: Page) {
  const processes = new ProcessMemory();
  page.once("close", () => void processes.stop());
  return async (name: string, body: () => Promise<void>) => {
    console.log(`${new Date().toTimeString().slice(0, 8)} ${name}`);
    const [heaps, wasm] = [await MemorySampler.start(page), await WasmHeaps.start(page)];
    processes.takePeak();
    const started = performance.now();
    try {
      await body();
    } finally {
      const { perThread } = await heaps.peak(page.context());
      await heaps.stop();
      const wasmPeaks = wasm.takePeaks();
      await wasm.stop();
      console.log(`  ${((performance.now() - started) / 1000).toFixed(0)} s; ${processLine(processes.takePeak())}`);
      console.log(`  JS heap ${megabytesOf(perThread)}; wasm heap ${megabytesOf(wasmPeaks)}`);
    }
  };
}

function processLine({ total, byKind }: ProcessPeak): string {
  return `all processes ${megabytes(total)} MB at most (${megabytesOf(byKind)})`;
}

function megabytesOf(sizes: Record<string, number>): string {
  const named = Object.entries(sizes).filter(([, bytes]) => bytes > 1e6);
  return named.map(([name, bytes]) => `${name} ${megabytes(bytes)} MB`).join(", ") || "none";
}

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
