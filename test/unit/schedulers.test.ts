import * as v from "valibot";
import { expect, test } from "vitest";
import { randn, TorchGenerator } from "../../workers/gpu/torch-random.ts";
import type { FinalSigmasType } from "../../workers/schedulers/dpmsolver-multistep.ts";
import { noiseSequence } from "../../workers/schedulers/noise.ts";
import { alphasCumprod } from "../../workers/schedulers/noise-schedule.ts";
import { createSchedule } from "../../workers/schedulers/schedule.ts";
import {
  applyRow,
  createSampleState,
  HISTORY_SLOTS,
  type SchedulerRow,
} from "../../workers/schedulers/scheduler-row.ts";
import { SCHEDULER_KINDS, SchedulerConfig, type SchedulerKind } from "../../workers/weights/bundle.ts";
import { expectClose } from "../support/expect-close.ts";
import { fixtureBytes, fixtureJson } from "../support/fixtures.node.ts";
import { schedulerCases, syntheticModel, TOLERANCE } from "../support/scheduler-fixtures.ts";

const SD_CONFIG = v.parse(SchedulerConfig, {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
});

type Model = (x: Float64Array, timestep: number, call: number) => ArrayLike<number>;

/** The sample after every call. A model that looks at slots it must not read meets NaN there. */
function trajectory(
  rows: readonly SchedulerRow[],
  initial: ArrayLike<number>,
  model: Model,
  noise?: (call: number) => ArrayLike<number>,
): Float64Array[] {
  const state = createSampleState(initial);
  for (const slot of state.history) slot.fill(Number.NaN);
  return rows.map((row, call) => {
    applyRow(row, state, model(state.sample, row.timestep, call), row.noise === 0 ? undefined : noise?.(call));
    return state.sample.slice();
  });
}

function expectTrajectory(actual: readonly Float64Array[], expected: readonly ArrayLike<number>[], tolerance: number) {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(...expected.flatMap((x) => Array.from(x, Math.abs)));
  expected.forEach((x, step) => {
    expectClose(actual[step] as Float64Array, x, tolerance, `step ${step}`, scale);
  });
}

const fixtureModel: Model = (x, timestep) => x.map((value) => syntheticModel(value, timestep));

const cases = await schedulerCases(fixtureBytes);

test("the fixtures hold the solvers that are here, from both diffusers", () => expect(cases.length).toBe(30));

test.each(cases)("as diffusers: $name", ({ config, rows, timesteps, initial, x, noise, alphasCumprod: alphas }) => {
  expectClose(alphasCumprod(config), alphas, 1e-6, "alphas_cumprod");
  expect(rows.map((row) => row.timestep)).toEqual(timesteps);
  expectTrajectory(
    trajectory(rows, initial, fixtureModel, (call) => noise?.[call] as Float32Array),
    x,
    TOLERANCE,
  );
});

// --- v prediction -------------------------------------------------------------------------------------------------

interface VPredictionFixture {
  config: unknown;
  x_init: number[];
  cases: Record<string, { steps: number; timesteps: number[]; x: number[][] }>;
}

test.each([
  ["dpms_sigma_min", "dpmsolver++", "sigma_min", {}],
  ["dpms_zero", "dpmsolver++", "zero", {}],
  ["ddim", "ddim", undefined, {}],
  ["pndm", "pndm", undefined, {}],
  ["ddim_alpha_one", "ddim", undefined, { set_alpha_to_one: true, steps_offset: 0 }],
] as [string, SchedulerKind, FinalSigmasType | undefined, object][])(
  "v prediction as diffusers: %s",
  async (name, kind, finalSigmasType, changes) => {
    const fixture = await fixtureJson<VPredictionFixture>("03_schedulers/v_prediction.json");
    const expected = fixture.cases[name] as VPredictionFixture["cases"][string];
    const config = v.parse(SchedulerConfig, { ...(fixture.config as object), ...changes });
    const rows = createSchedule(config, { kind, steps: expected.steps, finalSigmasType });
    expect(rows.map((row) => row.timestep)).toEqual(expected.timesteps);
    expectTrajectory(trajectory(rows, fixture.x_init, fixtureModel), expected.x, TOLERANCE);
  },
);

test.each([
  ["dpmsolver++", "sigma_min", 0],
  ["dpmsolver++", "zero", 0],
  ["ddim", undefined, 0],
  ["ddim", undefined, 1],
] as [SchedulerKind, FinalSigmasType | undefined, number][])(
  "a v model made from an epsilon model takes the same way: %s %s eta %d",
  (kind, finalSigmasType, eta) => {
    const options = { kind, steps: 20, eta, finalSigmasType };
    const alphas = alphasCumprod(SD_CONFIG);
    const initial = randn([64], new TorchGenerator(5));
    const noises = Array.from({ length: 20 }, (_, i) => randn([64], new TorchGenerator(100 + i)));
    const epsilon = (x: number, timestep: number) => Math.tanh(x) + 0.1 * Math.sin(timestep + x);
    const epsilonModel: Model = (x, timestep) => x.map((value) => epsilon(value, timestep));
    // v = alpha eps - sigma x_0 with x_0 = (x - sigma eps) / alpha.
    const vModel: Model = (x, timestep) => {
      const alpha = Math.sqrt(alphas[timestep] as number);
      const sigma = Math.sqrt(1 - (alphas[timestep] as number));
      return x.map((value) => (epsilon(value, timestep) - sigma * value) / alpha);
    };
    const run = (prediction_type: "epsilon" | "v_prediction", model: Model) =>
      trajectory(
        createSchedule({ ...SD_CONFIG, prediction_type }, options),
        initial,
        model,
        (call) => noises[call] as Float32Array,
      );
    expectTrajectory(run("v_prediction", vModel), run("epsilon", epsilonModel), 1e-9);
  },
);

