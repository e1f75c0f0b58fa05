import { expect, test } from "vitest";
import { Graph } from "../../workers/onnx/graph.ts";
import { relu } from "../../workers/onnx/ops.ts";
import type { Ort } from "../../workers/onnx/ort.ts";
import { createSession } from "../../workers/onnx/session.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";

const MiB = 2 ** 20;
const device = { limits: { maxStorageBufferBindingSize: 128 * MiB, maxBufferSize: 256 * MiB } } as GPUDevice;

function graph(floats: number): Graph {
  const nothing = { get: () => undefined, names: () => [] };
  const g = new Graph("decoder", nothing, { dtype: "float32", attention: "plain", maxBufferBytes: 128 * MiB });
  g.output("y", relu(g, g.input("x", "float32", [floats])));
  return g;
}

/** Says that it was asked. */
const ort = { InferenceSession: { create: () => Promise.reject(new Error("asked")) } } as unknown as Ort;

test("a buffer over the device's limits is told before anything is built", async () => {
  const weights = await WeightFiles.open({ files: {} });
  await expect(createSession(ort, graph(32 * MiB + 1), { weights, device })).rejects.toMatchObject({
    code: "too-large",
    message: expect.stringMatching(/buffer of 134 MB.*allows 134 MB.*smaller picture/),
    detail: "decoder",
  });
  const scoped = { ...device, pushErrorScope: () => {}, popErrorScope: async () => null } as unknown as GPUDevice;
  const fitting = createSession(ort, graph(32 * MiB), { weights, device: scoped });
  await expect(fitting).rejects.toMatchObject({ code: "internal", detail: "asked" });
});
