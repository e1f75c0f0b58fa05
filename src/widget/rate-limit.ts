/** A bucket of tokens: so many messages at once, so many a second after that. */
export class RateLimit {
  private tokens: number;
  private last: number;
  private overflow = 0;

  /** @param now milliseconds */
  constructor(
    private readonly burst: number,
    private readonly perSecond: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.tokens = burst;
    this.last = now();
  }

  /** Messages that found no token, in all. */
  get excess(): number {
    return this.overflow;
  }

  /** @returns whether one more may pass */
  take(): boolean {
    const now = this.now();
    this.tokens = Math.min(this.burst, this.tokens + ((now - this.last) / 1000) * this.perSecond);
    this.last = now;
    if (this.tokens < 1) {
      this.overflow += 1;
      return false;
    }
    this.tokens -= 1;
    return true;
  }
}
