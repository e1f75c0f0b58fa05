/** Ticks between two looks at the silence. */
const TICKS = 20;

/**
 * Notices that nothing was heard for a while. Counts ticks instead of reading a clock: a machine that slept has not been silent.
 */
export class SilenceWatch {
  private ticks = 0;
  private readonly timer: ReturnType<typeof setInterval>;

  /**
   * @param limitMs silence that is too long
   * @param onSilence called once, when it is
   */
  constructor(limitMs: number, onSilence: () => void) {
    this.timer = setInterval(() => {
      this.ticks += 1;
      if (this.ticks < TICKS) return;
      this.stop();
      onSilence();
    }, limitMs / TICKS);
  }

  heard(): void {
    this.ticks = 0;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
