import { IDBFactory, IDBKeyRange, IDBObjectStore } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { InstallProgress } from "../../workers/protocol.ts";
import {
  describeBundle,
  type InstallOptions,
  installBundle,
  resolveBundleUrl,
} from "../../workers/weights/download.ts";
import { openWeightStore, type WeightStore } from "../../workers/weights/store.ts";
import { noise as noiseBytes } from "./weights-model-json.ts";
import { ModelServer, modelJson, tinyFiles } from "./weights-model-server.ts";

const CHUNK = 16 * 2 ** 20;
const WEIGHTS = "weights.safetensors";
const files = tinyFiles();
const noise = (size: number, seed: number) => Buffer.from(noiseBytes(size, seed));
const retry = { attempts: 3, baseDelayMs: 1, maxDelayMs: 5, stallMs: 30_000 };

// Three chunks of 16 MiB go over the wire, are hashed and compared: seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let server: ModelServer;
let store: WeightStore;
let factory: IDBFactory;

beforeEach(async () => {
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
  factory = new IDBFactory();
  store = await openWeightStore(factory);
  server = await ModelServer.start(files);
});

afterEach(async () => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  store.close();
  await server.stop();
});

const install = (options: Partial<InstallOptions> = {}) => installBundle(server.url, { store, retry, ...options });

const bytesOf = async (blob: Blob | undefined) => Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));

async function expectInstalled(expected = files): Promise<void> {
  const opened = await store.open("tiny");
  expect(Object.keys(opened?.files ?? {}).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, bytes] of Object.entries(expected)) {
    expect((await bytesOf(opened?.files[name])).equals(bytes), name).toBe(true);
  }
}

/** Not installed, and said to be partly here. */
async function expectNotInstalled(): Promise<void> {
  expect(await store.open("tiny")).toBeUndefined();
  expect((await store.list()).map(({ state }) => state)).toEqual(["partial"]);
}

const range = (chunk: number) =>
  `bytes=${chunk * CHUNK}-${Math.min((chunk + 1) * CHUNK, files[WEIGHTS]?.length ?? 0) - 1}`;
const ranges = () => server.asked(WEIGHTS).map((seen) => seen.range);

