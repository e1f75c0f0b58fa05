import "fake-indexeddb/auto";
import { IDBFactory, IDBObjectStore } from "fake-indexeddb";
import { openDB } from "idb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createGalleryStore, type GalleryStore } from "../../src/gallery/gallery-store.ts";
import { newResult, PNG_1X1 } from "../support/results.ts";

const open: GalleryStore[] = [];
let name = "";

/** A tab's store; tabs of one test share a database and a channel. */
async function tab(): Promise<GalleryStore> {
  const store = createGalleryStore({ name, thumbnail: async (picture) => picture });
  open.push(store);
  await store.getState().restore();
  return store;
}

const ids = (store: GalleryStore) => store.getState().rows.map((row) => row.id);
const quota = () => {
  throw new DOMException("full", "QuotaExceededError");
};

beforeEach((context) => {
  globalThis.indexedDB = new IDBFactory();
  name = `gallery-${context.task.id}`;
});
afterEach(() => {
  for (const store of open.splice(0)) store.getState().dispose();
  vi.restoreAllMocks();
});

test("what is added is there after a reload, newest first, with all that made it", async () => {
  const before = await tab();
  await before.getState().add(newResult({ id: "old", madeAt: 1, seed: 7 }));
  await before.getState().add(newResult({ id: "new", madeAt: 2 }));
  const after = await tab();
  expect(ids(after)).toEqual(["new", "old"]);
  expect(after.getState().rows[1]).toMatchObject({
    caption: "‹cat› in the snow",
    starred: false,
    settings: { seed: 7 },
  });
  const details = await after.getState().detailsOf("old");
  expect(details?.metadata.seconds.total).toBe(5.6);
  expect(details?.entities[0]?.label).toBe("cat");
  expect((await after.getState().pictureOf("old"))?.size).toBe(PNG_1X1.length);
  expect(after.getState().unsaved.size).toBe(0);
});

test("rows are light: no Blob, no token, no hash in memory", async () => {
  const store = await tab();
  await store.getState().add(newResult());
  const row = store.getState().rows[0];
  expect(JSON.stringify(row).length).toBeLessThan(600);
  expect(JSON.stringify(row)).not.toContain("abab");
});

test("delete can be undone, also by what another tab sees; later it is purged", async () => {
  const [here, there] = [await tab(), await tab()];
  await here.getState().add(newResult({ id: "a" }));
  await vi.waitFor(() => expect(ids(there)).toEqual(["a"]));
  await here.getState().remove(["a"]);
  expect(ids(here)).toEqual([]);
  await vi.waitFor(() => expect(ids(there)).toEqual([]));
  expect(ids(await tab())).toEqual([]);
  await here.getState().putBack(["a"]);
  expect(ids(here)).toEqual(["a"]);
  await vi.waitFor(() => expect(ids(there)).toEqual(["a"]));
  expect((await here.getState().pictureOf("a"))?.size).toBe(PNG_1X1.length);

  await here.getState().remove(["a"]);
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 120_000);
  const later = await tab();
  expect(await later.getState().pictureOf("a")).toBeUndefined();
  await later.getState().putBack(["a"]);
  expect(ids(later)).toEqual([]);
});

describe("two tabs", () => {
  test("neither writes over what the other did", async () => {
    const [here, there] = [await tab(), await tab()];
    await Promise.all([
      here.getState().add(newResult({ id: "a", madeAt: 1 })),
      there.getState().add(newResult({ id: "b", madeAt: 2 })),
    ]);
    await vi.waitFor(() =>
      expect([ids(here), ids(there)]).toEqual([
        ["b", "a"],
        ["b", "a"],
      ]),
    );
    // The star is set where the row is, not where this tab remembers it.
    await Promise.all([here.getState().star(["a"], true), there.getState().remove(["b"])]);
    await vi.waitFor(() => {
      for (const store of [here, there]) expect(store.getState().rows).toMatchObject([{ id: "a", starred: true }]);
    });
    expect(ids(await tab())).toEqual(["a"]);
  });

  test("messages that are none are passed over", async () => {
    const store = await tab();
    await store.getState().add(newResult({ id: "a" }));
    const channel = new BroadcastChannel(name);
    for (const message of [null, 1, { changed: "a" }, { changed: [{}, 3] }]) channel.postMessage(message);
    await new Promise((resolve) => setTimeout(resolve, 50));
    channel.close();
    expect(ids(store)).toEqual(["a"]);
  });
});

