/**
 * What every solver here comes down to: one row a model call. A step is linear in the sample, the model output (after
 * guidance), outputs kept from earlier calls and fresh noise, so its coefficients are all there is to know about it.
 */

/** Enough for PLMS of fourth order: three earlier model outputs. */
export const HISTORY_SLOTS = 3;

/** One model call at `timestep` and the update that follows it. All coefficients are float64. */
export interface SchedulerRow {
  /** What the U-Net is told. */
  readonly timestep: number;
  /** next sample = sample * x + modelOutput * model(x, timestep) + sum of history[k] * slot k + noise * N(0, 1) */
  readonly sample: number;
  readonly modelOutput: number;
  /** One a slot. A slot with coefficient 0 is not read: it may hold anything. */
  readonly history: readonly number[];
  /** 0 where the step is deterministic; then no noise is read. */
  readonly noise: number;
  /** Kept after the slots were read: slot = sample * x + modelOutput * model(x, timestep). */
  readonly store: { readonly slot: number; readonly sample: number; readonly modelOutput: number } | null;
}

/** History coefficients that are 0 but for the given [slot, coefficient] pairs. */
export function historyCoefficients(...entries: (readonly [slot: number, coefficient: number])[]): number[] {
  const coefficients = new Array<number>(HISTORY_SLOTS).fill(0);
  for (const [slot, coefficient] of entries) coefficients[slot] = coefficient;
  return coefficients;
}

/** A sample on the CPU with the solver's memory, in float64. */
export interface SampleState {
  readonly sample: Float64Array;
  /** HISTORY_SLOTS arrays of the sample's length. */
  readonly history: readonly Float64Array[];
}

/** @param noise the initial latents; every scheduler here has init_noise_sigma 1. */
export function createSampleState(noise: ArrayLike<number>): SampleState {
  return {
    sample: Float64Array.from(noise),
    history: Array.from({ length: HISTORY_SLOTS }, () => new Float64Array(noise.length)),
  };
}

/**
 * One step in float64: what the GPU kernel does, for tests and for reading.
 *
 * @param modelOutput after guidance, of the sample's length.
 * @param noise needed where `row.noise` is not 0.
 */
export function applyRow(
  row: SchedulerRow,
  state: SampleState,
  modelOutput: ArrayLike<number>,
  noise?: ArrayLike<number>,
): void {
  const { sample, history } = state;
  for (let i = 0; i < sample.length; i++) {
    const x = sample[i] as number;
    const output = modelOutput[i] as number;
    let next = row.sample * x + row.modelOutput * output;
    row.history.forEach((coefficient, slot) => {
      if (coefficient !== 0) next += coefficient * ((history[slot] as Float64Array)[i] as number);
    });
    if (row.noise !== 0) next += row.noise * ((noise as ArrayLike<number>)[i] as number);
    if (row.store) (history[row.store.slot] as Float64Array)[i] = row.store.sample * x + row.store.modelOutput * output;
    sample[i] = next;
  }
}
