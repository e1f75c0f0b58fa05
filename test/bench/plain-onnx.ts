/** The plain pipeline's U-Net, by training/export_unet_onnx.py. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { UNetConfig } from "../../workers/weights/bundle.ts";

const SCRIPT = fileURLToPath(new URL("../../training/export_unet_onnx.py", import.meta.url));
const OWN_PYTHON = fileURLToPath(new URL("../../training/.venv/bin/python", import.meta.url));
const TIME_LIMIT_MS = 30 * 60_000;

/** A Python that has what the export needs, or why there is none. */
export function findPython(asked?: string): { python: string } | { trouble: string } {
  const candidates = asked
    ? [asked]
    : [OWN_PYTHON, "python3"].filter((name) => !name.includes("/") || existsSync(name));
  for (const python of candidates) {
    const probe = spawnSync(python, ["-c", "import diffusers, onnx, safetensors, torch"], { stdio: "ignore" });
    if (probe.status === 0) return { python };
  }
  return {
    trouble: `no Python with torch, diffusers, onnx and safetensors (tried ${candidates.join(", ")}); name one with --python`,
  };
}

export interface ExportRequest {
  python: string;
  weights: readonly string[];
  prefix: string;
  config: UNetConfig;
  precision: "fp16" | "fp32";
  height: number;
  width: number;
  tokens: number;
  out: string;
}

/** Writes `out`. Throws when the export fails, with the last line that Python said. */
export async function exportPlainOnnx(request: ExportRequest): Promise<void> {
  const configFile = `${request.out}.config.json`;
  await writeFile(configFile, JSON.stringify(request.config));
  const options = {
    config: configFile,
    prefix: request.prefix,
    dtype: request.precision === "fp16" ? "float16" : "float32",
    batch: 2,
    height: request.height,
    width: request.width,
    tokens: request.tokens,
  };
  const args = [SCRIPT, request.out, ...request.weights.flatMap((file) => ["--weights", file])];
  for (const [name, value] of Object.entries(options)) args.push(`--${name}=${value}`);
  const { status, stderr, error } = spawnSync(request.python, args, { encoding: "utf8", timeout: TIME_LIMIT_MS });
  if (status !== 0) throw new Error(`the export failed: ${error?.message ?? stderr.trim().split("\n").at(-1)}`);
}
