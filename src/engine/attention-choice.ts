/** Which form of attention this device gets right: tested once an adapter and model, then remembered. */
import { createStore, get, set } from "idb-keyval";
import type { AttentionChoice } from "../../workers/protocol.ts";
import type { SelfTestReply, SelfTestRequest } from "../../workers/self-test.worker.ts";
import { type Bundle, isKosmosG } from "../../workers/weights/bundle.ts";
import { WorkerClient } from "./worker-client.ts";

/** A test that takes longer hangs: its worker is ended and attention stays plain. */
const TIME_LIMIT_MS = 20_000;

/** Raised when a new version of ORT or of the test makes old outcomes worthless. */
const TEST_VERSION = 1;

const plain = (reason: string): AttentionChoice => ({ form: "plain", reason });

/**
 * @param wasmPaths as in WorkerOptions
 * @param onTest called when a test is really run
 */
export async function chooseAttention(
  adapter: GPUAdapter,
  bundle: Bundle,
  wasmPaths: string,
  onTest: () => void,
): Promise<AttentionChoice> {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  if (isFallbackAdapter) return plain("a software adapter: the fused kernel is known to be wrong or to hang there");

  const headDims = headDimsOf(bundle);
  const f16 = adapter.features.has("shader-f16");
  const key = JSON.stringify([
    TEST_VERSION,
    vendor,
    architecture,
    device,
    description,
    f16,
    headDims,
    navigator.userAgent,
  ]);
  const store = createStore("kosmosg-devices", "attention");
  const known = await get<AttentionChoice>(key, store).catch(() => undefined);
  if (known) return known;
  onTest();
  const choice = await runSelfTest(headDims, wasmPaths);
  // Forgotten where the browser keeps nothing: then it is tested again.
  await set(key, choice, store).catch(() => {});
  return choice;
}

/** Widths of one attention head of all networks in use, each once. */
export function headDimsOf(bundle: Bundle): number[] {
  const { config: unet } = bundle.components.unet;
  const heads = unet.attention_head_dim;
  const dims = [
    ...readersHeadDims(bundle),
    ...unet.block_out_channels.map((width, level) => width / (typeof heads === "number" ? heads : (heads[level] ?? 1))),
  ];
  return [...new Set(dims)].sort((a, b) => a - b);
}

/** Of the networks that read the prompt. */
function readersHeadDims(bundle: Bundle): number[] {
  if (!isKosmosG(bundle)) {
    const { config } = bundle.components.text_encoder;
    return [config.hidden_size / config.num_attention_heads];
  }
  const { clip_vision: clip, resampler, gpt, aligner } = bundle.components;
  return [
    clip.config.width / clip.config.heads,
    resampler.config.out_dim / resampler.config.heads,
    gpt.config.embed_dim / gpt.config.heads,
    aligner.config.dim / aligner.config.heads,
  ];
}

async function runSelfTest(headDims: number[], wasmPaths: string): Promise<AttentionChoice> {
  const worker = new Worker(new URL("../../workers/self-test.worker.ts", import.meta.url), {
    type: "module",
    name: "self-test",
  });
  const client = new WorkerClient<SelfTestRequest, SelfTestReply>(worker, () => {});
  const timer = setTimeout(() => client.end(), TIME_LIMIT_MS);
  try {
    const { result } = await client.call({ type: "run", wasmPaths, headDims }, ["result"]);
    return { form: result.choice, reason: result.reason };
  } catch {
    return plain(`the self-test gave no answer in ${TIME_LIMIT_MS / 1000} s`);
  } finally {
    clearTimeout(timer);
    client.end();
  }
}
