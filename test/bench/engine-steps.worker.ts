/** A U-Net's steps the engine's way: its own graph on its own device, guidance and solver in one dispatch, latents on the GPU throughout. */
import type { InferenceSession, Tensor } from "onnxruntime-web/webgpu";
import { createGpuTensor, type GpuTensor, readGpuTensor, writeGpuTensor } from "../../workers/gpu/gpu-tensor.ts";
import { createLatentState, type LatentState, StepKernel } from "../../workers/gpu/step-kernel.ts";
import { randn, TorchGenerator } from "../../workers/gpu/torch-random.ts";
import { buildCrossAttentionGraph } from "../../workers/models/cross-attention.ts";
import { timestepEmbedding } from "../../workers/models/embeddings.ts";
import { buildUNetGraph } from "../../workers/models/unet.ts";
import { createSession } from "../../workers/onnx/session.ts";
import { asTensor, createRuntime, type Runtime } from "../../workers/pipeline/runtime.ts";
import { createSchedule } from "../../workers/schedulers/schedule.ts";
import type { SchedulerRow } from "../../workers/schedulers/scheduler-row.ts";
import { serve } from "../../workers/serve.ts";
import { WeightFiles } from "../../workers/weights/tensors.ts";
import { CONDITION_SEED, GUIDANCE_SCALE, NOISE_SEED, type StepsReply, type StepsRequest } from "./unet-steps.ts";

interface Stepper {
  readonly runtime: Runtime;
  readonly session: InferenceSession;
  readonly kernel: StepKernel;
  readonly state: LatentState;
  /** Keys and values, made of the condition once, as workers/pipeline/diffusion.ts does; or the condition, and every step makes them. */
  readonly condition: Record<string, Tensor>;
  readonly output: GpuTensor;
  readonly project: (timestep: number) => Float32Array<ArrayBuffer>;
  readonly rows: SchedulerRow[];
}

let stepper: Stepper | undefined;

async function build({ run, options, recomputing }: Extract<StepsRequest, { type: "build" }>) {
  const { config, height, width, tokens } = run;
  const files: Record<string, Blob> = {};
  for (const [name, url] of Object.entries(run.weights.urls)) {
    const blob = await (await fetch(url)).blob();
    // Read once, so that the clock finds the bytes at hand.
    await blob.stream().pipeTo(new WritableStream());
    files[name] = blob;
  }
  const runtime = await createRuntime(options);
  const { device, ort } = runtime;

  const started = performance.now();
  const weights = await WeightFiles.open({ files });
  const tensors = weights.component({ files: Object.keys(files), prefix: run.weights.prefix });
  const size = { batch: 2, height, width, tokens, givenKeysAndValues: !recomputing };
  const graph = buildUNetGraph(tensors, config, size, runtime.graphOptions());
  const contextGraph = buildCrossAttentionGraph(tensors, config, size, runtime.graphOptions());
  const crossAttention = recomputing
    ? undefined
    : await createSession(ort, contextGraph, { weights, device, outputs: "gpu-buffer" });
  const session = await createSession(ort, graph, { weights, device, outputs: "gpu-buffer" });
  const kernel = await StepKernel.create(device, "float32");
  const seconds = (performance.now() - started) / 1000;

  const dims = [1, config.in_channels, height, width];
  const state = createLatentState(device, "float32", dims, 2);
  const context = createGpuTensor(device, "float32", [2, tokens, config.cross_attention_dim], "condition");
  const output = createGpuTensor(device, "float32", [2, ...dims.slice(1)], "model output");
  writeGpuTensor(device, state.latents, randn(dims, new TorchGenerator(NOISE_SEED)));
  writeGpuTensor(device, context, randn(context.dims, new TorchGenerator(CONDITION_SEED)));
  kernel.prepare(state);
  const given = { encoder_hidden_states: asTensor(ort, context) };
  const condition = crossAttention ? await crossAttention.run(given) : given;
  stepper = {
    runtime,
    session,
    kernel,
    state,
    condition,
    output,
    project: (timestep) => timestepEmbedding([timestep], config.block_out_channels[0] as number, config),
    rows: createSchedule(run.scheduler, { kind: "dpmsolver++", steps: run.steps }),
  };
  return { seconds, report: runtime.report };
}

/** As in workers/pipeline/diffusion.ts: at most one step ahead of the device. */
async function step({ runtime, session, kernel, state, condition, output, project, rows }: Stepper): Promise<number> {
  const { ort, device, checkDevice } = runtime;
  const started = performance.now();
  const row = rows.shift() as SchedulerRow;
  const projection = project(row.timestep);
  await session.run(
    {
      sample: asTensor(ort, state.modelInput),
      timestep_projection: new ort.Tensor("float32", projection, [1, projection.length]),
      ...condition,
    },
    { noise_pred: asTensor(ort, output) },
  );
  kernel.step(state, row, { kind: "batched", output, scale: GUIDANCE_SCALE });
  await device.queue.onSubmittedWorkDone();
  checkDevice();
  return (performance.now() - started) / 1000;
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
    reply({ type: "latents", latents: await readGpuTensor(stepper.runtime.device, stepper.state.latents) });
  }
});
