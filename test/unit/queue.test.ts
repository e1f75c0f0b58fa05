import { describe, expect, test, vi } from "vitest";
import { EngineError, type GenerateOptions, type GenerationRequest } from "../../src/engine/index.ts";
import {
  again,
  cancelled,
  held,
  type JobRequest,
  newJob,
  nextJob,
  withoutDone,
  withState,
} from "../../src/generation/job.ts";
import { readRequests } from "../../src/generation/queue-storage.ts";
import { createQueueStore, type QueuePorts } from "../../src/generation/queue-store.ts";
import { seedsFrom } from "../../src/generation/use-generate.ts";

const request = (seed: number): JobRequest => ({
  sentence: [
    { kind: "entity", id: "cat" },
    { kind: "text", text: " in the snow" },
  ],
  caption: "‹cat› in the snow",
  parameters: { seed, steps: 10, guidanceScale: 2.5, scheduler: "ddim", width: 96, height: 96, negativePrompt: "" },
  model: "models/mini",
});

/** An engine that draws when it is told to. */
function setup(left: JobRequest[] = []) {
  const started: GenerationRequest[] = [];
  const turns: { done: () => void; fail: (error: Error) => void; options: GenerateOptions }[] = [];
  const saved: number[][] = [];
  const load = vi.fn(async () => {
    engine.bundle = { id: "mini" };
  });
  const engine = {
    bundle: undefined as unknown,
    load,
    generate: (asked: GenerationRequest, options: GenerateOptions) => {
      started.push(asked);
      return new Promise((resolve, reject) => {
        const done = () => resolve({ picture: { width: 1, height: 1 }, metadata: { seconds: { total: 5 } } });
        options.signal?.addEventListener("abort", () => reject(new EngineError("cancelled", "Stopped.")));
        turns.push({ done, fail: reject, options });
      });
    },
  };
  let kept = 0;
  const store = createQueueStore({
    engine: engine as unknown as QueuePorts["engine"],
    promptOf: () => [{ kind: "text", text: "a cat" }],
    keep: async () => `result ${++kept}`,
    storage: {
      takeOver: async () => left,
      save: async (requests) => void saved.push(requests.map(({ parameters }) => parameters.seed)),
    },
  });
  const states = () => store.getState().jobs.map(({ state }) => state.name);
  /** Lets promises that are due be kept. */
  const settle = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return { store, started, turns, saved, states, settle, load, keptCount: () => kept };
}

