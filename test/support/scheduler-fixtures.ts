/** The cases of test/fixtures/03_schedulers, for Node and for the browser. */
import * as v from "valibot";
import { createSchedule } from "../../workers/schedulers/schedule.ts";
import type { SchedulerRow } from "../../workers/schedulers/scheduler-row.ts";
import { SchedulerConfig, type SchedulerKind } from "../../workers/weights/bundle.ts";
import { readSafetensorsHeader } from "../../workers/weights/safetensors.ts";

/** The fixtures' names of the solvers that are here; others are for later. */
const KINDS: Record<string, SchedulerKind> = { dpms: "dpmsolver++", ddim: "ddim", pndm: "pndm" };

/** 0.21.4's DPM-Solver++ knows no other ending than timestep 0; today's default is sigma 0. */
const FILES = { cases_d0214: "sigma_min", cases_latest: "zero" } as const;

/** Relative to the largest |x| of the trajectory: torch computes in float32. */
export const TOLERANCE = 2e-4;

/** The model of the fixtures: eps = 0.3 x + sin(t). */
export function syntheticModel(x: number, timestep: number): number {
  return 0.3 * x + Math.sin(timestep);
}

export interface SchedulerCase {
  readonly name: string;
  readonly config: SchedulerConfig;
  readonly rows: readonly SchedulerRow[];
  /** diffusers' own. */
  readonly timesteps: readonly number[];
  readonly initial: Float32Array<ArrayBuffer>;
  /** The sample after every model call. */
  readonly x: readonly Float32Array<ArrayBuffer>[];
  /** DDIM's, one a call, where eta is above 0. */
  readonly noise: readonly Float32Array<ArrayBuffer>[] | undefined;
  readonly alphasCumprod: Float32Array<ArrayBuffer>;
}

/** @param read fixtureBytes of fixtures.ts or fixtures.node.ts */
export async function schedulerCases(
  read: (path: string) => Promise<Uint8Array<ArrayBuffer>>,
): Promise<SchedulerCase[]> {
  const cases: SchedulerCase[] = [];
  for (const [file, finalSigmasType] of Object.entries(FILES)) {
    // Python writes -Infinity, which JSON has not.
    const text = new TextDecoder().decode(await read(`03_schedulers/${file}.json`)).replaceAll("-Infinity", "null");
    const described = JSON.parse(text) as { cases: Record<string, { n: number; eta?: number; config: object }> };
    const tensor = await float32Tensors(await read(`03_schedulers/${file}.safetensors`));
    for (const [name, { n, eta, config: json }] of Object.entries(described.cases)) {
      const kind = KINDS[name.replace(/\d.*/, "")];
      if (!kind) continue;
      const config = v.parse(SchedulerConfig, json);
      const rows = createSchedule(config, { kind, steps: n, eta, finalSigmasType });
      const timesteps = [...tensor(`${name}.timesteps`)];
      const split = (data: Float32Array<ArrayBuffer>) =>
        timesteps.map((_, i) =>
          data.slice((i * data.length) / timesteps.length, ((i + 1) * data.length) / timesteps.length),
        );
      cases.push({
        name: `${file}, ${name}`,
        config,
        rows,
        timesteps,
        initial: tensor("x_init"),
        x: split(tensor(`${name}.x`)),
        noise: eta ? split(tensor(`${name}.variance_noise`)) : undefined,
        alphasCumprod: tensor("alphas_cumprod"),
      });
    }
  }
  return cases;
}

async function float32Tensors(bytes: Uint8Array<ArrayBuffer>): Promise<(name: string) => Float32Array<ArrayBuffer>> {
  const { tensors } = await readSafetensorsHeader("fixture", new Blob([bytes]));
  return (name) => {
    const location = tensors.get(name);
    if (location?.dtype !== "F32") throw new Error(`The fixture has no float32 tensor ${name}`);
    return new Float32Array(bytes.slice(location.offset, location.offset + location.length).buffer);
  };
}