describe("installBundle", () => {
  it("fetches every file in chunks, at most three requests at a time, and hands out the very bytes", async () => {
    const progress: InstallProgress[] = [];
    const model = await install({ onProgress: (p) => progress.push(p) });
    expect(model.bundle.components.unet.config.norm_eps).toBe(1e-5);
    for (const [name, bytes] of Object.entries(files)) {
      expect((await bytesOf(model.files[name])).equals(bytes), name).toBe(true);
    }
    expect(ranges().sort()).toEqual([range(0), range(1), range(2)].sort());
    expect(server.peak).toBeLessThanOrEqual(3);

    const total = Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0);
    const downloading = progress.filter(({ phase }) => phase === "download");
    expect(downloading.at(-1)).toMatchObject({ loadedBytes: total, totalBytes: total });
    expect(downloading.at(-1)?.bytesPerSecond).toBeGreaterThan(0);
    expect(progress.at(-1)).toMatchObject({ phase: "verify", loadedBytes: files[WEIGHTS]?.length });
    expect((await store.list())[0]).toMatchObject({ state: "installed", storedBytes: total, source: server.url });
  });

  it("makes no request at all on the second visit, not for model.json either", async () => {
    await install();
    server.requests.length = 0;
    const later = await openWeightStore(factory);
    const model = await installBundle(`${server.url}/`, { store: later, retry });
    expect(server.requests).toEqual([]);
    expect((await bytesOf(model.files["dict.txt"])).equals(files["dict.txt"] as Buffer)).toBe(true);
    later.close();
  });

  it("streams a file once from a server without ranges", async () => {
    server.ranges = false;
    await install();
    await expectInstalled();
    expect(server.asked(WEIGHTS)).toHaveLength(1);
  });

  it("needs no chunk hashes: a long file is checked as a whole", async () => {
    server.publish(files, { listed: false });
    await install();
    await expectInstalled();
  });

  it("tries again after a 500 in the middle, and after a cut in mid-body", async () => {
    server.fault = ({ file, range: asked, count }, _, res) => {
      if (file === WEIGHTS && asked === range(1) && count < 3) {
        res.writeHead(500).end();
        return true;
      }
      if (file === WEIGHTS && asked === range(2) && count < 3) {
        res.writeHead(206, { "content-length": 12_345 }).write(files[WEIGHTS]?.subarray(2 * CHUNK, 2 * CHUNK + 5000));
        setTimeout(() => res.destroy(), 20);
        return true;
      }
      return false;
    };
    const progress: InstallProgress[] = [];
    await install({ onProgress: (p) => progress.push(p) });
    await expectInstalled();
    expect(ranges().length).toBe(5);
    for (const p of progress) expect(p.loadedBytes).toBeLessThanOrEqual(p.totalBytes);
    const last = progress.filter(({ phase }) => phase === "download").at(-1);
    expect(last?.loadedBytes).toBe(last?.totalBytes);
  });

  it("gives up after so many 500s, keeps what has arrived, and goes on there", async () => {
    server.fault = ({ file, range: asked }, _, res) => {
      if (file !== WEIGHTS || asked !== range(2)) return false;
      res.writeHead(503).end();
      return true;
    };
    await expect(install()).rejects.toMatchObject({
      code: "http",
      message: expect.stringMatching(/weights\.safetensors: the server answered 503.*what has arrived is kept/),
    });
    expect(ranges().filter((asked) => asked === range(2))).toHaveLength(retry.attempts);
    await expectNotInstalled();

    server.fault = undefined;
    server.requests.length = 0;
    await install();
    await expectInstalled();
    // What had not come by the time of the failure: the last chunk, perhaps the middle one.
    expect(ranges()).toContain(range(2));
    expect(ranges()).not.toContain(range(0));
    expect(server.asked("dict.txt")).toEqual([]);
  });

  it("does not repeat what will not change: a 404", async () => {
    delete server.files["dict.txt"];
    await expect(install()).rejects.toMatchObject({ code: "http", message: expect.stringContaining("404") });
    expect(server.asked("dict.txt")).toHaveLength(1);
    await expectNotInstalled();
  });

  it.each([true, false])("survives a stream that is cut off (chunk hashes listed: %s)", async (listed) => {
    server.publish(files, { listed });
    server.ranges = false;
    server.fault = ({ file, count }, _, res) => {
      if (file !== WEIGHTS || count > 0) return false;
      res.writeHead(200, { "content-length": files[WEIGHTS]?.length }).write(files[WEIGHTS]?.subarray(0, CHUNK + 1000));
      setTimeout(() => res.destroy(), 100);
      return true;
    };
    await install();
    await expectInstalled();
    expect(server.asked(WEIGHTS)).toHaveLength(2);
  });

  it("gives up a request that brings nothing, and tries again", async () => {
    server.fault = ({ file, count }, _, res) => {
      if (file !== "dict.txt" || count > 0) return false;
      res.writeHead(200, { "content-length": 10 }).write(files["dict.txt"]?.subarray(0, 4));
      return true;
    };
    await install({ retry: { ...retry, stallMs: 1500 } });
    await expectInstalled();
    expect(server.asked("dict.txt")).toHaveLength(2);
  });

  it("refuses a wrong chunk by the file's name, and fetches that one alone once the server is mended", async () => {
    const wrong = Buffer.from(files[WEIGHTS] as Buffer);
    wrong[CHUNK + 77] = (wrong[CHUNK + 77] ?? 0) ^ 1;
    server.files[WEIGHTS] = wrong;
    await expect(install()).rejects.toMatchObject({
      code: "hash-mismatch",
      message: expect.stringContaining("weights.safetensors is not the file that was described"),
    });
    expect(ranges().filter((asked) => asked === range(1))).toHaveLength(1);
    await expectNotInstalled();

    server.files[WEIGHTS] = files[WEIGHTS] as Buffer;
    server.requests.length = 0;
    await install();
    await expectInstalled();
    expect(ranges()).toContain(range(1));
    expect(ranges()).not.toContain(range(0));
  });

  it("drops a long file whose whole hash is wrong", async () => {
    server.publish(files, { listed: false });
    const wrong = Buffer.from(files[WEIGHTS] as Buffer);
    wrong[5] = (wrong[5] ?? 0) ^ 1;
    server.files[WEIGHTS] = wrong;
    await expect(install()).rejects.toMatchObject({ code: "hash-mismatch" });
    await expectNotInstalled();
    expect((await store.list())[0]?.storedBytes).toBe(1010);

    server.files[WEIGHTS] = files[WEIGHTS] as Buffer;
    await install();
    await expectInstalled();
  });

  it("notices a model.json whose chunk hashes are not those of its file", async () => {
    const json = modelJson(files);
    const entry = json.files[WEIGHTS] as { sha256: string };
    entry.sha256 = "0".repeat(64);
    server.files["model.json"] = JSON.stringify(json);
    await expect(install()).rejects.toMatchObject({
      code: "bad-bundle",
      message: expect.stringContaining("contradicts itself"),
    });
    await expectNotInstalled();
  });

  it.each([
    ["longer", Buffer.concat([noise(10, 3), Buffer.from("!")]), /longer/],
    ["shorter", noise(9, 3), /cut off/],
    ["other", noise(10, 99), /^dict\.txt is not the file that was described/],
  ])("refuses a small file that is %s than promised", async (_, bytes, message) => {
    server.files["dict.txt"] = bytes;
    await expect(install()).rejects.toThrow(message);
    await expectNotInstalled();
  });

  it("refuses a long file of another size on the server", async () => {
    server.files[WEIGHTS] = (files[WEIGHTS] as Buffer).subarray(0, 2 * CHUNK);
    await expect(install()).rejects.toMatchObject({ code: "hash-mismatch", message: expect.stringContaining("size") });
    // Without a Content-Range that tells, the last chunk is asked for in vain.
    server.fault = ({ file, range: asked }, _, res) => {
      if (file !== WEIGHTS || asked !== range(2)) return false;
      res.writeHead(416).end();
      return true;
    };
    server.files[WEIGHTS] = files[WEIGHTS] as Buffer;
    await expect(install()).rejects.toMatchObject({
      code: "hash-mismatch",
      message: expect.stringContaining("shorter"),
    });
  });

  it("starts a long file without chunk hashes again when its ETag has changed meanwhile", async () => {
    const old = tinyFiles(50);
    server.publish(files, { listed: false });
    server.files[WEIGHTS] = old[WEIGHTS] as Buffer;
    server.etag = () => '"old"';
    server.fault = ({ file, range: asked }, _, res) => {
      if (file !== WEIGHTS || asked === range(0)) return false;
      res.writeHead(500).end();
      return true;
    };
    await expect(install()).rejects.toMatchObject({ code: "http" });
    expect((await store.list())[0]?.storedBytes).toBeGreaterThanOrEqual(CHUNK);

    server.fault = undefined;
    server.etag = () => '"new"';
    server.files[WEIGHTS] = files[WEIGHTS] as Buffer;
    server.requests.length = 0;
    await install();
    await expectInstalled();
    expect(ranges()).toContain(range(0));
  });

  it("sends If-Range on its own origin, and takes the whole file when the server answers so", async () => {
    vi.stubGlobal("location", new URL(server.url));
    server.publish(files, { listed: false });
    server.etag = () => '"old"';
    server.fault = ({ file, range: asked, ifRange }, _, res) => {
      if (file !== WEIGHTS || asked === range(0)) return false;
      expect(ifRange).toBe('"old"');
      res.writeHead(500).end();
      return true;
    };
    await expect(install()).rejects.toMatchObject({ code: "http" });

    const changed = { ...files, [WEIGHTS]: tinyFiles(60)[WEIGHTS] as Buffer };
    server.fault = undefined;
    server.etag = () => '"new"';
    server.files[WEIGHTS] = changed[WEIGHTS] as Buffer;
    // The file changed, model.json did not: found by the hash of the whole.
    await expect(install()).rejects.toMatchObject({ code: "hash-mismatch" });
    expect(server.requests.some(({ ifRange }) => ifRange === '"old"')).toBe(true);
    server.publish(changed, { listed: false });
    await install();
    await expectInstalled(changed);
  });

  it("gives up a file whose ETag is another at every answer, if it has no chunk hashes", async () => {
    let answers = 0;
    server.etag = () => `"${answers++}"`;
    await install();
    await expectInstalled();
    await store.delete("tiny");
    server.publish(files, { listed: false });
    await expect(install()).rejects.toMatchObject({
      code: "hash-mismatch",
      message: expect.stringContaining("keeps changing"),
    });
  });

  it("stops when it is told to, and goes on later", async () => {
    const controller = new AbortController();
    server.fault = ({ file, range: asked }) => {
      if (file === WEIGHTS && asked === range(1)) setTimeout(() => controller.abort(), 100);
      return file === WEIGHTS && asked !== range(0);
    };
    await expect(install({ signal: controller.signal })).rejects.toMatchObject({ code: "cancelled" });
    await expectNotInstalled();
    server.fault = undefined;
    server.requests.length = 0;
    await install();
    await expectInstalled();
    expect(ranges().sort()).toEqual([range(1), range(2)].sort());
    await expect(install({ signal: AbortSignal.abort(), refresh: true })).rejects.toMatchObject({ code: "cancelled" });
  });

  it("says that the network failed, or that there is none", async () => {
    const { url } = server;
    await server.stop();
    await expect(installBundle(url, { store, retry })).rejects.toMatchObject({
      code: "network",
      message: expect.stringMatching(/^model\.json could not be fetched/),
    });
    vi.stubGlobal("navigator", { onLine: false });
    await expect(installBundle(url, { store, retry })).rejects.toMatchObject({ code: "offline" });
    expect(await store.list()).toEqual([]);
    server = await ModelServer.start(files);
  });

  it("says that there is no room, and leaves nothing half-usable", async () => {
    const put = IDBObjectStore.prototype.put;
    let chunks = 0;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, value, key) {
      if (this.name === "chunks" && ++chunks > 2) throw new DOMException("full", "QuotaExceededError");
      return put.call(this, value, key);
    });
    await expect(install()).rejects.toMatchObject({ code: "quota", message: expect.stringContaining("no room") });
    await expectNotInstalled();
    vi.restoreAllMocks();
    await install();
    await expectInstalled();
  });

  it("fetches what the browser has lost, and only that", async () => {
    const { bundle } = await install();
    await store.dropChunks(bundle.files[WEIGHTS] as never, [1]);
    await expect(store.open("tiny")).rejects.toMatchObject({
      code: "storage",
      message: expect.stringContaining("lost parts"),
    });
    expect((await store.list())[0]?.state).toBe("damaged");
    server.requests.length = 0;
    await install();
    await expectInstalled();
    expect(server.requests.map(({ file }) => file)).toEqual(["model.json", WEIGHTS]);
    expect(ranges()).toEqual([range(1)]);
  });

  it("looks for a changed model only when asked, and then fetches what is new and drops what is old", async () => {
    await install();
    const changed = { ...files, "dict.txt": noise(10, 77) };
    server.publish(changed);
    await install();
    await expectInstalled();
    server.requests.length = 0;
    await install({ refresh: true });
    await expectInstalled(changed);
    expect(server.requests.map(({ file }) => file)).toEqual(["model.json", "dict.txt"]);
    const total = Object.values(changed).reduce((sum, bytes) => sum + bytes.length, 0);
    expect((await store.usage()).storedBytes).toBe(total);
  });

  it("keeps the installed model when its update fails", async () => {
    await install();
    server.publish({ ...files, "dict.txt": noise(10, 77) });
    server.files["dict.txt"] = files["dict.txt"] as Buffer;
    await expect(install({ refresh: true })).rejects.toMatchObject({ code: "hash-mismatch" });
    await expectInstalled();
  });

  it("does not let another address replace a model of the same id", async () => {
    await install();
    const other = await ModelServer.start(tinyFiles(30));
    await expect(installBundle(other.url, { store, retry })).rejects.toMatchObject({
      code: "bad-bundle",
      message: expect.stringContaining(server.url),
    });
    await other.stop();
    await expectInstalled();
  });

  it("works in memory where storage is denied, and says so", async () => {
    const denied = {
      open: () => {
        throw new DOMException("denied", "SecurityError");
      },
    };
    const memory = await openWeightStore(denied as unknown as IDBFactory);
    expect(memory.persistent).toBe(false);
    const model = await installBundle(server.url, { store: memory, retry });
    expect((await bytesOf(model.files[WEIGHTS])).equals(files[WEIGHTS] as Buffer)).toBe(true);
    server.requests.length = 0;
    await installBundle(server.url, { store: memory, retry });
    expect(server.requests).toEqual([]);
  });
});