describe("a full quota", () => {
  test("the new picture is shown and can be had, the trouble is told, nothing is half stored", async () => {
    const store = await tab();
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...args) {
      return this.name === "pictures" ? quota() : put.apply(this, args);
    });
    await store.getState().add(newResult({ id: "a" }));
    expect(store.getState()).toMatchObject({ trouble: "quota", rows: [{ id: "a" }] });
    expect([...store.getState().unsaved]).toEqual(["a"]);
    expect(await store.getState().pictureOf("a")).toBeInstanceOf(Blob);
    expect(ids(await tab())).toEqual([]);

    vi.restoreAllMocks();
    await store.getState().retry();
    expect(store.getState()).toMatchObject({ trouble: null, rows: [{ id: "a" }] });
    expect(store.getState().unsaved.size).toBe(0);
    expect(ids(await tab())).toEqual(["a"]);
  });

  test("what was deleted makes room for it", async () => {
    const store = await tab();
    await store.getState().add(newResult({ id: "old" }));
    await store.getState().remove(["old"]);
    const put = IDBObjectStore.prototype.put;
    let first = true;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, ...args) {
      if (first) {
        first = false;
        return quota();
      }
      return put.apply(this, args);
    });
    await store.getState().add(newResult({ id: "new" }));
    expect(store.getState().trouble).toBeNull();
    vi.restoreAllMocks();
    expect(ids(await tab())).toEqual(["new"]);
    expect(await store.getState().pictureOf("old")).toBeUndefined();
  });

  test("there is always room to delete", async () => {
    const store = await tab();
    await store.getState().add(newResult({ id: "a" }));
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(quota);
    await store.getState().remove(["a"]);
    vi.restoreAllMocks();
    expect(ids(await tab())).toEqual([]);
  });

  test("where nothing can be stored, memory holds a bounded number", async () => {
    const store = await tab();
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(quota);
    for (let i = 0; i < 105; i++) await store.getState().add(newResult({ id: `r${i}`, madeAt: i }));
    expect(store.getState().rows.length).toBe(100);
    expect(ids(store)[0]).toBe("r104");
    // Deleted and put back without storage.
    await store.getState().remove(["r104"]);
    expect(ids(store)[0]).toBe("r103");
    await store.getState().putBack(["r104"]);
    expect(ids(store)[0]).toBe("r104");
  });
});

test("results of the first version move in, once", async () => {
  const { metadata, caption, sentence, picture } = newResult({ seed: 5 });
  const earlier = await openDB("kosmosg-results", 1, { upgrade: (db) => void db.createObjectStore("results") });
  const array = ["x", "y"].map((id, i) => ({ id, png: picture, caption, sentence, metadata, madeAt: i }));
  await earlier.put("results", [...array, { id: "broken" }, null], "results");
  earlier.close();
  expect(ids(await tab())).toEqual(["y", "x"]);
  const again = await tab();
  expect(ids(again)).toEqual(["y", "x"]);
  expect((await again.getState().pictureOf("x"))?.size).toBe(PNG_1X1.length);
  expect((await indexedDB.databases()).map((database) => database.name)).toEqual([name]);
});

test("a page without earlier results makes no database for them", async () => {
  await tab();
  expect((await indexedDB.databases()).map((database) => database.name)).toEqual([name]);
});

test("the entities that results name, deleted results included", async () => {
  const store = await tab();
  await store.getState().add(newResult({ id: "a" }));
  await store.getState().add(newResult({ id: "b", sentence: [{ kind: "entity", id: "dog" }] }));
  await store.getState().remove(["b"]);
  expect([...(await store.getState().referencedEntities())].sort()).toEqual(["cat", "dog"]);
});

test("URLs are shared, and those that nobody shows are bounded", async () => {
  const revoked = vi.spyOn(URL, "revokeObjectURL");
  const store = await tab();
  const { urls } = store.getState();
  for (let i = 0; i < 20; i++) await store.getState().add(newResult({ id: `r${i}` }));
  const [first, second] = await Promise.all([urls.pictures.acquire("r0"), urls.pictures.acquire("r0")]);
  expect(first).toMatch(/^blob:/);
  expect(second).toBe(first);
  for (let i = 1; i < 20; i++) {
    await urls.pictures.acquire(`r${i}`);
    urls.pictures.release(`r${i}`);
  }
  expect(urls.pictures.size).toBe(1 + 8);
  expect(store.getState().urlOf("r0", "pictures")).toBe(first);
  await vi.waitFor(() => expect(revoked).toHaveBeenCalledTimes(11));
  expect(revoked).not.toHaveBeenCalledWith(first);
});
