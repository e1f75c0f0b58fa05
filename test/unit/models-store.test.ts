import { beforeEach, describe, expect, test, vi } from "vitest";
import { EngineError } from "../../src/engine/index.ts";
import { whereIs } from "../../src/models/made-with.ts";
import { canDraw, createModelsStore, MINI, type ModelsStore, readKept } from "../../src/models/models-store.ts";
import type { StoredModel } from "../../workers/protocol.ts";
import type { Bundle } from "../../workers/weights/bundle.ts";

const stored = (id: string, change: Partial<StoredModel> = {}): StoredModel => ({
  id,
  kind: id.startsWith("segment-") ? "files" : "model",
  name: id.toUpperCase(),
  license: "MIT",
  source: "import:files",
  state: "installed",
  storedBytes: 10,
  totalBytes: 10,
  ...change,
});

const bundleOf = (id: string) =>
  ({
    id,
    name: id.toUpperCase(),
    files: { "unet.safetensors": { size: 10, sha256: `hash of ${id}` } },
  }) as unknown as Bundle;

/** An engine whose store holds `shelf`. */
function fakeEngine(shelf: StoredModel[]) {
  return {
    shelf,
    listModels: vi.fn(async () => [...shelf]),
    storageUsage: vi.fn(async () => ({ persistent: true, storedBytes: 10 })),
    describe: vi.fn(async (source: string) => {
      if (source === MINI.source) return { bundle: bundleOf("mini"), stored: shelf.some(({ id }) => id === "mini") };
      if (!shelf.some(({ id }) => id === source)) throw new EngineError("not-loaded", "There is no such model.");
      return { bundle: bundleOf(source), stored: true };
    }),
    verifyModel: vi.fn(async () => [] as { file: string; chunk: number }[]),
    deleteModel: vi.fn(async (id: string) => void shelf.splice(0, shelf.length, ...shelf.filter((m) => m.id !== id))),
    openModel: vi.fn(async (id: string) => ({ bundle: bundleOf(id), files: {} })),
  };
}

const kept = new Map<string, string>();
const visits: ModelsStore[] = [];
function visit(shelf: StoredModel[]) {
  const engine = fakeEngine(shelf);
  const store = createModelsStore(engine as unknown as Parameters<typeof createModelsStore>[0]);
  visits.push(store);
  return { engine, store, now: () => store.getState() };
}

beforeEach(() => {
  kept.clear();
  vi.stubGlobal("navigator", { storage: { persisted: async () => false } });
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
});

describe("which model draws", () => {
  test("the mini, until another one is chosen; the choice is kept", async () => {
    const first = visit([stored("sd-1")]);
    expect(first.now().inUse).toBe(MINI.source);
    await first.now().refresh();
    first.now().use("sd-1");
    const again = visit([stored("sd-1")]);
    await again.now().refresh();
    expect(again.now()).toMatchObject({ inUse: "sd-1", lost: [] });
    again.now().use("mini");
    expect(again.now().inUse).toBe(MINI.source);
  });

  test("a stored one is described without the engine, the mini by its address", async () => {
    const { engine, now } = visit([stored("sd-1")]);
    await now().refresh();
    now().use("sd-1");
    engine.describe.mockClear();
    expect(await now().describe()).toMatchObject({ bundle: { id: "sd-1" }, stored: true });
    expect(engine.describe).not.toHaveBeenCalled();
    now().use("mini");
    expect(await now().describe()).toMatchObject({ bundle: { id: "mini" }, stored: false });
  });

  test("one that the browser has lost is told by name, once, and the mini draws", async () => {
    const first = visit([stored("sd-1"), stored("sd-2")]);
    await first.now().refresh();
    first.now().use("sd-1");
    const later = visit([stored("sd-1", { state: "damaged", storedBytes: 3 })]);
    await later.now().refresh();
    expect(later.now()).toMatchObject({ inUse: MINI.source, lost: ["SD-1", "SD-2"] });
    later.now().dismissLost();
    await later.now().refresh();
    expect(later.now().lost).toEqual([]);
    const third = visit([]);
    await third.now().refresh();
    expect(third.now().lost).toEqual([]);
  });

  test("a deleted one is not lost; deleting the one in use falls back", async () => {
    const { now, engine } = visit([stored("sd-1"), stored("sd-2")]);
    await now().refresh();
    now().use("sd-1");
    await now().remove("sd-1");
    expect(engine.deleteModel).toHaveBeenCalledWith("sd-1");
    expect(now()).toMatchObject({ inUse: MINI.source, lost: [] });
    expect(now().models?.map(({ id }) => id)).toEqual(["sd-2"]);
  });

  test("the mini may go: it is fetched again", async () => {
    await visit([stored("mini")])
      .now()
      .refresh();
    const later = visit([]);
    await later.now().refresh();
    expect(later.now()).toMatchObject({ lost: [], mini: { id: "mini" } });
  });

  test("what is not whole, cuts out, or is not understood does not draw", async () => {
    const { now, engine } = visit([
      stored("sd-1"),
      stored("sd-2", { state: "partial" }),
      stored("segment-slimsam"),
      stored("old-1"),
    ]);
    engine.describe.mockImplementation(async (source) => {
      if (source === "old-1") throw new EngineError("bad-bundle", "of an older version");
      return { bundle: bundleOf(source), stored: true };
    });
    await now().refresh();
    expect(
      now()
        .models?.filter(canDraw)
        .map(({ id }) => id),
    ).toEqual(["sd-1"]);
  });

  test("a store that cannot be read is told, and what was known stays", async () => {
    const { now, engine } = visit([stored("sd-1")]);
    await now().refresh();
    engine.listModels.mockRejectedValueOnce(new EngineError("storage", "Closed."));
    await now().refresh();
    expect(now()).toMatchObject({ trouble: "Closed.", models: [{ id: "sd-1" }] });
    await now().refresh();
    expect(now().trouble).toBeNull();
  });
});

