/** The reference networks of test/fixtures/01_modules as one model with the tokenizer of 02_e2e. */

import * as v from "valibot";
import type { StoredBundle } from "../../workers/protocol.ts";
import { type Bundle, Bundle as BundleSchema } from "../../workers/weights/bundle.ts";
import { fixtureBlob, fixtureJson } from "./fixtures.ts";

const MODULES = ["clip", "resampler", "gpt", "aligner", "unet", "vae"] as const;

/** Every file's bytes by the name that the bundle gives it. */
export async function fixtureBundle(): Promise<StoredBundle> {
  const files: Record<string, Blob> = {
    "tokenizer.model": await fixtureBlob("02_e2e/tiny_sentencepiece.model"),
    "dict.txt": await fixtureBlob("02_e2e/dict.txt"),
  };
  for (const module of MODULES)
    files[`${module}.safetensors`] = await fixtureBlob(`01_modules/${module}/weights.safetensors`);
  const config = (module: string) => fixtureJson<Record<string, unknown>>(`01_modules/${module}/config.json`);
  const { sd_scheduler_config } = await fixtureJson<{ sd_scheduler_config: unknown }>("02_e2e/config.json");
  const component = async (module: string) => ({ files: [`${module}.safetensors`], config: await config(module) });
  const bundle: Bundle = v.parse(BundleSchema, {
    version: 1,
    id: "fixture",
    name: "Reference networks",
    description: "Random weights of the published topology.",
    license: "MIT",
    provenance: "test/fixtures/01_modules",
    files: Object.fromEntries(
      Object.entries(files).map(([name, blob]) => [name, { size: blob.size, sha256: "0".repeat(64) }]),
    ),
    components: {
      clip_vision: await component("clip"),
      resampler: await component("resampler"),
      gpt: await component("gpt"),
      aligner: await component("aligner"),
      unet: await component("unet"),
      vae: { type: "AutoencoderKL", ...(await component("vae")) },
      tokenizer: { sentencepiece: "tokenizer.model", dict: "dict.txt" },
      scheduler: sd_scheduler_config,
    },
    defaults: { steps: 10, guidance_scale: 7.5, scheduler: "dpmsolver++", width: 64, height: 64 },
  });
  return { bundle, files };
}
