/** The WGSL kernel against the float64 rows, over whole trajectories, in every kind of guidance and both model dtypes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDevice, requestAdapter } from "../../workers/gpu/device.ts";
import {
  createGpuTensor,
  DTYPE_BYTES,
  elementCount,
  type GpuDType,
  type GpuTensor,
  readGpuTensor,
  writeGpuTensor,
} from "../../workers/gpu/gpu-tensor.ts";
import {
  createLatentState,
  destroyLatentState,
  type GuidedOutput,
  type LatentState,
  StepKernel,
} from "../../workers/gpu/step-kernel.ts";
import { randn, TorchGenerator } from "../../workers/gpu/torch-random.ts";
import { noiseSequence } from "../../workers/schedulers/noise.ts";
import { createSchedule, type ScheduleOptions } from "../../workers/schedulers/schedule.ts";
import {
  applyRow,
  createSampleState,
  HISTORY_SLOTS,
  type SchedulerRow,
} from "../../workers/schedulers/scheduler-row.ts";
import { fromFloat16Bits, toFloat16Bits } from "../../workers/weights/float16.ts";
import { SD15_SCHEDULER } from "../../workers/weights/sd15-scheduler.ts";
import { expectClose } from "../support/expect-close.ts";
import { fixtureBytes } from "../support/fixtures.ts";
import { precision } from "../support/precision.ts";
import { TOLERANCE as FIXTURE_TOLERANCE, schedulerCases, syntheticModel } from "../support/scheduler-fixtures.ts";

const SOLVERS: Record<string, ScheduleOptions> = {
  "DPM-Solver++ to timestep 0": { kind: "dpmsolver++", steps: 16, finalSigmasType: "sigma_min" },
  "DPM-Solver++ to sigma 0": { kind: "dpmsolver++", steps: 8, finalSigmasType: "zero" },
  DDIM: { kind: "ddim", steps: 8 },
  "DDIM with eta 0.7": { kind: "ddim", steps: 8, eta: 0.7 },
  PNDM: { kind: "pndm", steps: 8 },
};

/** Two pictures, and a count (270) that fills neither a workgroup nor ORT's 16 bytes. */
const DIMS = [2, 3, 5, 9];
const COUNT = elementCount(DIMS);
const GUIDANCE_SCALE = 7.5;
/** float32 on the GPU against float64, relative to the largest value. */
const TOLERANCE = 2e-6;

const DTYPES: GpuDType[] = precision === "fp16" ? ["float32", "float16"] : ["float32"];

let device: GPUDevice;
const validationErrors: string[] = [];

beforeAll(async () => {
  device = await createDevice(await requestAdapter(), { subgroups: true });
  device.onuncapturederror = (event) => validationErrors.push(event.error.message);
});

afterAll(async () => {
  await device.queue.onSubmittedWorkDone();
  expect(validationErrors).toEqual([]);
  device.destroy();
});

/** A tensor as ORT hands it out: in a larger buffer, with rubbish behind the data. */
function roomyTensor(dtype: GpuDType, dims: readonly number[]): GpuTensor {
  const roomy = createGpuTensor(device, dtype, [elementCount(dims) + 1000], "roomy");
  writeGpuTensor(device, roomy, new Float32Array(elementCount(dims) + 1000).fill(Number.NaN));
  return { ...roomy, dims };
}

/** Everything that the buffer holds. */
function whole(tensor: GpuTensor): GpuTensor {
  return { ...tensor, dims: [tensor.buffer.size / DTYPE_BYTES[tensor.dtype]] };
}

const rounded = (values: Float32Array<ArrayBuffer>, dtype: GpuDType) =>
  dtype === "float16" ? fromFloat16Bits(toFloat16Bits(values)) : values;

