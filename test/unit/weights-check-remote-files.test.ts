import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { checkRemoteFiles } from "../../workers/weights/import/check-remote-files.ts";
import { fetchRemoteFiles, probeOnce } from "../../workers/weights/import/remote-files.ts";
import { openWeightStore } from "../../workers/weights/store.ts";
import { haveCheckpoints } from "../support/checkpoint-set.node.ts";
import { ModelServer } from "./weights-model-server.ts";

vi.setConfig({ testTimeout: 60_000 });

const retry = { attempts: 3, baseDelayMs: 1, maxDelayMs: 2, stallMs: 5000 };
let server: ModelServer;

beforeEach(async () => {
  server = await ModelServer.start({});
});

afterEach(() => server.stop());

/** safetensors of `count` tensors that no network has, of a MB each. */
function strangeFile(count: number): Buffer {
  const bytes = 2 ** 20;
  const tensors = Array.from({ length: count }, (_, i) => [
    `nobody.knows.${"this.".repeat(20)}${i}.weight`,
    { dtype: "F16", shape: [bytes / 2], data_offsets: [i * bytes, (i + 1) * bytes] },
  ]);
  const header = Buffer.from(JSON.stringify(Object.fromEntries(tensors)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(count * bytes)]);
}

const check = (file: string, signal?: AbortSignal) =>
  checkRemoteFiles([{ url: `${server.url}/${file}` }], undefined, { retry, ...(signal && { signal }) });

/** Bytes that were asked for. */
const asked = () =>
  server.requests.reduce((sum, { range }) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
    return sum + (to === undefined ? Number.POSITIVE_INFINITY : Number(to) - Number(from) + 1);
  }, 0);

describe("checkRemoteFiles", () => {
  it.each([1, 600])("refuses what makes no model by its header alone, %i tensors", async (count) => {
    server.files = { "a.safetensors": strangeFile(count) };
    await expect(check("a.safetensors")).rejects.toMatchObject({
      code: "bad-bundle",
      message: expect.stringContaining("The files hold no"),
    });
    expect(asked()).toBeLessThan(2 ** 18);
  });

  it("says what else an address leads to", async () => {
    server.files = { page: `<!doctype html><title>A model</title>${" ".repeat(1000)}` };
    await expect(check("page")).rejects.toMatchObject({
      code: "bad-bundle",
      message: /^page: not a checkpoint but a web page/,
    });
  });

  it("leaves torch checkpoints, and servers without ranges, for when the file is here", async () => {
    server.files = {
      "a.ckpt": Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(5000)]),
      "a.safetensors": strangeFile(1),
    };
    await check("a.ckpt");
    server.ranges = false;
    await check("a.safetensors");
  });

  it("is stopped, and meets a server that is not there", async () => {
    server.files = { "a.safetensors": strangeFile(1) };
    const controller = new AbortController();
    server.fault = () => {
      controller.abort();
      return true;
    };
    await expect(check("a.safetensors", controller.signal)).rejects.toMatchObject({ code: "cancelled" });
    server.fault = undefined;
    await expect(check("b.safetensors")).rejects.toMatchObject({ code: "http" });
  });

  it("tries again what is cut off", async () => {
    const whole = strangeFile(1);
    server.files = { "a.safetensors": whole };
    let cuts = 0;
    server.fault = ({ range }, _, res) => {
      if (range === "bytes=0-0" || cuts++ > 0) return false;
      res
        .writeHead(206, { "content-length": 65536, "content-range": `bytes 0-65535/${whole.length}` })
        .write(whole.subarray(0, 100));
      setTimeout(() => res.destroy(), 20);
      return true;
    };
    await expect(check("a.safetensors")).rejects.toMatchObject({ code: "bad-bundle" });
    expect(cuts).toBeGreaterThan(1);
  });

  it("asks once what a file is, also for the fetching behind it", async () => {
    server.files = { "a.ckpt": Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(5000)]) };
    const files = [{ url: `${server.url}/a.ckpt` }];
    const probe = probeOnce({ retry });
    await checkRemoteFiles(files, undefined, { retry, probe });
    const store = await openWeightStore(undefined);
    const fetched = await fetchRemoteFiles(files, { store, retry, probe });
    expect(fetched.files[0]?.blob.size).toBe(5004);
    expect(server.requests.filter(({ range }) => range === "bytes=0-0")).toHaveLength(1);
  });

  it.skipIf(!haveCheckpoints)("lets a model pass that it has seen the header of", async () => {
    const file = readFileSync("test/generated/checkpoints/sd/single.safetensors");
    server.files = { "sd.safetensors": file };
    await check("sd.safetensors");
    expect(asked()).toBeLessThan(file.length / 10);
  });
});
