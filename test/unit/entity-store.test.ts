import "fake-indexeddb/auto";
import { IDBFactory, IDBObjectStore } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Cutout } from "../../src/entities/entity.ts";
import { createEntityStore, type EntityStore } from "../../src/entities/entity-store.ts";
import { matchesQuery, readTags } from "../../src/entities/match.ts";
import { createHistory } from "../../src/ui/history.ts";

const open: EntityStore[] = [];
let name = "";
/** Tabs that are open, as the lock manager of a browser counts them. */
let tabs = 0;

const cutout = (label: string, change: Partial<Cutout> = {}): Cutout => ({
  label,
  onWhite: new Blob(["white"]),
  withBackground: new Blob(["ground"]),
  background: "removed",
  source: {
    method: "box",
    photo: new Blob(["photo"]),
    mask: new Blob(["mask"]),
    box: { left: 0, top: 0, right: 4, bottom: 4 },
    feather: 1,
  },
  ...change,
});

/** A tab's store; tabs of one test share a database and a channel. */
async function tab(isNamed?: (id: string) => boolean, history = createHistory()): Promise<EntityStore> {
  const store = createEntityStore({ name, history });
  open.push(store);
  await store.getState().restore(isNamed);
  return store;
}
const labels = (store: EntityStore) => {
  const { shelf, entities } = store.getState();
  return shelf.map((id) => entities.get(id)?.label);
};
const text = (store: EntityStore, id: string) => store.getState().entities.get(id)?.picture.text();

beforeEach((context) => {
  globalThis.indexedDB = new IDBFactory();
  name = `entities-${context.task.id}`;
  tabs = 0;
  vi.stubGlobal("navigator", {
    locks: {
      request: (_name: string, _options: unknown, hold: () => void) => {
        tabs++;
        hold();
      },
      query: async () => ({ held: Array.from({ length: tabs }, () => ({ name })) }),
    },
  });
});
afterEach(() => {
  for (const store of open.splice(0)) store.getState().dispose();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("two tabs", () => {
  test("what one puts on the shelf, the other has; neither takes off what it did not know", async () => {
    const [here, there] = [await tab(), await tab()];
    await Promise.all([here.getState().add(cutout("duck")), there.getState().add(cutout("dog"))]);
    await vi.waitFor(() => {
      expect(labels(here).sort()).toEqual(["dog", "duck"]);
      expect(labels(there)).toEqual(labels(here));
    });
    expect(labels(await tab())).toEqual(labels(here));
  });

  test("a name, a background and a removal arrive", async () => {
    const [here, there] = [await tab(), await tab()];
    const id = await here.getState().add(cutout("duck"));
    await here.getState().add(cutout("dog"));
    here.getState().rename(id, "drake");
    here.getState().setBackground(id, "kept");
    await vi.waitFor(async () => {
      expect(labels(there)).toEqual(["drake", "dog"]);
      expect(await text(there, id)).toBe("ground");
    });
    there.getState().remove(id);
    await vi.waitFor(() => expect(labels(here)).toEqual(["dog"]));
    there.getState().putBack(id, 0);
    await vi.waitFor(() => expect(labels(here)).toEqual(["drake", "dog"]));
  });

  test("a removed picture outlives the start of a further tab, and goes with the last one", async () => {
    const first = await tab();
    const id = await first.getState().add(cutout("duck"));
    first.getState().remove(id);
    await tab();
    first.getState().putBack(id, 0);
    expect(await vi.waitUntil(async () => (await text(await tab(), id)) === "white")).toBe(true);
    first.getState().remove(id);
    await vi.waitFor(async () => expect(labels(await tab())).toEqual([]));
    // All are closed, and one is opened.
    tabs = 0;
    await tab((named) => named === id);
    tabs = 0;
    expect((await tab()).getState().entities.has(id)).toBe(false);
  });

  test("messages that are none are passed over", async () => {
    const [here, there] = [await tab(), await tab()];
    const channel = new BroadcastChannel(name);
    for (const message of [null, 1, { changed: "a" }, { changed: [{}, 3] }]) channel.postMessage(message);
    await here.getState().add(cutout("duck"));
    await vi.waitFor(() => expect(labels(there)).toEqual(["duck"]));
    channel.close();
  });
});

test("every change of a picture can be undone and done again", async () => {
  const history = createHistory();
  const store = await tab(undefined, history);
  const id = await store.getState().add(cutout("duck", { tags: ["toy"] }));
  const { rename, setBackground, setTags, recut, crop } = store.getState();
  const whole = { photo: new Blob(["photo"]), frame: { left: 0, top: 0, right: 2, bottom: 2 } };
  rename(id, "drake");
  setBackground(id, "kept");
  setTags(id, ["bird"]);
  await recut(id, cutout("", { onWhite: new Blob(["again"]) }));
  await crop(id, new Blob(["cropped"]), whole);
  const seen = async () => {
    const entity = store.getState().entities.get(id);
    return [entity?.label, await entity?.picture.text(), entity?.tags, entity?.cropped];
  };
  const steps = [
    ["duck", "white", ["toy"], undefined],
    ["drake", "white", ["toy"], undefined],
    ["drake", "ground", ["toy"], undefined],
    ["drake", "ground", ["bird"], undefined],
    ["drake", "again", ["bird"], undefined],
    ["drake", "cropped", ["bird"], whole],
  ];
  for (const step of steps.toReversed()) {
    expect(await seen()).toEqual(step);
    history.undo();
  }
  for (const step of steps) {
    expect(await seen()).toEqual(step);
    history.redo();
  }
});

test("a full quota: the picture is here, the trouble is told, and all is stored once there is room", async () => {
  const store = await tab();
  vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  await store.getState().add(cutout("duck"));
  expect(labels(store)).toEqual(["duck"]);
  expect(store.getState().trouble).toBe("quota");
  vi.restoreAllMocks();
  await store.getState().add(cutout("dog"));
  expect(store.getState().trouble).toBeNull();
  expect(labels(await tab())).toEqual(["duck", "dog"]);
});

describe("finding pictures", () => {
  const duck = { id: "a", label: "Yellow duck", picture: new Blob(), addedAt: 0, tags: ["toy", "Bath"] };
  test.each([
    ["", true],
    ["duck", true],
    ["bath", true],
    ["toy yellow", true],
    ["toy dog", false],
  ])("%s", (query, found) => expect(matchesQuery(duck, query)).toBe(found));

  test("tags are read from one line", () => {
    expect(readTags(" toy, ,Bath,toy ")).toEqual(["toy", "Bath"]);
    expect(readTags("")).toEqual([]);
    expect(readTags(Array.from({ length: 50 }, (_, i) => `t${i}`).join()).length).toBe(20);
    expect(readTags("x".repeat(100))[0]?.length).toBe(40);
  });
});
