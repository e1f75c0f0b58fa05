import type { EngineProgress, Phase } from "../engine/index.ts";

const PHASES: Record<Phase, string> = {
  device: "Looking for a graphics device",
  "self-test": "Checking that this device calculates correctly",
  build: "Preparing the model for this device, once a visit",
  "encode-images": "Looking at the pictures",
  "encode-prompt": "Reading the sentence",
  align: "Putting it into the painter's words",
  denoise: "Starting to paint",
  decode: "Developing the picture",
};

/** One line for people: what is happening, how far, how long still. */
export function describeProgress(progress: EngineProgress | null): string {
  if (!progress) return "Starting";
  switch (progress.kind) {
    case "download": {
      const speed = progress.bytesPerSecond > 0 ? `, ${megabytes(progress.bytesPerSecond)}/s` : "";
      return `Getting the model, once: ${megabytes(progress.loadedBytes)} of ${megabytes(progress.totalBytes)}${speed}`;
    }
    case "phase":
      return PHASES[progress.phase];
    case "step":
      return `Step ${progress.step} of ${progress.steps}, ${seconds(progress.secondsPerStep)} each, ${seconds(progress.secondsLeft)} left`;
  }
}

/** 0 to 1, or null when it cannot be known. */
export function fractionDone(progress: EngineProgress | null): number | null {
  if (!progress) return null;
  if (progress.kind === "download") return progress.totalBytes > 0 ? progress.loadedBytes / progress.totalBytes : null;
  if (progress.kind === "step") return progress.step / progress.steps;
  return progress.fraction ?? null;
}

export function megabytes(bytes: number): string {
  const mb = bytes / 1e6;
  return `${mb < 10 ? mb.toFixed(1) : Math.round(mb)} MB`;
}

function seconds(value: number): string {
  if (value >= 90) return `${Math.round(value / 60)} min`;
  return value >= 10 ? `${Math.round(value)} s` : `${value.toFixed(value >= 0.1 ? 1 : 2)} s`;
}
