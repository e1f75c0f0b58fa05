/** Imported checkpoints whose weights drive a network beyond float16: pictures as in float32, not black ones. */
import { beforeEach, describe, expect, inject, test } from "vitest";
import { componentsKnownToOverflow } from "../../workers/pipeline/component-precision.ts";
import { createConditionPipeline } from "../../workers/pipeline/create-condition-pipeline.ts";
import { DiffusionPipeline } from "../../workers/pipeline/diffusion.ts";
import { createRuntime } from "../../workers/pipeline/runtime.ts";
import type { Picture, StoredBundle } from "../../workers/protocol.ts";
import { fromFloat16Bits, toFloat16Bits } from "../../workers/weights/float16.ts";
import { appTokenizer } from "../../workers/weights/import/app-tokenizers.ts";
import { importModel } from "../../workers/weights/import/import-model.ts";
import { readSafetensorsHeader } from "../../workers/weights/safetensors.ts";
import { openWeightStore } from "../../workers/weights/store.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { wasmPaths } from "../support/ort-paths.ts";
import { precision } from "../support/precision.ts";
import { psnr } from "../support/psnr.ts";

const SET = new URL(`/test/generated/${inject("checkpoints")}/`, location.origin);
const assets = new URL("/models/", location.origin).href;
const there = (await fetch(new URL("expected.json", SET))).headers.get("content-type")?.includes("json") ?? false;
const half = precision === "fp16";
const SIDE = 64;

const fetched = async (path: string) => ({ name: path, blob: await (await fetch(new URL(path, SET))).blob() });

/** The same safetensors file with one of its F16 tensors multiplied. */
async function scaled({ name, blob }: { name: string; blob: Blob }, tensor: string, factor: number) {
  const { tensors } = await readSafetensorsHeader(name, blob);
  const location = tensors.get(tensor);
  if (location?.dtype !== "F16") throw new Error(`${tensor}: ${location?.dtype}`);
  const bytes = await blob.arrayBuffer();
  const view = new Uint16Array(bytes, location.offset, location.length / 2);
  view.set(toFloat16Bits(fromFloat16Bits(view).map((value) => value * factor)));
  return { name, blob: new Blob([bytes]) };
}