describe("what can be done to a model", () => {
  test("verified: whole, or damaged by file, which is not told again as lost", async () => {
    const { now, engine } = visit([stored("sd-1")]);
    await now().refresh();
    await now().verify("sd-1");
    expect(now().tasks.get("sd-1")).toEqual({ name: "verified", damaged: [] });
    engine.verifyModel.mockImplementationOnce(async () => {
      engine.shelf.splice(0, 1, stored("sd-1", { state: "damaged" }));
      return [
        { file: "unet.safetensors", chunk: 0 },
        { file: "unet.safetensors", chunk: 3 },
      ];
    });
    await now().verify("sd-1");
    expect(now().tasks.get("sd-1")).toEqual({ name: "verified", damaged: ["unet.safetensors"] });
    expect(now().lost).toEqual([]);
  });

  test("stopped: as if it had not begun; failed: why", async () => {
    const { now, engine } = visit([stored("sd-1")]);
    const verify = engine.verifyModel as unknown as {
      mockImplementationOnce: (run: (id: string, options: { signal: AbortSignal }) => Promise<never>) => void;
    };
    verify.mockImplementationOnce(
      (_, { signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(new EngineError("cancelled", "Stopped."))),
        ),
    );
    const verifying = now().verify("sd-1");
    expect(now().tasks.get("sd-1")).toMatchObject({ name: "running", kind: "verify" });
    now().stop("sd-1");
    await verifying;
    expect(now().tasks.has("sd-1")).toBe(false);
    engine.verifyModel.mockRejectedValueOnce(new EngineError("storage", "Closed."));
    await now().verify("sd-1");
    expect(now().tasks.get("sd-1")).toEqual({ name: "failed", kind: "verify", message: "Closed." });
  });

  test("saved, and how far it is", async () => {
    const { now } = visit([stored("sd-1")]);
    const fractions: unknown[] = [];
    await now().saveAs("sd-1", async (model, { onFraction }) => {
      expect(model.bundle.id).toBe("sd-1");
      for (const fraction of [0.101, 0.102, 0.5]) {
        onFraction(fraction);
        fractions.push(now().tasks.get("sd-1"));
      }
    });
    expect(fractions).toMatchObject([{ fraction: 0.1 }, { fraction: 0.1 }, { fraction: 0.5 }]);
    expect(now().tasks.get("sd-1")).toEqual({ name: "saved" });
  });
});

test("a picture's model is known by its files, whatever it is called here", async () => {
  const { now } = visit([stored("sd-1"), stored("sd-2")]);
  await now().refresh();
  now().use("sd-1");
  const made = (hash: string) => whereIs({ name: "Any", files: { "any-name": hash } }, now());
  expect(await made("hash of sd-1")).toBe("in-use");
  expect(await made("hash of sd-2")).toBe("stored");
  expect(await made("hash of sd-3")).toBe("missing");
});

test.each([null, 7, "x", { inUse: 3, known: {} }, { inUse: "a", known: { a: 1 } }])("%j in storage is none", (found) =>
  expect(readKept(found)).toEqual({}),
);
