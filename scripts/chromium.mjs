/**
 * The browsers that the tests run in: the stock Chromium (SwiftShader's WebGPU adapter: no shader-f16) and the one of
 * f16-chromium/setup.sh (llvmpipe: with shader-f16, and the same without). All work without a GPU.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Switches of the stock Chromium: WebGPU on the CPU, in headless too. */
export const SWIFTSHADER_ARGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The stock Chromium: $CHROMIUM, then the system's, then Playwright's own download.
 * @returns {string | undefined}
 */
export function findChromium() {
  const asked = process.env.CHROMIUM;
  if (asked) return isExecutable(asked) ? asked : undefined;
  for (const name of NAMES) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      const path = join(folder, name);
      if (folder && isExecutable(path)) return path;
    }
  }
  const own = chromium.executablePath();
  return own && existsSync(own) ? own : undefined;
}

/**
 * The Chromium with shader-f16: $F16_CHROMIUM, or where f16-chromium/setup.sh puts it.
 * @returns {string | undefined}
 */
export function findF16Chromium() {
  const path = process.env.F16_CHROMIUM ?? "/opt/f16-chromium/chromium";
  return isExecutable(path) ? path : undefined;
}

/**
 * The quickest browser here, for scripts to which either precision will do.
 * @returns {{ executablePath: string | undefined, args: string[] }}
 */
export function quickestBrowser() {
  const f16 = findF16Chromium();
  return f16 ? { executablePath: f16, args: [] } : { executablePath: findChromium(), args: SWIFTSHADER_ARGS };
}

/**
 * The quickest browser here whose adapter has no shader-f16: that of f16-chromium/setup.sh, else the stock one.
 * @returns {{ executablePath: string | undefined, args: string[] }}
 */
export function fp32Browser() {
  const quick = `${findF16Chromium()}-fp32`;
  return isExecutable(quick)
    ? { executablePath: quick, args: [] }
    : { executablePath: findChromium(), args: SWIFTSHADER_ARGS };
}
