import { playwright } from "@vitest/browser-playwright";
import { defineConfig, mergeConfig } from "vitest/config";
import { findChromium, findF16Chromium, fp32Browser, SWIFTSHADER_ARGS } from "./scripts/chromium.mjs";
import viteConfig from "./vite.config.ts";

/** The first run of a network compiles its shaders: 90 s on a software adapter, more where two cores have other work. */
const TIMEOUT = 600_000;

/** What the driver of the other browsers cannot end. */
const STOCK_ONLY = "test/browser/attention-self-test.test.ts";

/** Tests of test/browser in one real browser, one page at a time. */
function browserProject(
  name: "fp16" | "fp32" | "stock",
  { executablePath, args }: { executablePath: string | undefined; args: string[] },
) {
  const files =
    name === "stock"
      ? { include: [STOCK_ONLY] }
      : { include: ["test/browser/**/*.test.{ts,tsx}"], exclude: [STOCK_ONLY] };
  const precision: "fp16" | "fp32" = name === "fp16" ? "fp16" : "fp32";
  return {
    extends: true as const,
    test: {
      name,
      ...files,
      testTimeout: TIMEOUT,
      hookTimeout: TIMEOUT,
      provide: { precision, checkpoints: process.env.CHECKPOINTS ?? "checkpoints" },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { ...(executablePath && { executablePath }), args } }),
        instances: [{ browser: "chromium" as const }],
      },
    },
  };
}

export default mergeConfig(
  viteConfig,
  defineConfig({
    test: {
      // Browsers on software adapters take every core that they get.
      fileParallelism: false,
      projects: [
        { extends: true, test: { name: "unit", include: ["test/unit/**/*.test.ts"], environment: "node" } },
        browserProject("fp32", fp32Browser()),
        browserProject("stock", { executablePath: findChromium(), args: SWIFTSHADER_ARGS }),
        browserProject("fp16", { executablePath: findF16Chromium(), args: [] }),
      ],
    },
  }),
);
