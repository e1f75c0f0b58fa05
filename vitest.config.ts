import { playwright } from "@vitest/browser-playwright";
import { defineConfig, mergeConfig } from "vitest/config";
import { findF16Chromium, fp32Browser } from "./scripts/chromium.mjs";
import viteConfig from "./vite.config.ts";

/** The first run of a network compiles its shaders: 90 s on a software adapter, more where two cores have other work. */
const TIMEOUT = 600_000;

/** The tests of test/browser in one real browser, one page at a time. */
function browserProject(
  precision: "fp16" | "fp32",
  { executablePath, args }: { executablePath: string | undefined; args: string[] },
) {
  return {
    extends: true as const,
    test: {
      name: precision,
      include: ["test/browser/**/*.test.{ts,tsx}"],
      testTimeout: TIMEOUT,
      hookTimeout: TIMEOUT,
      provide: { precision },
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
        browserProject("fp16", { executablePath: findF16Chromium(), args: [] }),
      ],
    },
  }),
);
