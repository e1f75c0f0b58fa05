/** The library worker with the browser's own IndexedDB, locks and hashes, against files on a real server. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { commands } from "vitest/browser";
import { WorkerClient } from "../../src/engine/worker-client.ts";
import type { InstallProgress, LibraryReply, LibraryRequest } from "../../workers/protocol.ts";
import type { BundleFile } from "../../workers/weights/bundle.ts";
import {
  fromFloat16Bits,
  fromFloat16BitsByTable,
  toFloat16Bits,
  toFloat16BitsByRounding,
} from "../../workers/weights/float16.ts";
import { sha256, sha256OfBlob } from "../../workers/weights/hash.ts";
import { modelJsonOf, noise } from "../unit/weights-model-json.ts";

const CHUNK = 16 * 2 ** 20;
const WEIGHTS = "weights.safetensors";
const FOLDER = "test-results/weight-store";
const url = new URL(`/${FOLDER}`, location.origin).href;

const files: Record<string, Uint8Array<ArrayBuffer>> = {
  [WEIGHTS]: noise(CHUNK + 54_321, 1),
  "sentencepiece.model": noise(1000, 2),
  "dict.txt": noise(10, 3),
};
const total = Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0);

/** Puts a file where the dev server serves it. */
async function publish(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const base64 = await new Promise<string>((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^.*,/, ""));
    reader.readAsDataURL(new Blob([bytes]));
  });
  await commands.writeFile(`${FOLDER}/${name}`, base64, { encoding: "base64" });
}

async function publishAll(): Promise<void> {
  const described: Record<string, BundleFile> = {};
  for (const [name, bytes] of Object.entries(files)) {
    const chunks = [];
    for (let at = 0; at < bytes.length; at += CHUNK) chunks.push(await sha256(bytes.subarray(at, at + CHUNK)));
    described[name] = { size: bytes.length, sha256: await sha256(bytes), chunks };
    await publish(name, bytes);
  }
  await publish("model.json", new TextEncoder().encode(JSON.stringify(modelJsonOf("tiny", described))));
}

const workers: WorkerClient<LibraryRequest, LibraryReply>[] = [];
function library() {
  const worker = new Worker(new URL("../../workers/library.worker.ts", import.meta.url), { type: "module" });
  const client = new WorkerClient<LibraryRequest, LibraryReply>(worker, () => {});
  workers.push(client);
  return client;
}

const install = (client = library(), onEvent: (reply: LibraryReply) => void = () => {}, signal?: AbortSignal) =>
  client.call({ type: "install", url }, ["installed"], { onEvent, signal });

const states = async () =>
  (await library().call({ type: "list" }, ["listed"])).models.map(({ state, storedBytes }) => ({ state, storedBytes }));

async function expectIntact(held: Record<string, Blob>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    expect(await sha256OfBlob(held[name] as Blob), name).toBe(await sha256(bytes));
  }
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("kosmos-g-weights");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Overwrites one byte of a stored chunk, as a bad disk would. */
async function corrupt(index: number): Promise<void> {
  const db = await openDatabase();
  const key = [`${await sha256(files[WEIGHTS] as Uint8Array<ArrayBuffer>)}-${files[WEIGHTS]?.length}`, index];
  const get = db.transaction("chunks").objectStore("chunks").get(key);
  const record = await new Promise<{ data: Blob }>((resolve) => {
    get.onsuccess = () => resolve(get.result);
  });
  const bytes = new Uint8Array(await record.data.arrayBuffer());
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  const tx = db.transaction("chunks", "readwrite");
  tx.objectStore("chunks").put({ ...record, data: new Blob([bytes]) }, key);
  await new Promise((resolve, reject) => {
    tx.oncomplete = resolve;
    tx.onabort = () => reject(tx.error);
  });
  db.close();
}

beforeEach(async () => {
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase("kosmos-g-weights");
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
  });
});

afterEach(() => {
  for (const worker of workers.splice(0)) worker.end();
});

