/** Self-test worker: made for one question and ended after it, since a kernel that hangs takes its worker with it. */
import { createDevice, requestAdapter } from "./gpu/device.ts";
import {
  type AttentionSelfTestOptions,
  type AttentionSelfTestResult,
  selfTestAttention,
} from "./onnx/attention-self-test.ts";
import { loadOrt } from "./onnx/ort.ts";
import type { WireError } from "./protocol.ts";
import { serve } from "./serve.ts";

/** `dtype` left out: float16 where the device has shader-f16. */
export type SelfTestRequest =
  | ({ id: number; type: "run"; wasmPaths: string } & Omit<AttentionSelfTestOptions, "dtype"> &
      Partial<Pick<AttentionSelfTestOptions, "dtype">>)
  | { id: number; type: "cancel"; target: number };

export type SelfTestReply =
  | { id: number; type: "result"; result: AttentionSelfTestResult }
  | { id: number; type: "error"; error: WireError };

serve<SelfTestRequest, SelfTestReply>(async ({ wasmPaths, headDims, dtype, timeoutMs }, { reply }) => {
  const device = await createDevice(await requestAdapter());
  const result = await selfTestAttention(await loadOrt(wasmPaths), device, {
    headDims,
    dtype: dtype ?? (device.features.has("shader-f16") ? "float16" : "float32"),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  reply({ type: "result", result });
});
