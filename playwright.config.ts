import { defineConfig } from "@playwright/test";
import { findChromium, findF16Chromium, fp32Browser, SWIFTSHADER_ARGS } from "./scripts/chromium.mjs";

/** Several runs on one machine: each with its own port and build. */
const PORT = Number(process.env.PORT ?? 4199);
const DIST = process.env.DIST ?? "dist";
const f16Chromium = findF16Chromium();
/**
 * Journeys that compute run on both adapters, but for those that are `@once` (minutes of waiting); what is the page's alone, on one; on
 * the other where it is the only one. Those that are `@stock` run in the stock browser as well.
 */
const COMPUTING = /\/(cutout|flow-mouse|generate|queue|recovery)\.spec\.ts$/;

/** Whole journeys over the built app (`npm run build` first). */
export default defineConfig({
  testDir: "test/e2e",
  outputDir: "test-results/journeys",
  workers: 1,
  // The first picture compiles every shader on a software adapter; a device that falls silent is waited for (SILENCE_MS of the engine).
  timeout: 900_000,
  expect: { timeout: 30_000 },
  // Routes and requests are those of the page; the journeys of the service worker open contexts of their own.
  use: {
    baseURL: `http://127.0.0.1:${PORT}/`,
    serviceWorkers: "block",
    headless: true,
    screenshot: "only-on-failure",
    actionTimeout: 120_000,
  },
  webServer: {
    command: `npx vite preview --host 127.0.0.1 --port ${PORT} --strictPort --outDir ${DIST}`,
    port: PORT,
    reuseExistingServer: false,
  },
  projects: [
    {
      name: "fp32",
      ...(f16Chromium && { testMatch: COMPUTING, grepInvert: /@once/ }),
      use: { launchOptions: fp32Browser() },
    },
    {
      name: "stock",
      testMatch: "generate.spec.ts",
      grep: /@stock/,
      use: { launchOptions: { executablePath: findChromium(), args: SWIFTSHADER_ARGS } },
    },
    ...(f16Chromium ? [{ name: "fp16", use: { launchOptions: { executablePath: f16Chromium } } }] : []),
  ],
});