describe("the library worker", () => {
  beforeEach(publishAll);
  afterAll(async () => {
    for (const name of [...Object.keys(files), "model.json"]) await commands.removeFile(`${FOLDER}/${name}`);
  });

  it("fetches a model once; a later visit needs nothing of the server", async () => {
    const progress: InstallProgress[] = [];
    const first = await install(library(), (reply) => {
      if (reply.type === "progress") progress.push(reply.progress);
    });
    expect(first.persistent).toBe(true);
    await expectIntact(first.model.files);
    expect(progress.filter(({ phase }) => phase === "download").at(-1)?.loadedBytes).toBe(total);

    for (const name of [...Object.keys(files), "model.json"]) await commands.removeFile(`${FOLDER}/${name}`);
    const client = library();
    const second = await install(client);
    await expectIntact(second.model.files);
    const opened = await client.call({ type: "open", model: "tiny" }, ["opened"]);
    expect(opened.model?.bundle).toEqual(first.model.bundle);
    const { usage } = await client.call({ type: "usage" }, ["measured"]);
    expect(usage).toMatchObject({ persistent: true, storedBytes: total });
    // The browser counts late, so not what it counts, but that it does.
    expect(usage.originBytes).toBeGreaterThan(0);

    await client.call({ type: "delete", model: "tiny" }, ["deleted"]);
    expect((await client.call({ type: "open", model: "tiny" }, ["opened"])).model).toBeNull();
    await expect(install(client)).rejects.toMatchObject({ code: expect.stringMatching(/http|bad-bundle/) });
  });

  it("lets a second tab wait for the first, and download nothing itself", async () => {
    const phases = new Set<string>();
    const first = install();
    const second = install(library(), (reply) => {
      if (reply.type === "progress") phases.add(reply.progress.phase);
    });
    await expectIntact((await first).model.files);
    await expectIntact((await second).model.files);
    expect(await states()).toEqual([{ state: "installed", storedBytes: total }]);
    // Which of them was first is the browser's choice; only then it has other phases.
    if (phases.has("waiting")) expect([...phases]).toEqual(["waiting"]);
  });

  it("goes on where a killed worker stopped", async () => {
    const client = library();
    await new Promise<void>((resolve) => {
      const killed = install(client, (reply) => {
        if (reply.type !== "progress" || reply.progress.loadedBytes < 2000) return;
        client.end();
        resolve();
      });
      killed.catch(() => {});
    });
    const [left] = await states();
    expect(left?.state ?? "partial").toBe("partial");
    const { model } = await install();
    await expectIntact(model.files);
  });

  it("stops on cancel, installs nothing, and can be told to go on", async () => {
    const controller = new AbortController();
    const client = library();
    await expect(install(client, () => controller.abort(), controller.signal)).rejects.toMatchObject({
      code: "cancelled",
    });
    expect((await states())[0]?.state).toBe("partial");
    await expectIntact((await install(client)).model.files);
  });

  it("names the file that is not what model.json says, and mends only that", async () => {
    const wrong = noise(10, 99);
    await publish("dict.txt", wrong);
    await expect(install()).rejects.toMatchObject({
      code: "hash-mismatch",
      message: expect.stringMatching(/^dict\.txt is not the file that was described/),
    });
    expect((await states())[0]?.state).toBe("partial");
    await publish("dict.txt", files["dict.txt"] as Uint8Array<ArrayBuffer>);
    await expectIntact((await install()).model.files);
  });

  it("finds a corrupted chunk, says what to do, and fetches that chunk alone", async () => {
    await install();
    await corrupt(1);
    const client = library();
    const { damaged } = await client.call({ type: "verify", model: "tiny" }, ["verified"]);
    expect(damaged).toEqual([{ file: WEIGHTS, chunk: 1 }]);
    await expect(client.call({ type: "open", model: "tiny" }, ["opened"])).rejects.toMatchObject({
      code: "storage",
      message: expect.stringContaining("Load it again"),
    });
    expect(await states()).toEqual([{ state: "damaged", storedBytes: total - 54_321 }]);
    let fetched = 0;
    const { model } = await install(client, (reply) => {
      if (reply.type === "progress" && reply.progress.phase === "download") fetched = reply.progress.loadedBytes;
    });
    expect(fetched).toBe(total);
    await expectIntact(model.files);
  });
});

const CHECKPOINT = "/test/generated/checkpoints/sd/single.safetensors";
/** The dev server answers an unknown path with a page. */
const checkpoint = await fetch(CHECKPOINT).then(async (answer) =>
  answer.headers.get("content-type")?.includes("html")
    ? null
    : { name: "single.safetensors", blob: await answer.blob() },
);

describe.skipIf(!checkpoint)("imports in two tabs", () => {
  const assets = new URL("/models/", location.origin).href;
  const importAs = (id: string, client = library(), onEvent: (reply: LibraryReply) => void = () => {}) => {
    const files = checkpoint ? [checkpoint] : [];
    const choice = { id, name: id, license: "MIT" };
    return client.call({ type: "import", files, choice, assets }, ["installed"], { onEvent });
  };
  const listed = async () => (await library().call({ type: "list" }, ["listed"])).models;

  it("take turns, and store once what is the same", async () => {
    const both = await Promise.all([importAs("one"), importAs("two")]);
    const models = await listed();
    expect(models.map(({ id, state }) => [id, state])).toEqual([
      ["one", "installed"],
      ["two", "installed"],
    ]);
    const { usage } = await library().call({ type: "usage" }, ["measured"]);
    expect(usage.storedBytes).toBe(models[0]?.totalBytes);
    for (const { model } of both) expect(Object.keys(model.files).length).toBeGreaterThan(2);
  });

  it("one that is closed in mid-write leaves nothing behind when the next has ended", async () => {
    const closing = library();
    await new Promise<void>((closed) => {
      const importing = importAs("closed", closing, (reply) => {
        if (reply.type !== "progress" || reply.progress.phase !== "write" || reply.progress.loadedBytes === 0) return;
        closing.end();
        closed();
      });
      importing.catch(() => {});
    });
    expect((await listed()).map(({ id, state }) => [id, state])).toEqual([["closed", "partial"]]);
    await importAs("next");
    expect((await listed()).map(({ id, state }) => [id, state])).toEqual([["next", "installed"]]);
    const { damaged } = await library().call({ type: "verify", model: "next" }, ["verified"]);
    expect(damaged).toEqual([]);
  });
});

describe("float16", () => {
  it("is the same by the platform's Float16Array and by own code", () => {
    expect("Float16Array" in globalThis).toBe(true);
    const halves = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
    const native = fromFloat16Bits(halves);
    expect(fromFloat16BitsByTable(halves)).toEqual(native);
    const words = new Uint32Array(noise(4 << 20, 7).buffer);
    const floats = new Float32Array(words.buffer);
    // Random bits are mostly out of range; half of them are brought near it.
    for (let i = 0; i < floats.length; i += 2) floats[i] = ((words[i] as number) - 2 ** 31) * 2 ** -((i >>> 1) % 60);
    const own = toFloat16BitsByRounding(floats);
    const theirs = toFloat16Bits(floats);
    const isNaNHalf = (half: number) => (half & 0x7fff) > 0x7c00;
    for (let i = 0; i < floats.length; i++) {
      if (own[i] === theirs[i] || (isNaNHalf(own[i] as number) && isNaNHalf(theirs[i] as number))) continue;
      expect.fail(`${floats[i]}: ${own[i]} by own code, ${theirs[i]} by the platform`);
    }
  });
});