describe("describeBundle", () => {
  it("asks for model.json alone, and for nothing once the model is stored", async () => {
    const before = await describeBundle(server.url, { store, retry });
    expect(before).toMatchObject({ stored: false, bundle: { id: "tiny" } });
    expect(server.requests.map(({ file }) => file)).toEqual(["model.json"]);
    expect(await store.list()).toEqual([]);
    const { bundle } = await install();
    server.requests.length = 0;
    expect(await describeBundle(server.url, { store, retry })).toEqual({ stored: true, bundle });
    expect(server.requests).toEqual([]);
  });
});

describe("model.json", () => {
  type Json = ReturnType<typeof modelJson>;
  const entry = { size: 1, sha256: "0".repeat(64) };
  it.each<[string, string | ((json: Json) => unknown), RegExp]>([
    [
      "a page instead",
      "<!doctype html><title>App</title>",
      /model\.json is not JSON\. Is this the address of a model\?/,
    ],
    ["null", "null", /^model\.json: /],
    ["another version", (json) => ({ ...json, version: 2 }), /^model\.json: version: /],
    ["no U-Net", (json) => ({ ...json, components: { ...json.components, unet: undefined } }), /components\.unet/],
    [
      "a wrong dim",
      (json) => {
        json.components.gpt.config = { layers: -1 };
        return json;
      },
      /components\.gpt\.config/,
    ],
    ["a path as name", (json) => ({ ...json, files: { ...json.files, "../../secret": entry } }), /a plain file name/],
    ["an absolute name", (json) => ({ ...json, files: { ...json.files, "/etc/passwd": entry } }), /a plain file name/],
    [
      "an address as name",
      (json) => ({ ...json, files: { ...json.files, "https://x.y/z": entry } }),
      /a plain file name/,
    ],
    ["a short hash", (json) => ({ ...json, files: { ...json.files, x: { size: 1, sha256: "00" } } }), /SHA-256/],
    ["a huge file", (json) => ({ ...json, files: { ...json.files, x: { ...entry, size: 1e300 } } }), /files\.x\.size/],
    [
      "too few hashes",
      (json) => ({ ...json, files: { ...json.files, x: { ...entry, size: 2 ** 25, chunks: [] } } }),
      /files\.x\.chunks: 0 hashes/,
    ],
    [
      "an unlisted file",
      (json) => ({ ...json, files: { "dict.txt": entry } }),
      /weights\.safetensors is not listed in files/,
    ],
    [
      "a name of Object's",
      (json) => {
        json.components.tokenizer.dict = "constructor";
        return json;
      },
      /constructor is not listed/,
    ],
  ])("is refused: %s", async (_, content, message) => {
    server.files["model.json"] =
      typeof content === "string" ? content : JSON.stringify(content(structuredClone(modelJson(files))));
    await expect(install()).rejects.toMatchObject({ code: "bad-bundle", message: expect.stringMatching(message) });
    expect(server.requests.map(({ file }) => file)).toEqual(["model.json"]);
    expect(await store.list()).toEqual([]);
  });

  it("is not read on without end", async () => {
    server.files["model.json"] = Buffer.alloc(3 * 2 ** 20, " ");
    await expect(install()).rejects.toThrow(/model\.json is larger than/);
  });
});

describe("resolveBundleUrl", () => {
  it("takes http(s) addresses and relative ones", () => {
    const base = "https://app.example/studio/index.html?x#y";
    expect(resolveBundleUrl("models/mini", base)).toBe("https://app.example/studio/models/mini");
    expect(resolveBundleUrl("/models/mini/", base)).toBe("https://app.example/models/mini");
    expect(resolveBundleUrl("https://hub.example/m/?rev=1#top", base)).toBe("https://hub.example/m?rev=1");
  });

  it.each([
    "javascript:alert(1)",
    "data:application/json,{}",
    "blob:https://app.example/1",
    "file:///etc",
    "ftp://host/m",
    "https://user:secret@host/m",
    "https://",
  ])("refuses %s", (url) => {
    expect(() => resolveBundleUrl(url, "https://app.example/")).toThrow(/is not the address of a model/);
  });
});
