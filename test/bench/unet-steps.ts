/** What the page and the two workers that step a U-Net say to each other: the engine's own way, and the plain pipeline's. */
import type { DeviceReport, WireError, WorkerOptions } from "../../workers/protocol.ts";
import type { SchedulerConfig, UNetConfig } from "../../workers/weights/bundle.ts";

/** One run of a U-Net: with guidance (two rows a pass), DPM-Solver++, on noise and conditions drawn from seeds. */
export interface UNetRun {
  readonly weights: { readonly urls: Record<string, string>; readonly prefix: string };
  /** The same U-Net by torch.onnx.export. */
  readonly onnxUrl?: string;
  readonly config: UNetConfig;
  readonly scheduler: SchedulerConfig;
  readonly height: number;
  readonly width: number;
  /** Rows of the condition. */
  readonly tokens: number;
  readonly steps: number;
}

export const GUIDANCE_SCALE = 7.5;
export const NOISE_SEED = 1;
export const CONDITION_SEED = 2;

export type StepsRequest =
  /** `recomputing`: of the engine's pipeline, whether the condition's keys and values are made in every step and not once. */
  | { id: number; type: "build"; run: UNetRun; options: WorkerOptions; recomputing: boolean }
  /** The next `count` steps. */
  | { id: number; type: "step"; count: number }
  | { id: number; type: "read-latents" }
  | { id: number; type: "cancel"; target: number };

export type StepsReply =
  /** `seconds`: from weights at hand to a session; fetching them from the local server is not in it. */
  | { id: number; type: "built"; seconds: number; report: DeviceReport | null }
  | { id: number; type: "stepped"; seconds: number[] }
  | { id: number; type: "latents"; latents: Float32Array }
  | { id: number; type: "error"; error: WireError };