describe.skipIf(!there)(`networks beyond float16, ${precision}`, async () => {
  const store = await openWeightStore(undefined);
  const attention = { form: "plain", reason: "test" } as const;
  const runtime = await createRuntime({ wasmPaths, precision, attention });
  const reference = await createRuntime({ wasmPaths, precision: "fp32", attention });

  beforeEach(
    () =>
      new Promise<void>((resolve, reject) => {
        const forgetting = indexedDB.open("kosmosg-float32");
        forgetting.onupgradeneeded = () => forgetting.result.createObjectStore("components");
        forgetting.onsuccess = () => {
          const transaction = forgetting.result.transaction("components", "readwrite");
          transaction.objectStore("components").clear();
          transaction.oncomplete = () => {
            forgetting.result.close();
            resolve();
          };
        };
        forgetting.onerror = () => reject(forgetting.error);
      }),
  );

  async function imported(id: string, files: { name: string; blob: Blob }[]): Promise<StoredBundle> {
    const tokenizer = (reader: Parameters<typeof appTokenizer>[0]) => appTokenizer(reader, assets);
    return importModel(files, { id, name: id, license: "MIT" }, { store, tokenizer });
  }

  /** Words -> picture on a device, by networks that are built for it. */
  async function drawn({ bundle, files }: StoredBundle, on = runtime, previewEvery = 0) {
    const phases: string[] = [];
    const previews: Picture[] = [];
    const onPhase = (phase: string) => void phases.push(phase);
    const hooks = { signal: new AbortController().signal, onPhase };
    const weights = await WeightFiles.open({ files });
    // Of the reference too: what is asked here is what comes behind the words.
    const conditions = await createConditionPipeline(reference, bundle, weights);
    const { condition } = await conditions.encode([{ kind: "text", text: "a fox" }], hooks);
    const settings = { ...bundle.defaults, guidanceScale: 1, eta: 0, seed: 1, steps: 2, previewEvery };
    const size = { width: SIDE, height: SIDE };
    const { picture } = await new DiffusionPipeline(on, bundle, weights).sample(
      condition,
      null,
      { ...settings, ...size },
      { ...hooks, onStep: () => phases.push("step"), onPreview: (_, preview) => previews.push(preview) },
    );
    return { picture, phases, previews };
  }

  const isPicture = ({ data }: Picture) => expect(new Set(data).size).toBeGreaterThan(8);
  const again = half ? ["float32"] : [];

  test("a U-Net: drawn anew in float32, and at once the next time", async () => {
    const single = await fetched("sd/single.safetensors");
    // The first convolution: behind it every block starts with a norm, which takes the factor out again.
    const model = await imported("wide-unet", [
      await scaled(single, "model.diffusion_model.input_blocks.0.0.weight", 2 ** 17),
    ]);
    const expected = await drawn(model, reference);
    isPicture(expected.picture);
    const first = await drawn(model);
    expect(first.phases.filter((phase) => phase === "float32")).toEqual(again);
    expect(psnr(first.picture.data, expected.picture.data)).toBeGreaterThan(60);
    // Another worker, or the next visit.
    const next = await drawn(model);
    expect(next.phases).not.toContain("float32");
    expect(psnr(next.picture.data, expected.picture.data)).toBeGreaterThan(60);
    expect(await componentsKnownToOverflow(model.bundle)).toEqual(new Set(half ? ["unet"] : []));
    const plain = await imported("plain", [single]);
    expect((await drawn(plain)).phases).not.toContain("float32");
    expect(await componentsKnownToOverflow(plain.bundle)).toEqual(new Set());
  });

  test.runIf(half)("a preview that shows it ends the steps that would come to nothing", async () => {
    const single = await fetched("sd/single.safetensors");
    const model = await imported("wide-unet-previews", [
      await scaled(single, "model.diffusion_model.input_blocks.0.0.weight", 2 ** 17),
    ]);
    const { phases, previews } = await drawn(model, runtime, 1);
    expect(phases.slice(0, phases.indexOf("float32")).filter((phase) => phase === "step")).toHaveLength(1);
    expect(previews).toHaveLength(1);
  });

  test("a small decoder: decoded anew in float32, without another step", async () => {
    const taesd = await fetched("taesd/taesd_decoder.safetensors");
    const model = await imported("wide-decoder", [
      await fetched("diffusers/unet/diffusion_pytorch_model.safetensors"),
      await fetched("diffusers/text_encoder/model.safetensors"),
      // The last one: what a NaN inside becomes at a ReLU is up to the device.
      await scaled(taesd, "19.weight", 2 ** 20),
    ]);
    const expected = await drawn(model, reference);
    const { picture, phases } = await drawn(model);
    expect(phases.filter((phase) => phase === "float32" || phase === "step")).toEqual(["step", "step", ...again]);
    // All is black or white in it: the U-Net's rounding turns some values over.
    expect(psnr(picture.data, expected.picture.data)).toBeGreaterThan(20);
  });

  test("a text encoder: read anew in float32", async () => {
    const single = await fetched("sd/single.safetensors");
    const name = "cond_stage_model.transformer.text_model.encoder.layers.0.mlp.fc1.weight";
    const { bundle, files } = await imported("wide-words", [await scaled(single, name, 2 ** 16)]);
    const weights = await WeightFiles.open({ files });
    const phases: string[] = [];
    const hooks = { signal: new AbortController().signal, onPhase: (phase: string) => void phases.push(phase) };
    const words = [{ kind: "text" as const, text: "a fox" }];
    const { condition } = await (await createConditionPipeline(runtime, bundle, weights)).encode(words, hooks);
    const expected = await (await createConditionPipeline(reference, bundle, weights)).encode(words, hooks);
    expect(phases.filter((phase) => phase === "float32")).toEqual(again);
    expect(condition.data.every(Number.isFinite)).toBe(true);
    const largest = Math.max(...condition.data.map((x, i) => Math.abs(x - (expected.condition.data[i] as number))));
    expect(largest).toBeLessThan(1e-3);
  });

  test("no numbers in float32 either: an error, and no black picture", async () => {
    const single = await fetched("sd/single.safetensors");
    const name = "first_stage_model.decoder.conv_in.weight";
    const model = await imported("broken", [await scaled(single, name, Number.NaN)]);
    await expect(drawn(model)).rejects.toMatchObject({
      code: "not-finite",
      message: expect.stringContaining("The VAE of this model gives no numbers, not even in float32."),
    });
  });
});
