import type { EngineProgress } from "../engine/index.ts";
import type { GenerationTexts } from "./texts.ts";

/** One line for people: what is happening, how far, how long still. */
export function describeProgress(t: GenerationTexts, progress: EngineProgress | null): string {
  if (!progress) return t.starting;
  switch (progress.kind) {
    case "download": {
      const { loadedBytes, totalBytes, bytesPerSecond } = progress;
      const speed = bytesPerSecond > 0 ? megabytes(bytesPerSecond, t.locale) : "";
      return t.download(megabytes(loadedBytes, t.locale), megabytes(totalBytes, t.locale), speed);
    }
    case "phase":
      return t.phase(progress.phase);
    case "step": {
      const { step, steps, secondsPerStep, secondsLeft } = progress;
      return t.step(step, steps, duration(t, secondsPerStep), duration(t, secondsLeft));
    }
  }
}

/** 0 to 1, or null when it cannot be known. */
export function fractionDone(progress: EngineProgress | null): number | null {
  if (!progress) return null;
  if (progress.kind === "download") return progress.totalBytes > 0 ? progress.loadedBytes / progress.totalBytes : null;
  if (progress.kind === "step") return progress.step / progress.steps;
  return progress.fraction ?? null;
}

export function megabytes(bytes: number, locale = "en"): string {
  const mb = bytes / 1e6;
  return `${decimal(mb, mb < 10 ? 1 : 0, locale)} MB`;
}

/** "0.25 s", "3.1 s", "14 s", "2 min". */
export function duration(t: GenerationTexts, seconds: number): string {
  if (seconds >= 90) return t.minutes(decimal(seconds / 60, 0, t.locale));
  return t.seconds(decimal(seconds, seconds >= 10 ? 0 : seconds >= 0.1 ? 1 : 2, t.locale));
}

export function decimal(value: number, digits: number, locale: string): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
