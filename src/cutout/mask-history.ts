/** Undo for masks: run lengths, because thirty plain masks of a photo would take 60 MB. */

/** A plane of bytes as [length, value] pairs. */
export type Packed = Uint32Array<ArrayBuffer>;

export function pack(plane: ArrayLike<number>): Packed {
  const runs: number[] = [];
  for (let at = 0; at < plane.length; ) {
    const value = plane[at] as number;
    let end = at + 1;
    while (end < plane.length && plane[end] === value) end++;
    runs.push(end - at, value);
    at = end;
  }
  return Uint32Array.from(runs);
}

/** Writes a packed plane over one of the same length. */
export function unpack(packed: Packed, into: Uint8Array | Uint8ClampedArray): void {
  let at = 0;
  for (let i = 0; i < packed.length; i += 2) {
    const end = at + (packed[i] as number);
    into.fill(packed[i + 1] as number, at, end);
    at = end;
  }
}

/** What undo goes back to. */
export class Steps<T> {
  private readonly steps: T[];
  private at = 0;

  constructor(
    first: T,
    private readonly limit = 40,
  ) {
    this.steps = [first];
  }

  get now(): T {
    return this.steps[this.at] as T;
  }

  get canUndo(): boolean {
    return this.at > 0;
  }

  get canRedo(): boolean {
    return this.at < this.steps.length - 1;
  }

  /** A new step; what was undone is forgotten. */
  push(step: T): void {
    this.steps.splice(this.at + 1, Number.POSITIVE_INFINITY, step);
    if (this.steps.length > this.limit) this.steps.shift();
    this.at = this.steps.length - 1;
  }

  /** @returns the step that counts now */
  undo(): T {
    if (this.canUndo) this.at--;
    return this.now;
  }

  redo(): T {
    if (this.canRedo) this.at++;
    return this.now;
  }
}
