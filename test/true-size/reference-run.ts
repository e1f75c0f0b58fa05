/** What the page and the worker that computes one step and one decoding say to each other. */
import type { StoredBundle, WireError, WorkerOptions } from "../../workers/protocol.ts";

/** A tensor of training/checkpoint_set.py's expected.safetensors. */
export interface Reference {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

export type ReferenceRequest =
  | { id: number; type: "build"; model: StoredBundle; options: WorkerOptions; latents: Reference }
  | { id: number; type: "step"; latents: Reference; condition: Reference; timestep: number }
  | { id: number; type: "decode"; latents: Reference }
  | { id: number; type: "cancel"; target: number };

export type ReferenceReply =
  | { id: number; type: "built" }
  | { id: number; type: "computed"; data: Float32Array }
  | { id: number; type: "error"; error: WireError };
