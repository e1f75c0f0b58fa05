import { beforeEach, describe, expect, test } from "vitest";
import { appFiles, type ListedFile } from "../../src/offline/app-files.ts";
import { FileCache, FileNotServed, versionOf } from "../../src/offline/file-cache.ts";

const SCOPE = "https://example.org/app/";

/** As much of the Cache API as is used. */
class MemoryCache {
  readonly entries = new Map<string, Response>();
  async match(url: string, { ignoreSearch = false } = {}): Promise<Response | undefined> {
    const plain = (address: string) => (ignoreSearch ? address.replace(/\?.*/, "") : address);
    return [...this.entries].find(([key]) => plain(key) === plain(url))?.[1].clone();
  }
  async put(url: string, response: Response): Promise<void> {
    this.entries.set(url, response);
  }
}

let caches: CacheStorage;
let stores: Map<string, MemoryCache>;
/** What the server has, and what it was asked for. */
let served: Record<string, string>;
let asked: string[];

beforeEach(() => {
  stores = new Map();
  asked = [];
  caches = {
    open: async (name: string) => {
      if (!stores.has(name)) stores.set(name, new MemoryCache());
      return stores.get(name);
    },
    keys: async () => [...stores.keys()],
    delete: async (name: string) => stores.delete(name),
  } as unknown as CacheStorage;
});

function version(list: readonly ListedFile[]): FileCache {
  const fetch = async (url: string, { cache }: RequestInit) => {
    asked.push(`${url.slice(SCOPE.length)} ${cache}`);
    const body = served[url.slice(SCOPE.length)];
    return body === undefined ? new Response("", { status: 404 }) : new Response(body);
  };
  return new FileCache({ caches, files: appFiles(list), scope: SCOPE, fetch });
}

const fileOf = (list: readonly ListedFile[], url: string) => {
  const file = appFiles(list).get(url);
  if (!file) throw new Error(`${url} is not listed`);
  return file;
};
const ignore = () => {};

const FIRST: ListedFile[] = [
  { url: "index.html", revision: "1" },
  { url: "assets/a-1.js", revision: null },
  { url: "ort/x.wasm", revision: "1" },
];
const SECOND: ListedFile[] = [
  { url: "index.html", revision: "2" },
  { url: "assets/b-2.js", revision: null },
  { url: "ort/x.wasm", revision: "1" },
];

describe("the app's files, a cache a version", () => {
  test("the shell is fetched when it is installed, ORT when it is asked for; both once", async () => {
    served = { "": "page 1", "assets/a-1.js": "a", "ort/x.wasm": "wasm" };
    const first = version(FIRST);
    await first.install();
    // A name that changes with its content may come from the browser's own cache.
    expect(asked.sort()).toEqual([" no-cache", "assets/a-1.js default"]);
    const writes: Promise<unknown>[] = [];
    const answer = async (url: string) => (await first.answer(fileOf(FIRST, url), (work) => writes.push(work))).text();
    expect(await answer("ort/x.wasm")).toBe("wasm");
    await Promise.all(writes);
    served = {};
    expect(await answer("ort/x.wasm")).toBe("wasm");
    expect(await answer("index.html")).toBe("page 1");
    expect(asked).toHaveLength(3);
  });

  test("a file that the server does not give: the version is not installed; ORT's answer is passed on and not kept", async () => {
    served = { "": "page 1" };
    const first = version(FIRST);
    await expect(first.install()).rejects.toThrow(FileNotServed);
    expect((await first.answer(fileOf(FIRST, "ort/x.wasm"), ignore)).status).toBe(404);
    await expect(first.keep(fileOf(FIRST, "ort/x.wasm"))).rejects.toThrow("ort/x.wasm: the server answered 404");
    served["ort/x.wasm"] = "wasm";
    expect((await first.answer(fileOf(FIRST, "ort/x.wasm"), ignore)).status).toBe(200);
  });

  test("the next version takes over what is the same; the one before stays while a page runs it", async () => {
    served = { "": "page 1", "assets/a-1.js": "a", "ort/x.wasm": "wasm" };
    const first = version(FIRST);
    await first.install();
    await first.keep(fileOf(FIRST, "ort/x.wasm"));
    served = { "": "page 2", "assets/b-2.js": "b" };
    asked = [];
    const second = version(SECOND);
    await second.install();
    expect(asked.sort()).toEqual([" no-cache", "assets/b-2.js default"]);
    expect(await (await second.answer(fileOf(SECOND, "ort/x.wasm"), ignore)).text()).toBe("wasm");
    expect(await (await second.answer(fileOf(SECOND, "index.html"), ignore)).text()).toBe("page 2");
    expect(await (await first.answer(fileOf(FIRST, "index.html"), ignore)).text()).toBe("page 1");

    await second.clean(new Set([await first.name]));
    expect(await (await second.ofOtherVersion(`${SCOPE}assets/a-1.js`))?.text()).toBe("a");
    expect(await (await second.ofOtherVersion(`${SCOPE}index.html`))?.text()).toBe("page 1");
    await second.clean(new Set());
    expect(await second.ofOtherVersion(`${SCOPE}assets/a-1.js`)).toBeUndefined();
    expect([...stores.keys()]).toEqual([`kosmosg-files-${await second.name}`]);
  });

  test("the version before does not clean away the one that waits, nor any when its own files are gone", async () => {
    served = { "": "page", "assets/a-1.js": "a", "assets/b-2.js": "b" };
    const [first, second] = [version(FIRST), version(SECOND)];
    await first.install();
    await second.install();
    await first.clean(new Set([await first.name]));
    expect(stores.size).toBe(2);
    served = {};
    expect(await (await second.answer(fileOf(SECOND, "index.html"), ignore)).text()).toBe("page");
    stores.delete(`kosmosg-files-${await first.name}`);
    await first.clean(new Set());
    expect([...stores.keys()]).toEqual([`kosmosg-files-${await second.name}`]);
  });

  test("other caches of the origin are not cleaned", async () => {
    await caches.open("kosmosg-shared-pictures");
    await caches.open("of-another-app");
    served = { "": "page", "assets/a-1.js": "a" };
    const first = version(FIRST);
    await first.install();
    await first.clean(new Set());
    expect([...stores.keys()]).toEqual([
      "kosmosg-shared-pictures",
      "of-another-app",
      `kosmosg-files-${await first.name}`,
    ]);
  });

  test("an answer that was redirected is kept as one that was not", async () => {
    served = { "": "page 1", "assets/a-1.js": "a" };
    const redirected = new FileCache({
      caches,
      files: appFiles(FIRST),
      scope: SCOPE,
      fetch: async () => Object.defineProperty(new Response("page"), "redirected", { value: true }),
    });
    const page = await redirected.answer(fileOf(FIRST, "index.html"), ignore);
    expect(page.redirected).toBe(false);
    expect(await page.text()).toBe("page");
  });

  test("a version is named by its files", async () => {
    expect(await versionOf(appFiles(FIRST))).toBe(await versionOf(appFiles([...FIRST])));
    expect(await versionOf(appFiles(FIRST))).not.toBe(await versionOf(appFiles(SECOND)));
    expect(await versionOf(appFiles(FIRST))).toMatch(/^[0-9a-f]{16}$/);
  });
});
