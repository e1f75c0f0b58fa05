import type { InstallProgress } from "../protocol.ts";

/** The speed is that of the last seconds. */
const WINDOW_MS = 5000;
const REPORT_EVERY_MS = 100;

/** Counts bytes and tells them now and then. */
export class ProgressMeter {
  private phase: "download" | "verify" = "download";
  private file = "";
  private samples: { time: number; bytes: number }[] = [];
  private reported = Number.NEGATIVE_INFINITY;

  /** @param loadedBytes what was there before: it counts as loaded, not for the speed */
  constructor(
    private loadedBytes: number,
    private totalBytes: number,
    private readonly onProgress: (progress: InstallProgress) => void,
  ) {
    this.begin();
  }

  /** `count` may be negative: bytes that arrived and were no good. */
  add(file: string, count: number): void {
    this.file = file;
    this.loadedBytes += count;
    const now = performance.now();
    if (now - this.reported >= REPORT_EVERY_MS) this.report();
  }

  /** The download is over; from now on `add` counts bytes that are checked. */
  beginVerify(totalBytes: number): void {
    this.report();
    this.phase = "verify";
    this.loadedBytes = 0;
    this.totalBytes = totalBytes;
    this.begin();
  }

  report(): void {
    const now = performance.now();
    this.samples.push({ time: now, bytes: this.loadedBytes });
    while (this.samples.length > 2 && now - (this.samples[0]?.time ?? now) > WINDOW_MS) this.samples.shift();
    const first = this.samples[0] ?? { time: now, bytes: this.loadedBytes };
    const seconds = (now - first.time) / 1000;
    const { phase, file, loadedBytes, totalBytes } = this;
    const bytesPerSecond = seconds > 0 ? Math.max(0, (loadedBytes - first.bytes) / seconds) : 0;
    this.reported = now;
    this.onProgress({ phase, file, loadedBytes, totalBytes, bytesPerSecond });
  }

  private begin(): void {
    this.samples = [{ time: performance.now(), bytes: this.loadedBytes }];
  }
}
