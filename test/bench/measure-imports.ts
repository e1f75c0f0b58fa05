/** Checkpoints of training/checkpoint_set.py in each format: into the store, and from there to the device. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBench, withPage } from "./browser.ts";
import { type Bench, engineRequest } from "./measure-model.ts";
import { reason } from "./measure-unet.ts";
import { MemorySampler } from "./memory.ts";
import type { ImportResult } from "./report.ts";

interface Format {
  readonly name: string;
  /** Of the set: a file, or a folder. */
  readonly path: string;
  /** The format whose model lends what the file lacks. */
  readonly base?: string;
  /** The language model in 4-bit blocks. */
  readonly fourBit?: boolean;
}

/** In this order: a lender is imported before. */
const FORMATS: readonly Format[] = [
  { name: "SD 1.5, one safetensors file", path: "sd/single.safetensors" },
  { name: "SD 1.5, one .ckpt (torch, zip)", path: "sd/finetuned.ckpt" },
  { name: "SD 1.5, diffusers' folder", path: "diffusers" },
  { name: "Kosmos-G, .pt (torch, zip)", path: "kosmosg/checkpoint_final.pt" },
  { name: "Kosmos-G, .pt, 4-bit", path: "kosmosg/checkpoint_final.pt", fourBit: true },
  {
    name: "Kosmos-G without U-Net, .pt (torch, legacy stream)",
    path: "kosmosg/checkpoint_without_unet.pt",
    base: "sd/single.safetensors",
  },
];

/** As ids are. */
const idOf = (path: string, fourBit = false) =>
  `${path.toLowerCase().replace(/[^a-z0-9]+/g, "-")}${fourBit ? "-4-bit" : ""}`;

/**
 * @param set folder that the script wrote
 * @returns a row a format; what failed says why
 */
export async function measureImports(bench: Bench, set: string, say: (what: string) => void): Promise<ImportResult[]> {
  const results: ImportResult[] = [];
  const profile = await mkdtemp(join(tmpdir(), "kosmos-g-profile-"));
  try {
    for (const format of FORMATS) {
      const { name, path } = format;
      say(`${name}: import`);
      if (!existsSync(join(set, path))) {
        results.push({ name, trouble: "not in the set" });
        continue;
      }
      try {
        results.push({ name, ...(await measureImport(bench, profile, set, format)) });
      } catch (error) {
        results.push({ name, trouble: reason(error) });
      }
    }
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
  return results;
}

/** In a browser of its own on the same profile: what one import leaves in memory is not the next one's. */
function measureImport(
  bench: Bench,
  profile: string,
  set: string,
  { path, base, fourBit = false }: Format,
): Promise<Omit<ImportResult, "name">> {
  return withPage(bench.browser, { profile, limitMs: bench.limitMs }, async (page, context) => {
    await openBench(page, bench.site);
    await page.setInputFiles(path.includes(".") ? "#files" : "#folder", join(set, path));
    const request = engineRequest(bench);
    const sampler = await MemorySampler.start(page);
    const choice = { id: idOf(path, fourBit), fourBit, ...(base && { base: idOf(base) }) };
    const times = await page.evaluate(([choice, request]) => window.bench.importFiles(choice, request), [
      choice,
      request,
    ] as const);
    const memory = await sampler.peak(context);
    await sampler.stop();
    const { build } = await page.evaluate((request) => window.bench.load(request), {
      ...request,
      bundleUrl: choice.id,
      steps: 1,
    });
    return { times, memory, build: { seconds: build, bytes: times.stored } };
  });
}
