import { IDBDatabase, IDBFactory, IDBKeyRange, IDBObjectStore } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Bundle, BundleFile } from "../../workers/weights/bundle.ts";
import { sha256 } from "../../workers/weights/hash.ts";
import { parseBundle } from "../../workers/weights/parse-bundle.ts";
import { openWeightStore, type WeightStore } from "../../workers/weights/store.ts";
import { noise } from "./weights-model-json.ts";
import { type Files, modelJson, tinyFiles } from "./weights-model-server.ts";

const CHUNK = 16 * 2 ** 20;
const WEIGHTS = "weights.safetensors";
const files = tinyFiles();
const total = Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0);

// Chunks have their real size of 16 MiB: seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

beforeEach(() => vi.stubGlobal("IDBKeyRange", IDBKeyRange));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const bundleOf = (of: Files, id = "tiny") => parseBundle(modelJson(of, { id }), "model.json");

async function put(store: WeightStore, bundle: Bundle, of: Files, skip: (name: string, chunk: number) => boolean) {
  for (const [name, bytes] of Object.entries(of)) {
    const file = bundle.files[name] as BundleFile;
    for (let chunk = 0; chunk * CHUNK < bytes.length; chunk++) {
      if (skip(name, chunk)) continue;
      const data = Uint8Array.from(bytes.subarray(chunk * CHUNK, (chunk + 1) * CHUNK));
      await store.putChunk(file, chunk, new Blob([data]), await sha256(data));
    }
  }
}

async function install(store: WeightStore, of = files, id = "tiny") {
  const bundle = bundleOf(of, id);
  await store.begin(bundle, `https://models.example/${id}`);
  await put(store, bundle, of, () => false);
  await store.install(id);
  return bundle;
}

const weightsOf = (bundle: Bundle) => bundle.files[WEIGHTS] as BundleFile;
const lacking = async (store: WeightStore, bundle: Bundle) => [...((await store.missing(bundle)).get(WEIGHTS) ?? [])];

const backends = { IndexedDB: () => new IDBFactory(), memory: () => undefined };

describe.each(Object.entries(backends))("WeightStore in %s", (backend, factory) => {
  let store: WeightStore;
  beforeEach(async () => {
    store = await openWeightStore(factory());
  });
  afterEach(() => store.close());

  it("says whether it lasts", () => {
    expect(store.persistent).toBe(backend === "IndexedDB");
  });

  it("hands out a model when it is installed, not before", async () => {
    const bundle = bundleOf(files);
    expect(await store.open("tiny")).toBeUndefined();
    await store.begin(bundle, "https://models.example/tiny");
    await put(store, bundle, files, (name, chunk) => name === WEIGHTS && chunk === 1);
    expect(await lacking(store, bundle)).toEqual([1]);
    await expect(store.install("tiny")).rejects.toMatchObject({ code: "storage" });
    expect(await store.open("tiny")).toBeUndefined();
    expect(await store.list()).toEqual([
      {
        id: "tiny",
        kind: "model",
        name: "Model tiny",
        license: "MIT",
        source: "https://models.example/tiny",
        state: "partial",
        storedBytes: total - CHUNK,
        totalBytes: total,
      },
    ]);

    await put(store, bundle, files, (name, chunk) => name !== WEIGHTS || chunk !== 1);
    await store.install("tiny");
    const opened = await store.open("tiny");
    expect(opened?.bundle).toEqual(bundle);
    for (const [name, bytes] of Object.entries(files)) {
      expect(Buffer.from((await opened?.files[name]?.arrayBuffer()) ?? new ArrayBuffer(0)).equals(bytes), name).toBe(
        true,
      );
    }
    expect((await store.list()).map(({ state, storedBytes }) => [state, storedBytes])).toEqual([["installed", total]]);
    expect(await store.findBySource("https://models.example/tiny")).toBe("tiny");
    expect(await store.hasRightHash(weightsOf(bundle))).toBe(true);
  });

  it("notices chunks that vanished, are of a wrong size, or of another content than the bundle says", async () => {
    const bundle = await install(store);
    const file = weightsOf(bundle);
    await store.dropChunks(file, [0]);
    expect(await lacking(store, bundle)).toEqual([0]);
    await store.putChunk(file, 2, new Blob(["short"]), file.chunks?.[2] as string);
    await store.putChunk(file, 1, new Blob([new Uint8Array(CHUNK)]), await sha256(new Uint8Array(CHUNK)));
    expect(await lacking(store, bundle)).toEqual([0, 1, 2]);
    expect((await store.list())[0]).toMatchObject({ state: "damaged", storedBytes: 1010 });
    await expect(store.open("tiny")).rejects.toMatchObject({
      code: "storage",
      message: expect.stringContaining("“Model tiny”. Load it again; only what is missing is fetched."),
    });
  });

  it("finds a corrupted chunk by its hash, and drops it", async () => {
    const bundle = await install(store);
    const file = weightsOf(bundle);
    expect(await store.verify("tiny")).toEqual([]);
    const wrong = Uint8Array.from((files[WEIGHTS] as Buffer).subarray(CHUNK, 2 * CHUNK));
    wrong[1000] = (wrong[1000] ?? 0) ^ 0x10;
    await store.putChunk(file, 1, new Blob([wrong]), file.chunks?.[1] as string);
    expect(await lacking(store, bundle)).toEqual([]);
    expect(await store.hasRightHash(file)).toBe(false);
    expect(await store.verify("tiny")).toEqual([{ file: WEIGHTS, chunk: 1 }]);
    expect(await lacking(store, bundle)).toEqual([1]);
    // Still missing, and said again.
    expect(await store.verify("tiny")).toEqual([{ file: WEIGHTS, chunk: 1 }]);
    await expect(store.verify("other")).rejects.toMatchObject({ code: "not-loaded" });
  });

  it("keeps what two models share once, and deletes it with the last of them", async () => {
    await install(store);
    const second = { ...files, "dict.txt": Buffer.from(noise(10, 500)) };
    const other = bundleOf(second, "other");
    expect([...(await store.missing(other)).values()].map((chunks) => chunks.size)).toEqual([0, 0, 1]);
    await install(store, second, "other");
    expect((await store.usage()).storedBytes).toBe(total + 10);
    await store.delete("tiny");
    expect((await store.usage()).storedBytes).toBe(total);
    expect(await store.open("tiny")).toBeUndefined();
    expect(await store.verify("other")).toEqual([]);
    await store.delete("other");
    expect((await store.usage()).storedBytes).toBe(0);
    expect(await store.list()).toEqual([]);
  });

  it("does not take a chunk for that of another file, though a bundle claims the same hash", async () => {
    const bundle = await install(store);
    const liar = {
      ...bundle,
      id: "liar",
      files: { ...bundle.files, [WEIGHTS]: { ...weightsOf(bundle), size: 3 * CHUNK } },
    };
    await store.begin(liar, "https://evil.example");
    await store.putChunk(weightsOf(liar), 0, new Blob([new Uint8Array(CHUNK)]), "");
    await store.dropChunks(weightsOf(liar));
    expect(await store.verify("tiny")).toEqual([]);
  });

  it("remembers ETags for one source, and begins anew for another", async () => {
    const bundle = bundleOf(files);
    expect(await store.begin(bundle, "https://a.example")).toEqual({});
    await store.noteEtag("tiny", WEIGHTS, '"1"');
    expect(await store.begin(bundle, "https://a.example")).toEqual({ [WEIGHTS]: '"1"' });
    expect(await store.begin(bundle, "https://b.example")).toEqual({});
  });

  it("refuses to install what was deleted meanwhile", async () => {
    const bundle = bundleOf(files);
    await store.begin(bundle, "https://a.example");
    await store.delete("tiny");
    await put(store, bundle, files, () => false);
    await expect(store.install("tiny")).rejects.toMatchObject({ code: "storage" });
    // What nobody claims goes with the next clean-up.
    await store.delete("anything");
    expect((await store.usage()).storedBytes).toBe(0);
  });
});