describe("the queue", () => {
  test("one at a time, in order; what waits is stored; done ones stay until all is done", async () => {
    const { store, started, turns, saved, states, settle, load, keptCount } = setup();
    store.getState().enqueue([request(1), request(2)]);
    await settle();
    expect(states()).toEqual(["running", "waiting"]);
    expect(started.map(({ seed }) => seed)).toEqual([1]);
    expect(load).toHaveBeenCalledTimes(1);
    expect(saved.at(-1)).toEqual([1, 2]);
    turns[0]?.done();
    await settle();
    expect(states()).toEqual(["done", "running"]);
    expect(saved.at(-1)).toEqual([2]);
    turns[1]?.done();
    await settle();
    expect(states()).toEqual([]);
    expect(saved.at(-1)).toEqual([]);
    expect(load).toHaveBeenCalledTimes(1);
    expect([keptCount(), store.getState().finished, store.getState().onStage]).toEqual([2, 2, null]);
  });

  test("stopping one goes on with the next; the stopped one stays and can be drawn again", async () => {
    const { store, turns, states, settle, started } = setup();
    const [first = ""] = store.getState().enqueue([request(1), request(2)]);
    await settle();
    turns[0]?.options.onProgress?.({ kind: "step", step: 4, steps: 10, secondsPerStep: 1, secondsLeft: 6 });
    store.getState().cancel(first);
    expect(store.getState().jobs[0]?.state).toEqual({ name: "running", cancelling: true });
    await settle();
    expect(store.getState().jobs[0]?.state).toEqual({ name: "stopped", step: 4 });
    expect(states()).toEqual(["stopped", "running"]);
    turns[1]?.done();
    await settle();
    expect(states()).toEqual(["stopped"]);
    store.getState().retry(first);
    await settle();
    expect(states()).toEqual(["running"]);
    expect(started.map(({ seed }) => seed)).toEqual([1, 2, 1]);
  });

  test("stop all: nothing waits any more, what runs stops", async () => {
    const { store, states, settle, saved } = setup();
    store.getState().enqueue([request(1), request(2), request(3)]);
    await settle();
    store.getState().cancelAll();
    await settle();
    expect(states()).toEqual(["stopped"]);
    expect(saved.at(-1)).toEqual([]);
  });

  test("out of memory: fails, holds the others back, and is drawn again smaller", async () => {
    const { store, turns, states, settle, started, saved } = setup();
    const [first = ""] = store.getState().enqueue([request(1), request(2)]);
    await settle();
    turns[0]?.fail(new EngineError("out-of-memory", "No memory."));
    await settle();
    expect(states()).toEqual(["failed", "held"]);
    expect(saved.at(-1)).toEqual([2]);
    store.getState().retry(first, { width: 64, height: 64 });
    await settle();
    expect(states()).toEqual(["held", "running"]);
    expect(started.at(-1)).toMatchObject({ seed: 1, width: 64, height: 64 });
    turns[1]?.done();
    await settle();
    expect(states()).toEqual(["held"]);
    store.getState().goOn();
    await settle();
    expect(states()).toEqual(["running"]);
  });

  test("a lost device is tried once more by itself, then fails", async () => {
    const { store, turns, states, settle } = setup();
    store.getState().enqueue([request(1)]);
    await settle();
    turns[0]?.fail(new EngineError("device-lost", "Lost."));
    await settle();
    expect(states()).toEqual(["running"]);
    turns[1]?.fail(new EngineError("device-lost", "Lost."));
    await settle();
    expect(states()).toEqual(["failed"]);
  });

  test("a sentence that the model refuses does not stop the others", async () => {
    const { store, turns, states, settle } = setup();
    store.getState().enqueue([request(1), request(2)]);
    await settle();
    turns[0]?.fail(new EngineError("bad-prompt", "Too long."));
    await settle();
    expect(states()).toEqual(["failed", "running"]);
  });

  test("what an earlier visit left is held until the user says; new jobs run", async () => {
    const { store, states, settle, started } = setup([request(1), request(2)]);
    await store.getState().restore();
    await settle();
    expect(states()).toEqual(["held", "held"]);
    store.getState().enqueue([request(3)]);
    await settle();
    expect(states()).toEqual(["held", "held", "running"]);
    expect(started.map(({ seed }) => seed)).toEqual([3]);
    store.getState().discardHeld();
    expect(states()).toEqual(["running"]);
  });

  test("looking at a result leaves a running job alone and ends the sight of a failed one", async () => {
    const { store, turns, settle } = setup();
    const [first = ""] = store.getState().enqueue([request(1)]);
    await settle();
    store.getState().show("result 7");
    expect(store.getState()).toMatchObject({ shown: "result 7", onStage: first });
    turns[0]?.fail(new EngineError("bad-image", "No."));
    await settle();
    store.getState().show("result 8");
    expect(store.getState()).toMatchObject({ shown: "result 8", onStage: null });
  });
});

describe("steps from state to state", () => {
  const jobs = [newJob("a", request(1)), newJob("b", request(2)), newJob("c", request(3))];

  test("nothing starts while one runs", () => {
    expect(nextJob(jobs)?.id).toBe("a");
    expect(nextJob(withState(jobs, "b", { name: "running", cancelling: false }))).toBeUndefined();
    expect(nextJob(held(jobs, "trouble"))).toBeUndefined();
  });

  test("attempts count beginnings", () => {
    const once = withState(jobs, "a", { name: "running", cancelling: false });
    expect(once[0]?.attempts).toBe(1);
    expect(cancelled(once, new Set(["a"]))[0]?.attempts).toBe(1);
  });

  test("again: before those that wait, behind those that do not; never what is not over", () => {
    const failed = withState(jobs, "c", { name: "stopped", step: null });
    expect(again(failed, "c").map(({ id }) => id)).toEqual(["c", "a", "b"]);
    expect(again(jobs, "a")).toBe(jobs);
    expect(again(jobs, "nobody")).toBe(jobs);
  });

  test("done ones go when nothing is left to do", () => {
    const done = withState(jobs.slice(0, 2), "a", { name: "done", result: "r" });
    expect(withoutDone(done)).toHaveLength(2);
    expect(withoutDone(withState(done, "b", { name: "stopped", step: 1 })).map(({ id }) => id)).toEqual(["b"]);
  });
});

test("seeds follow each other, around the end", () => {
  expect(seedsFrom(7, 3)).toEqual([7, 8, 9]);
  expect(seedsFrom(2 ** 32 - 1, 2)).toEqual([2 ** 32 - 1, 0]);
});

test("of what lies in storage only whole requests are taken", () => {
  const good = request(1);
  const bad = [
    null,
    "job",
    {},
    { ...good, sentence: [{ kind: "entity" }] },
    { ...good, parameters: { ...good.parameters, steps: 1e9 } },
    { ...good, parameters: { ...good.parameters, scheduler: "euler" } },
    { ...good, model: 4 },
  ];
  expect(readRequests([...bad, good])).toEqual([good]);
  expect(readRequests({ length: 1 })).toEqual([]);
  expect(readRequests(undefined)).toEqual([]);
});
