/** A whole model: a first visit with two pictures, and a second visit. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright";
import type { DeviceReport } from "../../workers/protocol.ts";
import type { Bundle } from "../../workers/weights/bundle.ts";
import { type BrowserChoice, openBench, withPage } from "./browser.ts";
import { MemorySampler } from "./memory.ts";
import type { EngineRequest } from "./page.ts";
import type { ModelResult } from "./report.ts";
import type { Site } from "./site.ts";

/** What all parts share. */
export interface Bench {
  readonly site: Site;
  readonly browser: BrowserChoice;
  /** For each part. */
  readonly limitMs: number;
  readonly bundle: Bundle;
  readonly bundleFolder: string;
  readonly precision?: "fp16" | "fp32";
}

/** What the page needs to start the engine. */
export function engineRequest({ site, precision }: Bench): Omit<EngineRequest, "steps"> {
  return { bundleUrl: site.url("bundle/"), wasmPaths: site.wasmPaths, ...(precision && { precision }) };
}

/** As many tokens each. */
const BEACH = " on the beach";
const FOREST = " in the forest";

/** @throws Error with the engine's own message, or when the page dies or runs out of time */
export async function measureModel(bench: Bench, steps: number): Promise<{ model: ModelResult; device: DeviceReport }> {
  const { site, browser, bundle, limitMs } = bench;
  const request = { ...engineRequest(bench), steps };
  const load = (page: Page) => page.evaluate((request) => window.bench.load(request), request);
  const picture = (page: Page, words: string) =>
    page.evaluate(([request, words]) => window.bench.picture(request, words), [request, words] as const);
  const profile = await mkdtemp(join(tmpdir(), "kosmos-g-profile-"));
  try {
    const first = await withPage(browser, { profile, limitMs }, async (page, context) => {
      await openBench(page, site);
      const sampler = await MemorySampler.start(page);
      const loaded = await load(page);
      const { times, device } = await picture(page, BEACH);
      const memory = await sampler.peak(context);
      await sampler.stop();
      const second = (await picture(page, FOREST)).times;
      return { cold: { ...loaded, picture: times }, device, memory, second, same: (await picture(page, FOREST)).times };
    });
    const secondVisit = await withPage(browser, { profile, limitMs }, async (page) => {
      await openBench(page, site);
      return { ...(await load(page)), picture: (await picture(page, BEACH)).times };
    });
    const { width, height } = bundle.defaults;
    const bytes = Object.values(bundle.files).reduce((sum, { size }) => sum + size, 0);
    return {
      model: {
        name: bundle.name,
        megabytes: bytes / 1e6,
        steps,
        pixels: `${width}×${height}`,
        cold: first.cold,
        secondPicture: first.second,
        samePrompt: first.same,
        secondVisit,
        memory: first.memory,
      },
      device: first.device,
    };
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
}
