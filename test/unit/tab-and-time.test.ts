import { describe, expect, test } from "vitest";
import { ringIcon, tabFace } from "../../src/generation/page-title.ts";
import { PicturePace, secondsLeft } from "../../src/generation/time-left.ts";
import type { Parameters } from "../../src/settings/parameters.ts";

const words = { done: "Done", failed: "Stopped" };

describe("title and icon", () => {
  test("are the page's own while it is looked at", () => {
    expect(tabFace({ hidden: false, fraction: 0.5, outcome: "done" }, words)).toEqual({
      title: "Kosmos-G",
      icon: null,
    });
  });

  test("show progress in the background, then the outcome", () => {
    expect(tabFace({ hidden: true, fraction: 0.426, outcome: null }, words).title).toBe("42 % · Kosmos-G");
    expect(tabFace({ hidden: true, fraction: null, outcome: "done" }, words).title).toBe("Done · Kosmos-G");
    expect(tabFace({ hidden: true, fraction: null, outcome: "failed" }, words).title).toBe("Stopped · Kosmos-G");
    expect(tabFace({ hidden: true, fraction: null, outcome: null }, words)).toEqual({ title: "Kosmos-G", icon: null });
  });

  test("the ring closes, in steps that one can see", () => {
    const drawn = (fraction: number) =>
      Number(/stroke-dasharray="([\d.]+)/.exec(decodeURIComponent(ringIcon(fraction)))?.[1]);
    expect(drawn(0)).toBe(0);
    expect(drawn(0.5)).toBeCloseTo(Math.PI * 12, 1);
    expect(drawn(1)).toBeCloseTo(2 * Math.PI * 12, 1);
    expect(drawn(7)).toBe(drawn(1));
    expect(ringIcon(0.5)).toBe(ringIcon(0.51));
  });
});

describe("time left", () => {
  const parameters = (change: Partial<Parameters> = {}): Parameters => ({
    seed: 1,
    steps: 10,
    guidanceScale: 2.5,
    scheduler: "ddim",
    width: 96,
    height: 96,
    negativePrompt: "",
    ...change,
  });
  const step = (n: number) => ({ kind: "step", step: n, steps: 10, secondsPerStep: 1, secondsLeft: 10 - n }) as const;

  test("nothing is known before the first step of the first picture", () => {
    expect(secondsLeft(new PicturePace(), { parameters: parameters(), progress: null }, [])).toBeNull();
    expect(secondsLeft(new PicturePace(), null, [parameters()])).toBeNull();
  });

  test("the running picture's steps tell of the waiting ones, by their work", () => {
    const running = { parameters: parameters(), progress: step(4) };
    expect(secondsLeft(new PicturePace(), running, [])).toBe(6);
    expect(secondsLeft(new PicturePace(), running, [parameters({ steps: 20 })])).toBeCloseTo(26);
    expect(secondsLeft(new PicturePace(), running, [parameters({ guidanceScale: 1 })])).toBeCloseTo(11);
  });

  test("finished pictures tell more: a moving average of what they took", () => {
    const pace = new PicturePace();
    pace.finished(parameters(), 20);
    expect(pace.expect(parameters({ steps: 5 }))).toBeCloseTo(10);
    pace.finished(parameters(), 10);
    expect(pace.expect(parameters())).toBeCloseTo(16);
    expect(secondsLeft(pace, { parameters: parameters(), progress: null }, [parameters()])).toBeCloseTo(32);
  });
});
