/** How long pictures take on this device, by a moving average over the last ones. */
import type { EngineProgress } from "../engine/index.ts";
import type { Parameters } from "../settings/parameters.ts";

/** The weight of the newest picture. */
const NEWEST = 0.4;

/** A step's work grows with the pixels, and guidance doubles it. */
function workOf({ steps, guidanceScale, width, height }: Parameters): number {
  return steps * (guidanceScale > 1 ? 2 : 1) * width * height;
}

export class PicturePace {
  private secondsPerWork: number | undefined;

  /** Notes what a finished picture took. */
  finished(parameters: Parameters, seconds: number): void {
    const measured = seconds / workOf(parameters);
    this.secondsPerWork =
      this.secondsPerWork === undefined ? measured : this.secondsPerWork + NEWEST * (measured - this.secondsPerWork);
  }

  /** Seconds for a whole picture; null before the first one is finished. */
  expect(parameters: Parameters): number | null {
    return this.secondsPerWork === undefined ? null : this.secondsPerWork * workOf(parameters);
  }
}

/**
 * Seconds until the queue is empty: what is left of the running picture, and the waiting ones.
 * @returns null while nothing is known of it
 */
export function secondsLeft(
  pace: PicturePace,
  running: { readonly parameters: Parameters; readonly progress: EngineProgress | null } | null,
  waiting: readonly Parameters[],
): number | null {
  const expected = waiting.map((parameters) => pace.expect(parameters));
  let left = 0;
  if (running) {
    const { progress, parameters } = running;
    const own = progress?.kind === "step" ? progress.secondsLeft : pace.expect(parameters);
    if (own === null) return null;
    left = own;
    // The first picture of a visit: the waiting ones take about as long as its steps promise.
    if (progress?.kind === "step") {
      const whole = progress.secondsPerStep * progress.steps;
      for (const [i, seconds] of expected.entries()) {
        const other = waiting[i] as Parameters;
        left += seconds ?? (whole * workOf(other)) / workOf(parameters);
      }
      return left;
    }
  }
  for (const seconds of expected) {
    if (seconds === null) return null;
    left += seconds;
  }
  return left;
}
