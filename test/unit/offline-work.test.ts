import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createStore } from "zustand/vanilla";
import type { AppContext } from "../../src/app-context.ts";
import { idle } from "../../src/offline/work.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const job = (name: string) => ({ state: { name } });

/** A page that does nothing, and how to let it do something. */
function page() {
  const generation = createStore<{ jobs: unknown[] }>(() => ({ jobs: [] }));
  const imports = createStore<{ busy: string | null }>(() => ({ busy: null }));
  const models = createStore<{ tasks: Map<string, { name: string }> }>(() => ({ tasks: new Map() }));
  let isIdle = false;
  return {
    generation,
    imports,
    models,
    wait: () =>
      void idle({ generation, imports, models } as unknown as AppContext).then(() => {
        isIdle = true;
      }),
    isIdle: async () => {
      await vi.advanceTimersByTimeAsync(1500);
      return isIdle;
    },
  };
}

describe("a page is idle", () => {
  test("at once where nothing runs; jobs that are held or failed do not run", async () => {
    const p = page();
    p.generation.setState({ jobs: [job("held"), job("failed"), job("stopped")] });
    p.wait();
    expect(await p.isIdle()).toBe(true);
  });

  test("not while pictures are drawn or wait, a model is imported, or one is checked", async () => {
    const p = page();
    p.generation.setState({ jobs: [job("running"), job("waiting")] });
    p.wait();
    expect(await p.isIdle()).toBe(false);
    p.generation.setState({ jobs: [job("waiting")] });
    p.imports.setState({ busy: "import" });
    expect(await p.isIdle()).toBe(false);
    p.generation.setState({ jobs: [] });
    expect(await p.isIdle()).toBe(false);
    p.models.setState({ tasks: new Map([["mini", { name: "running" }]]) });
    p.imports.setState({ busy: null });
    expect(await p.isIdle()).toBe(false);
    p.models.setState({ tasks: new Map([["mini", { name: "verified" }]]) });
    expect(await p.isIdle()).toBe(true);
  });

  test("not where something begins right after", async () => {
    const p = page();
    p.generation.setState({ jobs: [job("running")] });
    p.wait();
    p.generation.setState({ jobs: [] });
    await vi.advanceTimersByTimeAsync(200);
    p.generation.setState({ jobs: [job("running")] });
    expect(await p.isIdle()).toBe(false);
  });
});