describe("WeightStore over IndexedDB", () => {
  it("finds everything again in the next session", async () => {
    const factory = new IDBFactory();
    const first = await openWeightStore(factory);
    const bundle = await install(first);
    first.close();
    const second = await openWeightStore(factory);
    expect((await second.open("tiny"))?.bundle).toEqual(bundle);
    second.close();
  });

  it("goes on when the browser has closed the connection", async () => {
    const store = await openWeightStore(new IDBFactory());
    await install(store);
    const transaction = IDBDatabase.prototype.transaction;
    let closed = 0;
    vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (this: IDBDatabase, ...args) {
      if (closed++ === 0) throw new DOMException("The database connection is closing.", "InvalidStateError");
      return transaction.apply(this, args);
    });
    expect((await store.list()).map(({ state }) => state)).toEqual(["installed"]);
    expect(closed).toBe(2);
    store.close();
  });

  it("is empty, not broken, when the site's data was cleared under it", async () => {
    const factory = new IDBFactory();
    const store = await openWeightStore(factory);
    await install(store);
    await new Promise((resolve, reject) => {
      const request = factory.deleteDatabase("kosmos-g-weights");
      request.onsuccess = resolve;
      request.onerror = reject;
      request.onblocked = () => reject(new Error("the store blocks the deletion"));
    });
    expect(await store.open("tiny")).toBeUndefined();
    expect(await store.list()).toEqual([]);
    store.close();
  });

  it("undoes a transaction that fails half-way", async () => {
    const store = await openWeightStore(new IDBFactory());
    const bundle = bundleOf(files);
    await store.begin(bundle, "https://a.example");
    await put(store, bundle, files, () => false);
    vi.spyOn(IDBObjectStore.prototype, "delete").mockImplementation(() => {
      throw new DOMException("disk", "UnknownError");
    });
    await expect(store.install("tiny")).rejects.toMatchObject({ code: "storage" });
    vi.restoreAllMocks();
    expect(await store.open("tiny")).toBeUndefined();
    expect((await store.list()).map(({ state }) => state)).toEqual(["partial"]);
    store.close();
  });

  it("tells a full disk from a broken one", async () => {
    const store = await openWeightStore(new IDBFactory());
    const bundle = bundleOf(files);
    for (const [name, code] of [
      ["QuotaExceededError", "quota"],
      ["UnknownError", "storage"],
    ]) {
      vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
        throw new DOMException("", name);
      });
      await expect(store.putChunk(weightsOf(bundle), 0, new Blob([]), "")).rejects.toMatchObject({ code });
      vi.restoreAllMocks();
    }
    store.close();
  });
});
