import { expect, test } from "vitest";
import { describeProgress, fractionDone, megabytes } from "../../src/generation/progress-text.ts";
import { generationTexts } from "../../src/generation/texts.ts";

test("a download tells how much, of how much, how fast", () => {
  const progress = {
    kind: "download",
    phase: "download",
    file: "model.safetensors",
    loadedBytes: 4_500_000,
    totalBytes: 28_000_000,
    bytesPerSecond: 2_000_000,
  } as const;
  expect(describeProgress(generationTexts.en, progress)).toBe("Getting the model, once: 4.5 MB of 28 MB, 2.0 MB/s");
  expect(fractionDone(progress)).toBeCloseTo(4.5 / 28);
});

test("steps tell the pace and the time left", () => {
  const progress = { kind: "step", step: 3, steps: 25, secondsPerStep: 0.25, secondsLeft: 5.5 } as const;
  expect(describeProgress(generationTexts.en, progress)).toBe("Step 3 of 25, 0.3 s each, 5.5 s left");
  expect(fractionDone(progress)).toBeCloseTo(0.12);
});

test("in German, with a decimal comma", () => {
  const progress = { kind: "step", step: 3, steps: 25, secondsPerStep: 0.25, secondsLeft: 5.5 } as const;
  expect(describeProgress(generationTexts.de, progress)).toBe("Schritt 3 von 25, je 0,3 s, noch 5,5 s");
});

test("a phase of unknown length has no fraction", () => {
  expect(fractionDone({ kind: "phase", phase: "build" })).toBeNull();
  expect(fractionDone(null)).toBeNull();
});

test("megabytes are decimal, as downloads are named", () => {
  expect(megabytes(28_400_000)).toBe("28 MB");
  expect(megabytes(1_250_000)).toBe("1.3 MB");
});
