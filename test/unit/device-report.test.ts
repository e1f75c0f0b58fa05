import { expect, test } from "vitest";
import { type DeviceFacts, reportLines, storageLine } from "../../src/device/device-report.ts";
import { deviceTexts } from "../../src/device/texts.ts";
import type { DeviceReport } from "../../src/engine/index.ts";

const t = deviceTexts.en;
const facts: DeviceFacts = {
  vendor: "google",
  architecture: "swiftshader",
  description: "",
  isFallbackAdapter: true,
  shaderF16: false,
  features: ["subgroups", "timestamp-query"],
  limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 128 * 2 ** 20, maxComputeWorkgroupStorageSize: 32768 },
};

test("before a model was loaded the page says what the adapter tells", () => {
  expect(Object.fromEntries(reportLines(t, facts, null))).toEqual({
    Adapter: "google, swiftshader (software, slow)",
    Precision: "fp32: the device has no shader-f16",
    Attention: "tested with the first picture",
    "Largest buffer": "1 GiB",
    "Largest binding": "128 MiB",
    "Workgroup memory": "32 KiB",
    Features: "subgroups timestamp-query",
  });
});

test("afterwards it says what the engine chose", () => {
  const report = { precision: "fp16", attention: { form: "plain", reason: "measured" } } as DeviceReport;
  const lines = Object.fromEntries(reportLines(t, { ...facts, vendor: "", architecture: "", shaderF16: true }, report));
  expect(lines).toMatchObject({
    Adapter: "not named by the browser (software, slow)",
    Precision: "fp16",
    Attention: "plain: measured",
  });
});

test("storage: used, allowed, and whether the browser keeps it", () => {
  expect(storageLine(t, { usage: 29.6e6, quota: 10.7e9 }, false)).toBe(
    "30 MB of about 10.7 GB that the browser allows. The browser may clear it when the disk is full.",
  );
  expect(storageLine(t, { usage: 0, quota: 5e6 }, true)).toContain(t.storageKept);
  expect(storageLine(t, undefined, false)).toBeNull();
});
