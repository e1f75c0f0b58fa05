import { expect, test } from "vitest";
import { say } from "../../workers/messages.ts";
import type { GraphOptions } from "../../workers/onnx/graph.ts";
import { ComponentPrecision, requireFinite } from "../../workers/pipeline/component-precision.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";

/** A safetensors file of float32 vectors. */
function vectors(tensors: Readonly<Record<string, readonly number[]>>): Blob {
  let offset = 0;
  const header: Record<string, object> = {};
  for (const [name, values] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape: [values.length], data_offsets: [offset, offset + values.length * 4] };
    offset += values.length * 4;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const length = new BigUint64Array([BigInt(json.length)]);
  return new Blob([length, json, ...Object.values(tensors).map((values) => Float32Array.from(values))]);
}

const graphOptions =
  (device: GraphOptions["dtype"]) =>
  (dtype = device): GraphOptions => ({ dtype, attention: "plain", maxBufferBytes: 1 });

const weights = await WeightFiles.open({
  files: {
    "unet.safetensors": vectors({ small: [1, -2, 65504], infinite: [Number.NEGATIVE_INFINITY] }),
    "vae.safetensors": vectors({ small: [1, 2], large: [0, -70_000] }),
  },
});
const bundle = {
  files: { "unet.safetensors": { size: 1, sha256: "a" }, "vae.safetensors": { size: 1, sha256: "b" } },
};
const unet = { files: ["unet.safetensors"], prefix: "" };
const vae = { files: ["vae.safetensors"], prefix: "" };

test("a network with a number that float16 cannot hold is computed in float32, the others are not", async () => {
  const precision = new ComponentPrecision({ graphOptions: graphOptions("float16") }, weights, bundle);
  expect(await precision.optionsFor(unet)).toEqual(graphOptions("float16")());
  expect(await precision.optionsFor(vae)).toEqual(graphOptions("float16")("float32"));
  expect(await precision.optionsFor({ ...vae, prefix: "sm" })).toEqual(graphOptions("float16")());
});

test("a device that computes in float32 does so with all", async () => {
  const precision = new ComponentPrecision({ graphOptions: graphOptions("float32") }, weights, bundle);
  expect(await precision.optionsFor(unet)).toEqual(graphOptions("float32")());
});

const UNET = say("U-Net");

test("what a network overflowed in float16 is made anew in float32, once, and it stays there", async () => {
  const precision = new ComponentPrecision({ graphOptions: graphOptions("float16") }, weights, bundle);
  const phases: string[] = [];
  const draw = async () => {
    const { dtype } = await precision.optionsFor(unet);
    requireFinite([1, dtype === "float16" ? Number.POSITIVE_INFINITY : 70_000], UNET, unet);
    return dtype;
  };
  const onPhase = (phase: string) => void phases.push(phase);
  expect(await precision.retrying(onPhase, draw)).toBe("float32");
  expect(await precision.retrying(onPhase, draw)).toBe("float32");
  expect(phases).toEqual(["float32"]);
});

test.each(["float16", "float32"] as const)("no numbers in float32 either, on a %s device: an error", async (device) => {
  const precision = new ComponentPrecision({ graphOptions: graphOptions(device) }, weights, bundle);
  const draw = async () => requireFinite([Number.NaN], UNET, unet);
  await expect(precision.retrying(() => {}, draw)).rejects.toMatchObject({
    code: "not-finite",
    message: expect.stringContaining("The U-Net of this model gives no numbers"),
  });
});

test("other errors pass", async () => {
  const precision = new ComponentPrecision({ graphOptions: graphOptions("float16") }, weights, bundle);
  await expect(
    precision.retrying(
      () => {},
      () => Promise.reject(new TypeError("other")),
    ),
  ).rejects.toThrow("other");
});
