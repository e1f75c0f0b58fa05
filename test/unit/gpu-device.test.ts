import { afterEach, expect, test, vi } from "vitest";
import { createDevice, requestAdapter } from "../../workers/gpu/device.ts";

// What a browser without WebGPU, and a page without https, look like from inside; the rest is tested in real browsers.
afterEach(() => vi.unstubAllGlobals());

test.each([
  ["insecure-context", false, {}, "https"],
  ["no-webgpu", true, {}, "no WebGPU"],
  ["no-adapter", true, { gpu: { requestAdapter: async () => null } }, "graphics driver"],
])("%s has its own code and says what to do", async (code, isSecureContext, navigator, words) => {
  vi.stubGlobal("isSecureContext", isSecureContext);
  vi.stubGlobal("navigator", navigator);
  await expect(requestAdapter()).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
});

test("an adapter without f16 and subgroups gives a device without them; limits it does not name are not asked for", async () => {
  const asked: GPUDeviceDescriptor[] = [];
  const adapter = {
    features: new Set(["subgroups"]),
    limits: { maxBufferSize: 1 << 28 },
    requestDevice: async (descriptor: GPUDeviceDescriptor) => {
      asked.push(descriptor);
      return { lost: new Promise(() => {}) };
    },
  } as unknown as GPUAdapter;
  await createDevice(adapter);
  await createDevice(adapter, { subgroups: true });
  expect(asked).toEqual([
    { requiredFeatures: [], requiredLimits: { maxBufferSize: 1 << 28 } },
    { requiredFeatures: ["subgroups"], requiredLimits: { maxBufferSize: 1 << 28 } },
  ]);
});

test("a device that was lost before it came is an error, not a device", async () => {
  const adapter = {
    features: new Set(),
    limits: {},
    requestDevice: async () => ({ lost: Promise.resolve({ reason: "unknown", message: "gone" }) }),
  } as unknown as GPUAdapter;
  await expect(createDevice(adapter)).rejects.toMatchObject({ code: "no-adapter", detail: "gone" });
});