// --- what any solver must do --------------------------------------------------------------------------------------

/** The exact epsilon when all data is the one point `x0`: constant on the way there, so every solver is exact. */
function pointModel(x0: number): Model {
  const alphas = alphasCumprod(SD_CONFIG);
  return (x, timestep) => {
    const alphaProd = alphas[timestep] as number;
    return x.map((value) => (value - Math.sqrt(alphaProd) * x0) / Math.sqrt(1 - alphaProd));
  };
}

test.each(SCHEDULER_KINDS)("%s finds the only picture there is, at any number of steps", (kind) => {
  // Without an offset the last timestep is 0, so that no noise is left at the end.
  const config = { ...SD_CONFIG, set_alpha_to_one: true, steps_offset: 0 };
  for (const steps of [1, 2, 3, 14, 15, 16, 333, 999]) {
    const rows = createSchedule(config, { kind, steps, finalSigmasType: "zero" });
    expect(rows.length).toBe(kind === "pndm" && steps > 1 ? steps + 1 : steps);
    for (const row of rows) {
      expect(row.history.length).toBe(HISTORY_SLOTS);
      for (const value of [row.sample, row.modelOutput, ...row.history]) expect(Number.isFinite(value)).toBe(true);
    }
    const end = trajectory(rows, [-2, -0.5, 0, 1, 3], pointModel(0.7)).at(-1) as Float64Array;
    for (const value of end) expect(value).toBeCloseTo(0.7, 9);
  }
});

test("DPM-Solver++ with as many steps as training timesteps does not stand still on one", () => {
  const rows = createSchedule(SD_CONFIG, { kind: "dpmsolver++", steps: 1000 });
  const timesteps = rows.map((row) => row.timestep);
  expect(new Set(timesteps).size).toBe(timesteps.length);
  expect(timesteps.length).toBe(999);
  for (const row of rows) expect(Number.isFinite(row.sample + row.modelOutput + (row.history[0] as number))).toBe(true);
});

test("DDIM's eta: 0 reads no noise, 1 leaves the variance of DDPM", () => {
  const alphas = alphasCumprod(SD_CONFIG);
  for (const row of createSchedule(SD_CONFIG, { kind: "ddim", steps: 50 })) expect(row.noise).toBe(0);
  for (const row of createSchedule(SD_CONFIG, { kind: "ddim", steps: 50, eta: 1 })) {
    const alphaProd = alphas[row.timestep] as number;
    const alphaProdPrev = alphas[Math.max(0, row.timestep - 20)] as number;
    const beta = 1 - alphaProd / alphaProdPrev;
    expect(row.noise ** 2).toBeCloseTo((beta * (1 - alphaProdPrev)) / (1 - alphaProd), 12);
  }
});

test("settings and configs out of range are refused with a code and a reason", () => {
  const schedule = (changes: object, options: { kind?: SchedulerKind; steps?: number; eta?: number }) => () =>
    createSchedule({ ...SD_CONFIG, ...changes } as SchedulerConfig, { kind: "ddim", steps: 10, ...options });
  const settings = expect.objectContaining({ code: "bad-settings" });
  for (const steps of [0, -1, 1.5, 1001, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const kind of SCHEDULER_KINDS) expect(schedule({}, { kind, steps })).toThrow(settings);
  }
  for (const eta of [-0.1, 1.1, Number.NaN]) expect(schedule({}, { eta })).toThrow(settings);
  expect(schedule({ num_train_timesteps: 20 }, { steps: 21 })).toThrow("from 1 to 20");
  // diffusers fails here with an index error.
  expect(schedule({}, { steps: 1000 })).toThrow("Take fewer steps");
  expect(schedule({}, { kind: "euler" as SchedulerKind })).toThrow(settings);

  const bundle = expect.objectContaining({ code: "bad-bundle" });
  for (const changes of [
    { beta_start: 0 },
    { beta_start: -0.1 },
    { beta_end: 1 },
    { beta_start: 0.02, beta_end: 0.01 },
    { beta_end: Number.NaN },
    { beta_end: 0.9 },
    { steps_offset: 0.5 },
    { steps_offset: -1 },
    { num_train_timesteps: 100_000 },
  ])
    expect(schedule(changes, {}), JSON.stringify(changes)).toThrow(bundle);
  expect(schedule({ skip_prk_steps: false }, { kind: "pndm" })).toThrow(bundle);
  expect(schedule({ skip_prk_steps: false }, { kind: "ddim" })).not.toThrow();
});

test("a run's noise: the latents first, then each step's, from one generator", () => {
  const shape = [1, 4, 3, 3];
  const noise = noiseSequence(shape, new TorchGenerator(9));
  const generator = new TorchGenerator(9);
  for (let draw = 0; draw < 4; draw++) expect(noise.next().value).toEqual(randn(shape, generator));
});
