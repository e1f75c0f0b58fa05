/** One browser on one profile, and its page. */
import { type BrowserContext, chromium, type Page } from "playwright";
import { SWIFTSHADER_ARGS } from "../../scripts/chromium.mjs";
import { ensureChromium, ensureF16Chromium } from "../../scripts/install-chromium.mjs";
import type { Site } from "./site.ts";

export const ADAPTERS = ["fp32", "fp16", "gpu"] as const;
/** The software adapters that the tests run on, without and with shader-f16; or the machine's own GPU. */
export type Adapter = (typeof ADAPTERS)[number];

export interface BrowserChoice {
  readonly executablePath: string;
  readonly args: readonly string[];
  readonly headless: boolean;
}

/** @throws Error when there is no such browser here and none can be installed */
export function chooseBrowser(adapter: Adapter, executable: string | undefined, headed: boolean): BrowserChoice {
  const headless = !headed;
  if (adapter === "gpu") {
    const vulkan = process.platform === "linux" ? ["--enable-features=Vulkan"] : [];
    return { executablePath: executable ?? ensureChromium(), args: ["--enable-unsafe-webgpu", ...vulkan], headless };
  }
  if (adapter === "fp32") return { executablePath: executable ?? ensureChromium(), args: SWIFTSHADER_ARGS, headless };
  const executablePath = executable ?? ensureF16Chromium();
  if (!executablePath) {
    throw new Error("No Chromium with shader-f16 here; scripts/f16-chromium/setup.sh makes one on Debian as root.");
  }
  return { executablePath, args: [], headless };
}

/** Opens the bench's page, lets `body` use it, closes the browser. Rejects when the page dies or after `limitMs`. */
export async function withPage<T>(
  { executablePath, args, headless }: BrowserChoice,
  { profile, limitMs }: { profile: string; limitMs: number },
  body: (page: Page, context: BrowserContext) => Promise<T>,
): Promise<T> {
  // Mesa keeps compiled shaders for itself: a fresh profile would not be cold.
  const env = { ...process.env, MESA_SHADER_CACHE_DIR: profile };
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: [...args], headless, env });
  let timer: NodeJS.Timeout | undefined;
  try {
    const page = await context.newPage();
    const died = new Promise<never>((_, reject) => {
      page.on("crash", () => reject(new Error("the page crashed, perhaps for lack of memory")));
      context.on("close", () => reject(new Error("the browser ended")));
      timer = setTimeout(() => reject(new Error(`no end after ${limitMs / 60_000} minutes`)), limitMs);
    });
    return await Promise.race([died, body(page, context)]);
  } finally {
    clearTimeout(timer);
    await context.close().catch(() => {});
  }
}

export async function openBench(page: Page, { pageUrl }: Site): Promise<void> {
  await page.goto(pageUrl);
  await page.waitForFunction(() => "bench" in window);
}
