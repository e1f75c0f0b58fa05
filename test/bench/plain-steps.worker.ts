/**
 * The same steps as a plain pipeline makes them: the U-Net by torch.onnx.export on ORT's defaults, its output read back every step,
 * guidance and scheduler in float32 on the CPU, and latents, condition and timestep sent again.
 */
import type { InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import { randn, TorchGenerator } from "../../workers/gpu/torch-random.ts";
import { loadOrt, type Ort } from "../../workers/onnx/ort.ts";
import { createSchedule } from "../../workers/schedulers/schedule.ts";
import type { SchedulerRow } from "../../workers/schedulers/scheduler-row.ts";
import { serve } from "../../workers/serve.ts";
import { fromFloat16Bits, toFloat16Bits } from "../../workers/weights/float16.ts";
import { CONDITION_SEED, GUIDANCE_SCALE, NOISE_SEED, type StepsReply, type StepsRequest } from "./unet-steps.ts";

interface Stepper {
  readonly ort: Ort;
  readonly session: InferenceSession;
  readonly half: boolean;
  readonly dims: readonly number[];
  readonly latents: Float32Array<ArrayBuffer>;
  readonly history: Float32Array[];
  readonly context: { readonly data: Float32Array<ArrayBuffer>; readonly dims: readonly number[] };
  readonly rows: SchedulerRow[];
}

let stepper: Stepper | undefined;

async function build({ run, options }: Extract<StepsRequest, { type: "build" }>) {
  if (!run.onnxUrl) throw new Error("no exported U-Net");
  const ort = await loadOrt(options.wasmPaths);
  const model = new Uint8Array(await (await fetch(run.onnxUrl)).arrayBuffer());
  const started = performance.now();
  const session = await ort.InferenceSession.create(model, { executionProviders: ["webgpu"] });
  const seconds = (performance.now() - started) / 1000;

  const dims = [1, run.config.in_channels, run.height, run.width];
  const latents = randn(dims, new TorchGenerator(NOISE_SEED));
  const contextDims = [2, run.tokens, run.config.cross_attention_dim];
  stepper = {
    ort,
    session,
    half: options.precision === "fp16",
    dims,
    latents,
    history: [new Float32Array(latents.length)],
    context: { data: randn(contextDims, new TorchGenerator(CONDITION_SEED)), dims: contextDims },
    rows: createSchedule(run.scheduler, { kind: "dpmsolver++", steps: run.steps }),
  };
  return { seconds, report: null };
}

async function step({ ort, session, half, dims, latents, history, context, rows }: Stepper): Promise<number> {
  const started = performance.now();
  const row = rows.shift() as SchedulerRow;
  const size = latents.length;
  const upload = (data: Float32Array<ArrayBuffer>, shape: readonly number[]) =>
    half ? new ort.Tensor("float16", toFloat16Bits(data), shape) : new ort.Tensor("float32", data, shape);

  const both = new Float32Array(2 * size);
  both.set(latents);
  both.set(latents, size);
  const { noise_pred } = await session.run({
    sample: upload(both, [2, ...dims.slice(1)]),
    timestep: new ort.Tensor("int64", [BigInt(row.timestep)], [1]),
    encoder_hidden_states: upload(context.data, context.dims),
  });
  const noise = floats((await (noise_pred as Tensor).getData()) as Float32Array | Uint16Array);
  const memory = history[0] as Float32Array;
  for (let i = 0; i < size; i++) {
    const without = noise[i] as number;
    const output = without + GUIDANCE_SCALE * ((noise[size + i] as number) - without);
    const x = latents[i] as number;
    const next = row.sample * x + row.modelOutput * output + (row.history[0] as number) * (memory[i] as number);
    if (row.store) memory[i] = row.store.sample * x + row.store.modelOutput * output;
    latents[i] = next;
  }
  return (performance.now() - started) / 1000;
}

/** Half floats come as Float16Array where the browser has it, else as their bits. */
function floats(data: Float32Array | Uint16Array): Float32Array {
  if (data instanceof Float32Array) return data;
  return data instanceof Uint16Array ? fromFloat16Bits(data) : Float32Array.from(data);
}

serve<StepsRequest, StepsReply>(async (request, { reply }) => {
  if (request.type === "build") {
    reply({ type: "built", ...(await build(request)) });
    return;
  }
  if (!stepper) throw new Error("build first");
  if (request.type === "step") {
    const seconds: number[] = [];
    for (let i = 0; i < request.count; i++) seconds.push(await step(stepper));
    reply({ type: "stepped", seconds });
  } else {
    reply({ type: "latents", latents: stepper.latents });
  }
});