async function runOnGpu(rows: readonly SchedulerRow[], kind: GuidedOutput["kind"], dtype: GpuDType) {
  const copies = kind === "batched" ? 2 : 1;
  const kernel = await StepKernel.create(device, dtype);
  const state: LatentState = {
    latents: roomyTensor("float32", DIMS),
    history: roomyTensor("float32", [HISTORY_SLOTS, ...DIMS]),
    modelInput: roomyTensor(dtype, [copies * 2, ...DIMS.slice(1)]),
  };
  // Left over from a run that went wrong: no row may read it.
  writeGpuTensor(device, state.history, new Float32Array(HISTORY_SLOTS * COUNT).fill(Number.NaN));
  const noise = roomyTensor("float32", DIMS);
  const first = roomyTensor(dtype, kind === "batched" ? [4, ...DIMS.slice(1)] : DIMS);
  const second = roomyTensor(dtype, DIMS);

  const noises = noiseSequence(DIMS, new TorchGenerator(1));
  const outputs = new TorchGenerator(2);
  const initial = noises.next().value;
  const expected = createSampleState(initial);
  writeGpuTensor(device, state.latents, initial);
  kernel.prepare(state);

  const checkModelInput = async (what: string) => {
    const latents = await readGpuTensor(device, state.latents);
    const input = await readGpuTensor(device, state.modelInput);
    expect(input.length).toBe(copies * COUNT);
    // WGSL leaves the direction of rounding open: one unit in the last place.
    for (let copy = 0; copy < copies; copy++)
      expectClose(
        input.subarray(copy * COUNT, (copy + 1) * COUNT),
        latents,
        dtype === "float16" ? 2 ** -10 : 0,
        `${what}, model input ${copy}`,
      );
    return latents;
  };
  expect(await checkModelInput("start")).toEqual(initial);

  for (const [step, row] of rows.entries()) {
    const what = `step ${step}`;
    const unconditional = rounded(randn(DIMS, outputs), dtype);
    const conditional = kind === "none" ? unconditional : rounded(randn(DIMS, outputs), dtype);
    let guided: GuidedOutput;
    if (kind === "batched") {
      const both = new Float32Array(2 * COUNT);
      both.set(unconditional);
      both.set(conditional, COUNT);
      writeGpuTensor(device, first, both);
      guided = { kind, output: first, scale: GUIDANCE_SCALE };
    } else {
      writeGpuTensor(device, first, unconditional);
      if (kind === "separate") writeGpuTensor(device, second, conditional);
      guided =
        kind === "none"
          ? { kind, output: first }
          : { kind, unconditional: first, conditional: second, scale: GUIDANCE_SCALE };
    }
    const variance = row.noise === 0 ? undefined : noises.next().value;
    if (variance) writeGpuTensor(device, noise, variance);
    kernel.step(state, row, guided, variance && noise);

    const output = Float64Array.from(unconditional, (u, i) => u + GUIDANCE_SCALE * ((conditional[i] as number) - u));
    applyRow(row, expected, output, variance);
    const latents = await checkModelInput(what);
    expectClose(latents, expected.sample, TOLERANCE, `${what}, latents`);
    if (row.store) {
      const { slot } = row.store;
      const history = await readGpuTensor(device, state.history);
      const stored = history.subarray(slot * COUNT, (slot + 1) * COUNT);
      expectClose(stored, expected.history[slot] as Float64Array, TOLERANCE, `${what}, history`);
    }
  }

  // Nothing was written behind the data.
  for (const tensor of [state.latents, state.history, state.modelInput]) {
    const behind = (await readGpuTensor(device, whole(tensor))).subarray(elementCount(tensor.dims));
    expect(behind.slice(0, 1000).every(Number.isNaN)).toBe(true);
  }
  destroyLatentState(state);
  for (const tensor of [noise, first, second]) tensor.buffer.destroy();
  kernel.destroy();
}

describe.each(DTYPES)("step kernel with a %s model", (dtype) => {
  describe.each(Object.keys(SOLVERS))("%s", (name) => {
    test.each(["none", "batched", "separate"] as const)("guidance: %s", (kind) =>
      runOnGpu(createSchedule(SD15_SCHEDULER, SOLVERS[name] as ScheduleOptions), kind, dtype),
    );
    test("v prediction", () =>
      runOnGpu(
        createSchedule({ ...SD15_SCHEDULER, prediction_type: "v_prediction" }, SOLVERS[name] as ScheduleOptions),
        "batched",
        dtype,
      ));
  });
});

