/**
 * Guidance and solver step in one dispatch: reads the model's output, updates the latents and the solver's history in
 * float32, and writes the next model input in the model's dtype. Any row of workers/schedulers fits it.
 */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import { HISTORY_SLOTS, type SchedulerRow } from "../schedulers/scheduler-row.ts";
import { createGpuTensor, DTYPE_BYTES, elementCount, type GpuDType, type GpuTensor } from "./gpu-tensor.ts";

const WORKGROUP_SIZE = 256;

/** Field by field as in the shader's `Step`. */
const UNIFORM_WORDS = 16;

/** The buffers are bound whole, so `arrayLength` would count ORT's spare bytes: the data's size comes as `count`. */
function shader(dtype: GpuDType): string {
  const element = dtype === "float16" ? "f16" : "f32";
  const slots = Array.from({ length: HISTORY_SLOTS }, (_, slot) => slot);
  return `${dtype === "float16" ? "enable f16;" : ""}
struct Step {
  count: u32,
  conditional_offset: u32,
  copies: u32,
  store_slot: u32,
  guidance_scale: f32,
  sample: f32,
  model_output: f32,
  noise: f32,
  store_sample: f32,
  store_model_output: f32,
  ${slots.map((slot) => `history_${slot}: f32,`).join(" ")}
}

@group(0) @binding(0) var<uniform> step: Step;
@group(0) @binding(1) var<storage, read> unconditional: array<${element}>;
@group(0) @binding(2) var<storage, read> conditional: array<${element}>;
@group(0) @binding(3) var<storage, read> noise: array<f32>;
@group(0) @binding(4) var<storage, read_write> latents: array<f32>;
@group(0) @binding(5) var<storage, read_write> history: array<f32>;
@group(0) @binding(6) var<storage, read_write> model_input: array<${element}>;

@compute @workgroup_size(${WORKGROUP_SIZE})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= step.count) { return; }
  let x = latents[i];
  var next = step.sample * x;
  // What has no weight is not read: it may be another run's NaN, or not there at all.
  var output = 0f;
  if (step.model_output != 0 || step.store_model_output != 0) {
    let without = f32(unconditional[i]);
    output = without + step.guidance_scale * (f32(conditional[step.conditional_offset + i]) - without);
    next += step.model_output * output;
  }
${slots.map((slot) => `  if (step.history_${slot} != 0) { next += step.history_${slot} * history[${slot}u * step.count + i]; }`).join("\n")}
  if (step.noise != 0) { next += step.noise * noise[i]; }
  if (step.store_slot < ${HISTORY_SLOTS}u) {
    history[step.store_slot * step.count + i] = step.store_sample * x + step.store_model_output * output;
  }
  latents[i] = next;
  for (var copy = 0u; copy < step.copies; copy++) { model_input[copy * step.count + i] = ${element}(next); }
}`;
}

/**
 * What the model said, by guidance (Ho & Salimans 2022): the row is applied to uncond + scale * (cond - uncond).
 * - `none`: one output, taken as it is (guidance scale 1 costs one model call);
 * - `batched`: one output [2 * batch, ...], the unconditional rows first; the next model input holds the latents twice;
 * - `separate`: two outputs of two calls; the next model input holds the latents once.
 */
export type GuidedOutput =
  | { readonly kind: "none"; readonly output: GpuTensor }
  | { readonly kind: "batched"; readonly output: GpuTensor; readonly scale: number }
  | {
      readonly kind: "separate";
      readonly unconditional: GpuTensor;
      readonly conditional: GpuTensor;
      readonly scale: number;
    };

/** The latents of one run and what the solver remembers of them. */
export interface LatentState {
  /** float32, [batch, channels, height, width]. */
  readonly latents: GpuTensor;
  /** float32, HISTORY_SLOTS times the latents. */
  readonly history: GpuTensor;
  /** The model's input in its dtype: the latents `copies` times. */
  readonly modelInput: GpuTensor;
}

/**
 * Buffers for latents of `dims`, zeroed.
 *
 * @param copies 2 for batched guidance, else 1.
 */
export function createLatentState(
  device: GPUDevice,
  modelDtype: GpuDType,
  [batch = 1, ...rest]: readonly number[],
  copies: 1 | 2,
): LatentState {
  return {
    latents: createGpuTensor(device, "float32", [batch, ...rest], "latents"),
    history: createGpuTensor(device, "float32", [HISTORY_SLOTS, batch, ...rest], "scheduler history"),
    modelInput: createGpuTensor(device, modelDtype, [copies * batch, ...rest], "model input"),
  };
}

export function destroyLatentState(state: LatentState): void {
  for (const tensor of [state.latents, state.history, state.modelInput]) tensor.buffer.destroy();
}

export class StepKernel {
  private readonly device: GPUDevice;
  private readonly modelDtype: GpuDType;
  private readonly pipeline: GPUComputePipeline;
  private readonly uniforms: GPUBuffer;
  /** Stands in for what a step does not read. */
  private readonly nothing: GPUBuffer;

