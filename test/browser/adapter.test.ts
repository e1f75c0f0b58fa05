import { expect, test } from "vitest";
import { fixtureBytes, fixtureJson } from "../support/fixtures.ts";
import { precision } from "../support/precision.ts";

/** Asks for the adapter inside a module worker, where the engine does. */
async function featuresInWorker(): Promise<string[]> {
  const source = "navigator.gpu.requestAdapter().then((a) => postMessage(a ? [...a.features] : []))";
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })), { type: "module" });
  try {
    return await new Promise<string[]>((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<string[]>) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
  } finally {
    worker.terminate();
  }
}

test("the adapter is the one that this run is named after", async () => {
  const adapter = await navigator.gpu.requestAdapter();
  expect(adapter).not.toBeNull();
  expect(adapter?.features.has("shader-f16")).toBe(precision === "fp16");
});

test("a module worker sees the same adapter", async () => {
  const features = await featuresInWorker();
  expect(features).not.toEqual([]);
  expect(features.includes("shader-f16")).toBe(precision === "fp16");
});

test("the page is not cross-origin isolated: nothing may need shared memory", () => {
  expect(crossOriginIsolated).toBe(false);
});

test("fixtures come as the bytes that they are", async () => {
  const bytes = await fixtureBytes("01_modules/clip/weights.safetensors");
  const headerLength = new DataView(bytes.buffer).getBigUint64(0, true);
  expect(headerLength > 2n && headerLength < BigInt(bytes.length)).toBe(true);
  const config = await fixtureJson<Record<string, unknown>>("01_modules/clip/config.json");
  expect(Object.keys(config).length).toBeGreaterThan(0);
  await expect(fixtureBytes("no/such.file")).rejects.toThrow("No fixture no/such.file");
});
