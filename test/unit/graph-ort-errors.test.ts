import { expect, test } from "vitest";
import { EngineFault } from "../../workers/faults.ts";
import { say } from "../../workers/messages.ts";
import { ortFault, withOrtFaults } from "../../workers/onnx/ort-errors.ts";

test.each([
  [
    "device-lost",
    "failed to call OrtRun(). ERROR_CODE: 1 ... Download ... map_async_result.status == wgpu::MapAsyncStatus::Success was false.",
  ],
  ["device-lost", "WebGPU device lost (2): GPU connection lost"],
  ["device-lost", '[Device "engine"] is lost.'],
  ["device-lost", "Buffer was unmapped: the device was destroyed"],
  ["out-of-memory", "std::bad_alloc"],
  ["out-of-memory", "Failed to allocate memory for buffer of 3221225472 bytes"],
  ["out-of-memory", "Array buffer allocation failed"],
  ["internal", "Can't create a session. ERROR_CODE: 9, ERROR_MESSAGE: Could not find an implementation for Foo(1)"],
  ["internal", "14528344"],
])("%s: %s", (code, message) => {
  expect(ortFault(new Error(message), say("building {name}", { name: "the U-Net" }))).toMatchObject({
    code,
    detail: message,
  });
});

test("a bare number out of wasm is an internal error that names what was being done", () => {
  const fault = ortFault(14528344, say("building {name}", { name: "the U-Net" }));
  expect(fault).toMatchObject({ code: "internal", detail: "14528344" });
  expect(fault.message).toContain("building the U-Net");
});

test("errors that carry a code pass unchanged", () => {
  const fault = new EngineFault("bad-bundle", say("The model lacks its file {name}. Load it again.", { name: "x" }));
  expect(ortFault(fault, say("reading the prompt"))).toBe(fault);
});

/** A device that reports `exhausted` for whatever was done on it. */
const device = (exhausted: string | null) =>
  ({
    pushErrorScope: () => {},
    popErrorScope: async () => (exhausted === null ? null : { message: exhausted }),
  }) as unknown as GPUDevice;

test("memory that ran out beside the call is what went wrong, even where the call came back", async () => {
  const run = withOrtFaults(device("buffer of 3 GB"), say("running the U-Net"), async () => "result");
  await expect(run).rejects.toMatchObject({ code: "out-of-memory", detail: "out of memory: buffer of 3 GB" });
});

test("a good result passes; a thrown one gets its code", async () => {
  expect(await withOrtFaults(device(null), say("running the U-Net"), async () => "result")).toBe("result");
  const broken = withOrtFaults(device(null), say("running the U-Net"), () =>
    Promise.reject(new Error("WebGPU device lost")),
  );
  await expect(broken).rejects.toMatchObject({ code: "device-lost" });
});
