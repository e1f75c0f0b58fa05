/**
 * Progress and preview of the job that runs, beside the store: a fast device makes a hundred steps a second, and no part of the page
 * should be drawn more often than it can be read.
 */
import type { EngineProgress, Picture } from "../engine/index.ts";

export interface Live {
  readonly progress: EngineProgress | null;
  readonly preview: Picture | null;
}

const NOTHING: Live = { progress: null, preview: null };

/** Ten times a second reads as steady. */
const EVERY_MS = 100;

export class LiveProgress {
  private current: Live = NOTHING;
  private shown: Live = NOTHING;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<() => void>();

  /** For useSyncExternalStore: at most every 100 ms something new. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): Live => this.shown;

  /** As it stands, newer than what is shown. */
  get now(): Live {
    return this.current;
  }

  update(change: Partial<Live>): void {
    this.current = { ...this.current, ...change };
    this.timer ??= setTimeout(() => this.publish(), EVERY_MS);
  }

  /** A new job begins: what is shown goes at once. */
  reset(): void {
    this.current = NOTHING;
    this.publish();
  }

  private publish(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.shown = this.current;
    for (const listener of this.listeners) listener();
  }
}