/** The fixtures' model runs on the CPU; guidance off, float32. */
describe("as diffusers", async () => {
  const cases = await schedulerCases(fixtureBytes);
  test("the fixtures are there", () => expect(cases.length).toBe(30));

  test.each(cases)("$name", async ({ rows, timesteps, initial, x, noise }) => {
    const dims = [1, 4, 3, 3];
    const kernel = await StepKernel.create(device, "float32");
    const state = createLatentState(device, "float32", dims, 1);
    const output = createGpuTensor(device, "float32", dims, "model output");
    const variance = createGpuTensor(device, "float32", dims, "variance noise");
    writeGpuTensor(device, state.latents, initial);
    kernel.prepare(state);
    let input = await readGpuTensor(device, state.modelInput);
    const scale = Math.max(...x.flatMap((sample) => Array.from(sample, Math.abs)));
    for (const [step, row] of rows.entries()) {
      expect(row.timestep).toBe(timesteps[step]);
      const epsilon = Float32Array.from(input, (value) => syntheticModel(value, row.timestep));
      writeGpuTensor(device, output, epsilon);
      if (noise) writeGpuTensor(device, variance, noise[step] as Float32Array<ArrayBuffer>);
      kernel.step(state, row, { kind: "none", output }, variance);
      input = await readGpuTensor(device, state.modelInput);
      expectClose(input, x[step] as Float32Array, FIXTURE_TOLERANCE, `step ${step}`, scale);
    }
    expect(rows.length).toBe(x.length);
    destroyLatentState(state);
    for (const tensor of [output, variance]) tensor.buffer.destroy();
    kernel.destroy();
  });
});

test("the device has what this run is named after, and the adapter's own limits", async () => {
  const adapter = await requestAdapter();
  expect(device.features.has("shader-f16")).toBe(precision === "fp16");
  expect(device.features.has("subgroups")).toBe(adapter.features.has("subgroups"));
  for (const limit of ["maxBufferSize", "maxStorageBufferBindingSize", "maxComputeInvocationsPerWorkgroup"] as const)
    expect(device.limits[limit]).toBe(adapter.limits[limit]);
});

test("a kernel in a dtype that the device has not is refused", async () => {
  if (precision === "fp16") await expect(StepKernel.create(device, "float16")).resolves.toBeInstanceOf(StepKernel);
  else await expect(StepKernel.create(device, "float16")).rejects.toMatchObject({ code: "internal" });
});

test("tensors that do not fit a step are refused by name", async () => {
  const kernel = await StepKernel.create(device, "float32");
  const state = createLatentState(device, "float32", DIMS, 2);
  const [row] = createSchedule(SD15_SCHEDULER, { kind: "ddim", steps: 4, eta: 1 }) as [SchedulerRow];
  const output = createGpuTensor(device, "float32", [4, ...DIMS.slice(1)], "output");
  const half = createGpuTensor(device, "float16", [4, ...DIMS.slice(1)], "output");
  expect(() => kernel.step(state, row, { kind: "batched", output, scale: 3 })).toThrow("this step needs noise");
  expect(() => kernel.step(state, { ...row, noise: 0 }, { kind: "none", output })).toThrow("model output");
  expect(() => kernel.step(state, { ...row, noise: 0 }, { kind: "batched", output: half, scale: 3 })).toThrow(
    "float16",
  );
  destroyLatentState(state);
});

test.each(DTYPES)("%s tensors come back as they were written", async (dtype) => {
  for (const count of [1, 3, 16, 1001]) {
    const tensor = createGpuTensor(device, dtype, [count], "tensor");
    const values = rounded(randn([count], new TorchGenerator(count)), dtype);
    expect(await readGpuTensor(device, tensor)).toEqual(new Float32Array(count));
    writeGpuTensor(device, tensor, values);
    expect(await readGpuTensor(device, tensor)).toEqual(values);
    expect(() => writeGpuTensor(device, tensor, new Float32Array(count + 1))).toThrow(RangeError);
    tensor.buffer.destroy();
  }
  expect(() => createGpuTensor(device, dtype, [2 ** 40], "latents")).toThrow(
    expect.objectContaining({ code: "out-of-memory" }),
  );
});

test("a lost device is reported as such", async () => {
  const adapter = await requestAdapter();
  const lost = await createDevice(adapter);
  const tensor = createGpuTensor(lost, "float32", [4], "tensor");
  lost.destroy();
  await expect(readGpuTensor(lost, tensor)).rejects.toMatchObject({ code: "device-lost" });
  await expect(createDevice(adapter)).rejects.toMatchObject({ code: "no-adapter" });
});
