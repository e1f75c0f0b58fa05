/** The engine by its module alone: what breaks it, what it says, and that it works again. */
import { expect, type Page, test } from "@playwright/test";

type EngineModule = typeof import("../../src/engine/index.ts");
type Sabotage = Parameters<ReturnType<EngineModule["createEngine"]>["sabotage"]>[0];

/** One engine for all tests here, in the order in which they stand: each load compiles every shader, minutes on a software adapter. */
test.describe.configure({ mode: "serial" });
let page: Page;
/** The picture of two steps when nothing goes wrong, as a sum. */
let undisturbed = Number.NaN;

/** A page of somebody else at the app's origin, with an engine on `window.engine` and the model loaded. */
test.beforeAll(async ({ browser, baseURL }) => {
  test.setTimeout(600_000);
  page = await browser.newPage({ baseURL: baseURL as string });
  await page.route("**/host.html", (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>Host</title>" }),
  );
  await page.goto("./host.html");
  await page.evaluate(async () => {
    const { createEngine, EngineError } = (await import(new URL("engine.js", location.href).href)) as EngineModule;
    // Longer than the first run of a network takes here.
    const engine = createEngine({ silenceMs: 90_000 });
    await engine.load("models/mini");
    const draw = async (options: DrawOptions) => {
      try {
        const { picture, metadata } = await engine.generate(
          {
            prompt: [{ kind: "text", text: options.words ?? "a beach at night" }],
            seed: 5,
            steps: options.steps,
            guidanceScale: 3,
          },
          {
            onProgress: (progress) => progress.kind === "step" && options.onStep?.(progress.step),
            ...(options.signal && { signal: options.signal }),
          },
        );
        return { ok: true as const, sum: picture.data.reduce((a, b) => a + b, 0), seconds: metadata.seconds.total };
      } catch (error) {
        return error instanceof EngineError
          ? { ok: false as const, code: error.code, message: error.message }
          : { ok: false as const, code: "not an EngineError", message: String(error) };
      }
    };
    Object.assign(window, { engine, draw });
  });
});

test.afterAll(() => page.close());

interface DrawOptions {
  steps: number;
  words?: string;
  onStep?: (step: number) => void;
  signal?: AbortSignal;
}

interface Host {
  engine: ReturnType<EngineModule["createEngine"]>;
  draw: (options: DrawOptions) => Promise<{ ok: true; sum: number } | { ok: false; code: string; message: string }>;
}

/** Breaks the engine at its second step of many, then asks for a short picture. */
function breakAndDrawAgain(how: Sabotage) {
  return page.evaluate(async (how) => {
    const { engine, draw } = window as unknown as Host;
    const before = await draw({ steps: 2 });
    const broken = await draw({ steps: 200, onStep: (step) => void (step === 2 && engine.sabotage(how)) });
    const after = await draw({ steps: 2 });
    return { before, broken, after };
  }, how);
}

for (const [how, code, message] of [
  ["kill-diffusion", "worker-died", /ended by the browser.*Try again/],
  ["destroy-device", "device-lost", /graphics device stopped working/],
] as const) {
  test(`${how} in mid-run: ${code}, and the next picture comes from a fresh worker`, async () => {
    const { before, broken, after } = await breakAndDrawAgain(how);
    expect(before.ok).toBe(true);
    if (before.ok) undisturbed = before.sum;
    expect(broken).toMatchObject({ ok: false, code, message: expect.stringMatching(message) });
    // The same seed gives the same picture, before and after.
    expect(after).toMatchObject({ ok: true, sum: before.ok ? before.sum : Number.NaN });
  });
}

test("a killed condition worker is replaced without a word", async () => {
  const after = await page.evaluate(async () => {
    const { engine, draw } = window as unknown as Host;
    await engine.sabotage("kill-condition");
    await new Promise((resolve) => setTimeout(resolve, 500));
    // The words of before would not be read again.
    return draw({ steps: 1, words: "a forest at night" });
  });
  expect(after.ok).toBe(true);
});

test("a device that swallows its work: the picture is begun once more on a fresh worker, and is the same", {
  tag: "@once",
}, async () => {
  const { before, after, steps } = await page.evaluate(async () => {
    const { engine, draw } = window as unknown as Host;
    const before = await draw({ steps: 2 });
    const steps: number[] = [];
    let stalled = false;
    const onStep = (step: number) => {
      steps.push(step);
      if (stalled) return;
      stalled = true;
      void engine.sabotage("stall-device");
    };
    return { before, after: await draw({ steps: 2, onStep }), steps };
  });
  expect(before.ok).toBe(true);
  expect(after).toMatchObject({ ok: true, sum: before.ok ? before.sum : Number.NaN });
  expect(steps).toEqual([1, 1, 2]);
});

test("cancel ends a run within a step; the engine goes on", async () => {
  const { cancelled, last, after } = await page.evaluate(async () => {
    const { draw } = window as unknown as Host;
    const controller = new AbortController();
    let last = 0;
    const cancelled = await draw({
      steps: 200,
      signal: controller.signal,
      onStep: (step) => {
        last = step;
        if (step === 2) controller.abort();
      },
    });
    return { cancelled, last, after: await draw({ steps: 1 }) };
  });
  expect(cancelled).toMatchObject({ ok: false, code: "cancelled" });
  expect(last).toBeLessThanOrEqual(3);
  expect(after.ok).toBe(true);
});

test("bad calls get typed errors that name what is wrong", async () => {
  const errors = await page.evaluate(async () => {
    const { engine } = window as unknown as Host;
    const text = [{ kind: "text" as const, text: "a cat" }];
    const attempts = {
      empty: () => engine.generate({ prompt: [] }),
      blank: () => engine.generate({ prompt: [{ kind: "text", text: "  " }] }),
      image: () => engine.generate({ prompt: [{ kind: "entity", image: new Blob(["no picture"]) }] }),
      long: () => engine.generate({ prompt: [{ kind: "text", text: "cat ".repeat(3000) }] }),
      steps: () => engine.generate({ prompt: text, steps: 0 }),
      width: () => engine.generate({ prompt: text, width: 97 }),
      model: () => engine.load("no-such-model"),
    };
    const codes: Record<string, string> = {};
    for (const [name, attempt] of Object.entries(attempts)) {
      codes[name] = await attempt().then(
        () => "no error",
        (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
      );
    }
    engine.dispose();
    codes.disposed = await engine.generate({ prompt: text }).then(
      () => "no error",
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    );
    return codes;
  });
  expect(errors).toEqual({
    empty: expect.stringMatching(/^bad-prompt: .*empty/),
    blank: expect.stringMatching(/^bad-prompt: .*empty/),
    image: expect.stringMatching(/^bad-image: .*not a picture/),
    long: expect.stringMatching(/^bad-prompt: .*tokens.*at most \d+/),
    steps: expect.stringMatching(/^bad-settings: Steps/),
    width: expect.stringMatching(/^bad-settings: The width/),
    model: expect.stringMatching(/^not-loaded: .*no-such-model/),
    disposed: expect.stringMatching(/^not-loaded: .*disposed/),
  });
});

test("a model that does not fit on the device at once: its workers take turns, and the picture is the same", async () => {
  const sum = await page.evaluate(async () => {
    const { createEngine } = (await import(new URL("engine.js", location.href).href)) as EngineModule;
    const engine = createEngine({ silenceMs: 90_000, residentBytes: 0 });
    await engine.load("models/mini");
    const prompt = [{ kind: "text" as const, text: "a beach at night" }];
    const { picture } = await engine.generate({ prompt, seed: 5, steps: 2, guidanceScale: 3 });
    return picture.data.reduce((a, b) => a + b, 0);
  });
  expect(sum).toBe(undisturbed);
  const workers = page.workers().map((worker) => /(condition|diffusion)/.exec(worker.url())?.[0]);
  expect(workers.filter(Boolean)).toEqual(["diffusion"]);
});