  private constructor(device: GPUDevice, modelDtype: GpuDType, pipeline: GPUComputePipeline) {
    this.device = device;
    this.modelDtype = modelDtype;
    this.pipeline = pipeline;
    this.uniforms = device.createBuffer({
      label: "scheduler step",
      size: UNIFORM_WORDS * 4,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.nothing = device.createBuffer({ label: "nothing", size: 16, usage: GPUBufferUsage.STORAGE });
  }

  /**
   * Compiles the kernel on a device of the caller's.
   *
   * @param modelDtype of the model's input and output; float16 needs the device's shader-f16.
   * @throws EngineFault internal when the device cannot compile it.
   */
  static async create(device: GPUDevice, modelDtype: GpuDType): Promise<StepKernel> {
    if (modelDtype === "float16" && !device.features.has("shader-f16"))
      throw new EngineFault("internal", say("This device cannot compute in fp16. Use fp32."));
    try {
      const module = device.createShaderModule({ label: `step kernel ${modelDtype}`, code: shader(modelDtype) });
      const pipeline = await device.createComputePipelineAsync({
        label: `step kernel ${modelDtype}`,
        layout: "auto",
        compute: { module, entryPoint: "main" },
      });
      return new StepKernel(device, modelDtype, pipeline);
    } catch (error) {
      throw new EngineFault(
        "internal",
        say("The graphics driver could not compile the scheduler's kernel."),
        String(error),
      );
    }
  }

  /**
   * Copies the latents to the model input, for the first model call of a run. Submitted, not awaited.
   */
  prepare(state: LatentState): void {
    this.dispatch(state, IDENTITY, this.nothing, this.nothing, 0, 1, this.nothing);
  }

  /**
   * One step of `row`, submitted to the queue and not awaited: it follows the model's own work there.
   *
   * @param noise float32 of the latents' shape, for a row with noise (DDIM with eta above 0).
   * @throws RangeError when a tensor's dtype or size does not fit.
   */
  step(state: LatentState, row: SchedulerRow, guided: GuidedOutput, noise?: GpuTensor): void {
    const count = elementCount(state.latents.dims);
    if (row.noise !== 0) this.check("noise", noise, "float32", count);
    const noiseBuffer = row.noise !== 0 && noise ? noise.buffer : this.nothing;
    switch (guided.kind) {
      case "none":
        this.check("model output", guided.output, this.modelDtype, count);
        this.dispatch(state, row, guided.output.buffer, guided.output.buffer, 0, 1, noiseBuffer);
        break;
      case "batched":
        this.check("model output", guided.output, this.modelDtype, 2 * count);
        this.dispatch(state, row, guided.output.buffer, guided.output.buffer, count, guided.scale, noiseBuffer);
        break;
      case "separate":
        this.check("unconditional output", guided.unconditional, this.modelDtype, count);
        this.check("conditional output", guided.conditional, this.modelDtype, count);
        this.dispatch(state, row, guided.unconditional.buffer, guided.conditional.buffer, 0, guided.scale, noiseBuffer);
    }
  }

  /** Frees the kernel's own small buffers. */
  destroy(): void {
    this.uniforms.destroy();
    this.nothing.destroy();
  }

  private check(what: string, tensor: GpuTensor | undefined, dtype: GpuDType, count: number): void {
    if (!tensor) throw new RangeError(`this step needs ${what}`);
    if (
      tensor.dtype !== dtype ||
      elementCount(tensor.dims) !== count ||
      tensor.buffer.size < count * DTYPE_BYTES[dtype]
    )
      throw new RangeError(`${what}: ${tensor.dtype} [${tensor.dims.join(", ")}] where ${count} of ${dtype} belong`);
  }

  private dispatch(
    state: LatentState,
    row: SchedulerRow,
    unconditional: GPUBuffer,
    conditional: GPUBuffer,
    conditionalOffset: number,
    guidanceScale: number,
    noise: GPUBuffer,
  ): void {
    const { latents, history, modelInput } = state;
    const count = elementCount(latents.dims);
    const copies = elementCount(modelInput.dims) / count;
    this.check("latents", latents, "float32", count);
    this.check("scheduler history", history, "float32", HISTORY_SLOTS * count);
    this.check("model input", modelInput, this.modelDtype, Math.floor(copies) * count);

    const groups = Math.ceil(count / WORKGROUP_SIZE);
    if (groups > this.device.limits.maxComputeWorkgroupsPerDimension)
      throw new RangeError(`latents [${latents.dims.join(", ")}] are too large for one dispatch`);

    const words = new ArrayBuffer(UNIFORM_WORDS * 4);
    new Uint32Array(words).set([count, conditionalOffset, copies, row.store?.slot ?? HISTORY_SLOTS]);
    new Float32Array(words).set(
      [
        guidanceScale,
        row.sample,
        row.modelOutput,
        row.noise,
        row.store?.sample ?? 0,
        row.store?.modelOutput ?? 0,
        ...row.history,
      ],
      4,
    );
    this.device.queue.writeBuffer(this.uniforms, 0, words);

    const buffers = [
      this.uniforms,
      unconditional,
      conditional,
      noise,
      latents.buffer,
      history.buffer,
      modelInput.buffer,
    ];
    const bindGroup = this.device.createBindGroup({
      layout: this.pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(groups);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }
}

/** Leaves latents and history as they are. */
const IDENTITY: SchedulerRow = {
  timestep: 0,
  sample: 1,
  modelOutput: 0,
  history: new Array<number>(HISTORY_SLOTS).fill(0),
  noise: 0,
  store: null,
};
