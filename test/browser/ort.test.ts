import { expect, test } from "vitest";
import { loadOrt } from "../../workers/onnx/ort.ts";
import type { GemmReply, GemmRequest } from "../support/ort-gemm.worker.ts";
import { wasmPaths } from "../support/ort-paths.ts";
import { precision } from "../support/precision.ts";

const x = [
  [1, 2, 3, 4, 5],
  [0, 1, 0, 2, 0],
  [7, 0, 1, 1, 3],
];
const weight = [
  [1, 0, 2, 0, 3],
  [5, 4, 3, 2, 1],
  [0, 0, 0, 9, 0],
  [1, 1, 1, 1, 1],
];
const bias = [10, 20, 30, 40];

async function inWorker(request: Pick<GemmRequest, "withoutJspi" | "wasmPaths">): Promise<GemmReply> {
  const worker = new Worker(new URL("../support/ort-gemm.worker.ts", import.meta.url), { type: "module" });
  try {
    return await new Promise<GemmReply>((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<GemmReply>) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ ...request, precision, x, weight, bias } satisfies GemmRequest);
    });
  } finally {
    worker.terminate();
  }
}

test.each([
  { build: "jspi", withoutJspi: false },
  { build: "asyncify", withoutJspi: true },
])("a worker runs a model on its own device, weights from a Blob: $build", async ({ build, withoutJspi }) => {
  const reply = await inWorker({ withoutJspi, wasmPaths });
  expect(reply.error).toBeUndefined();
  const expected = x.flatMap((row) =>
    weight.map((w, n) => row.reduce((sum, v, k) => sum + v * (w[k] ?? 0), bias[n] ?? 0)),
  );
  expect(reply.y).toEqual(expected);
  expect(reply.wasm).toEqual([`${wasmPaths}ort-wasm-simd-threaded.${build}.wasm`]);
  expect(reply.isolated).toBe(false);
});

test("transformers.js stands on the same ORT, with its wasm on our own origin", async () => {
  const ort = await loadOrt(wasmPaths);
  const { env } = await import("@huggingface/transformers");
  expect(env.backends.onnx.wasm).toBe(ort.env.wasm);
  expect(ort.env.wasm.wasmPaths).toBe(wasmPaths);
});

test("wasmPaths must be absolute and a folder", async () => {
  await expect(loadOrt("ort/")).rejects.toThrow(/absolute URL/);
  await expect(loadOrt(new URL("/ort", location.origin).href)).rejects.toThrow(/ends in a slash/);
});

test("the dev server answers for ort/ beside any page, and for nothing else in that folder", async () => {
  const beside = await fetch(new URL("ort/ort-wasm-simd-threaded.jspi.mjs", document.baseURI), { method: "HEAD" });
  expect(beside.headers.get("content-type")).toContain("text/javascript");
  const other = await fetch(new URL("ort/ort.all.mjs", document.baseURI));
  expect(other.headers.get("content-type") ?? "").not.toContain("text/javascript");
});
