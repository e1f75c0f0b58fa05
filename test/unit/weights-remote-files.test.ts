import { createHash } from "node:crypto";
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { InstallProgress } from "../../workers/protocol.ts";
import { type FetchOptions, fetchRemoteFiles } from "../../workers/weights/import/remote-files.ts";
import { CHUNK_BYTES } from "../../workers/weights/parse-bundle.ts";
import { openWeightStore, type WeightStore } from "../../workers/weights/store.ts";
import { noise } from "./weights-model-json.ts";
import { ModelServer } from "./weights-model-server.ts";

vi.setConfig({ testTimeout: 60_000 });

const retry = { attempts: 3, baseDelayMs: 1, maxDelayMs: 2, stallMs: 5000 };
const long = Buffer.from(noise(CHUNK_BYTES + 5000, 1));
const short = Buffer.from(noise(700, 2));
const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

let server: ModelServer;
let store: WeightStore;

beforeEach(async () => {
  vi.stubGlobal("IDBKeyRange", IDBKeyRange);
  store = await openWeightStore(new IDBFactory());
  server = await ModelServer.start({});
  server.files = { "unet/weights.safetensors": long, "vae/weights.safetensors": short };
  server.etag = (file) => `"${file}-1"`;
});

afterEach(async () => {
  vi.unstubAllGlobals();
  store.close();
  await server.stop();
});

const url = (path: string) => `${server.url}/${path}`;
const BOTH = [{ name: "unet/weights.safetensors" }, { name: "vae/weights.safetensors" }];
const both = () => BOTH.map(({ name }) => ({ name, url: url(name) }));
const fetched = (files = both(), options: Partial<FetchOptions> = {}) =>
  fetchRemoteFiles(files, { store, retry, ...options });
const bytes = async (blob: Blob | undefined) => Buffer.from((await blob?.arrayBuffer()) ?? new ArrayBuffer(0));

describe("fetchRemoteFiles", () => {
  it.each([true, false])("brings the very bytes, two files of one name included; ranges: %s", async (ranges) => {
    server.ranges = ranges;
    const progress: InstallProgress[] = [];
    const { id, files } = await fetched(both(), { onProgress: (step) => progress.push(step) });
    expect(files.map(({ name }) => name)).toEqual(BOTH.map(({ name }) => name));
    expect((await bytes(files[0]?.blob)).equals(long)).toBe(true);
    expect((await bytes(files[1]?.blob)).equals(short)).toBe(true);
    expect(progress.at(-1)).toMatchObject({ loadedBytes: long.length + short.length });
    expect(await store.list()).toMatchObject([{ id, kind: "files", state: "installed" }]);
    await store.delete(id);
    expect((await store.usage()).storedBytes).toBe(0);
  });

  it("asks for nothing twice", async () => {
    await fetched();
    server.requests.length = 0;
    await fetched();
    // What the files are now is asked in any case.
    expect(server.requests.map(({ range }) => range)).toEqual(["bytes=0-0", "bytes=0-0"]);
  });

  it("goes on where it was stopped", async () => {
    const controller = new AbortController();
    // The second file never comes.
    server.fault = ({ file, range }) => file.startsWith("vae/") && range !== "bytes=0-0";
    const stopped = expect(fetched(both(), { signal: controller.signal })).rejects.toMatchObject({ code: "cancelled" });
    await vi.waitFor(async () => expect((await store.list())[0]?.storedBytes).toBeGreaterThanOrEqual(CHUNK_BYTES), {
      timeout: 30_000,
    });
    controller.abort(new Error("stop"));
    await stopped;
    server.fault = undefined;
    const [partial] = await store.list();
    expect(partial).toMatchObject({ kind: "files", state: "partial" });
    server.requests.length = 0;
    const { files } = await fetched();
    expect((await bytes(files[0]?.blob)).equals(long)).toBe(true);
    const asked = server.asked("unet/weights.safetensors").filter(({ range }) => range !== "bytes=0-0");
    expect(asked.length).toBeLessThan(2);
  });

  it("takes another version of a file for another file", async () => {
    const { id } = await fetched();
    server.files["vae/weights.safetensors"] = Buffer.from(noise(700, 9));
    server.etag = (file) => `"${file}-2"`;
    const later = await fetched();
    expect(later.id).not.toBe(id);
    expect((await bytes(later.files[1]?.blob)).equals(Buffer.from(noise(700, 9)))).toBe(true);
  });

  it("checks a hash that is given, of a long file as a whole", async () => {
    const [file] = both();
    if (!file) throw new Error("no file");
    await fetched([{ ...file, size: long.length, sha256: hash(long) }] as never);
    const wrong = fetched([{ ...file, size: long.length, sha256: hash(short) }] as never);
    await expect(wrong).rejects.toMatchObject({ code: "hash-mismatch" });
  });

  it("what is not hashed never stands for what is", async () => {
    const named = hash(Buffer.from("another model's file"));
    const file = { size: 700, sha256: named };
    await store.begin({ id: "a", name: "a", license: "", files: { w: { ...file, unhashed: true } } }, "a");
    await store.putChunk({ ...file, unhashed: true }, 0, new Blob([short]), hash(short));
    await store.begin({ id: "b", name: "b", license: "", files: { w: file } }, "b");
    expect((await store.missing({ id: "b", name: "b", license: "", files: { w: file } })).get("w")?.size).toBe(1);
  });

  it.each([
    ["file:///etc/passwd", /not the address/],
    ["nonsense", /not the address/],
    ["https://name:secret@example.org/x", /not the address/],
  ])("refuses %s", async (address, message) => {
    await expect(fetched([{ name: "x", url: address }])).rejects.toThrow(message);
  });

  it("takes an address whose escapes are none", async () => {
    server.files["50%.safetensors"] = short;
    const { files } = await fetchRemoteFiles([{ url: url("50%.safetensors") }], { store, retry });
    expect(files[0]?.name).toBe("50%.safetensors");
  });

  it("names files as a chosen folder would, and leaves alone what that would leave alone", async () => {
    Object.assign(server.files, { "README.md": "# Weights", "scheduler/scheduler_config.json": "{}" });
    const paths = [
      "README.md",
      "scheduler/scheduler_config.json",
      "unet/weights.safetensors",
      "vae/weights.safetensors",
    ];
    const { files } = await fetchRemoteFiles(
      paths.map((path) => ({ url: url(path) })),
      { store, retry },
    );
    expect(files.map(({ name }) => name)).toEqual(paths.slice(1));
    expect((await bytes(files[1]?.blob)).equals(long)).toBe(true);
    expect((await bytes(files[2]?.blob)).equals(short)).toBe(true);
    expect(server.asked("README.md")).toEqual([]);
    // Listed by the one that takes longest.
    expect(await store.list()).toMatchObject([{ name: "unet/weights.safetensors", source: url(paths[2] ?? "") }]);
  });

  it("goes on whatever is fetched beside it, in folders of other names", async () => {
    await fetchRemoteFiles([{ url: url("unet/weights.safetensors") }], { store, retry });
    server.requests.length = 0;
    const again = ["README.md", "unet/weights.safetensors"].map((path) => ({ url: url(path) }));
    const { files } = await fetchRemoteFiles(again, { store, retry });
    expect(files.map(({ name }) => name)).toEqual(["unet/weights.safetensors"]);
    expect((await bytes(files[0]?.blob)).equals(long)).toBe(true);
    expect(server.requests.map(({ range }) => range)).toEqual(["bytes=0-0"]);
  });

  it("learns how large a file is that the server compresses where it can", async () => {
    server.fault = ({ range }, { method, headers }, res) => {
      // Content-Range is hidden from other sites, and what is compressed has no length beforehand.
      if (range === "bytes=0-0") res.writeHead(206, { "content-length": 1 }).end("x");
      else if (method === "HEAD" && /gzip/.test(String(headers["accept-encoding"]))) res.writeHead(200).end();
      else return false;
      return true;
    };
    const { files } = await fetchRemoteFiles([{ url: url("vae/weights.safetensors") }], { store, retry });
    expect((await bytes(files[0]?.blob)).equals(short)).toBe(true);
  });

  it("says what the server said", async () => {
    await expect(fetched([{ name: "x", url: url("nowhere.safetensors") }])).rejects.toMatchObject({
      code: "http",
      message: expect.stringContaining("nowhere.safetensors: the server answered 404"),
    });
  });
});
