import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { checkRemoteFiles } from "../../workers/weights/import/check-remote-files.ts";
import { fetchRemoteFiles, probeOnce } from "../../workers/weights/import/remote-files.ts";
import { openWeightStore } from "../../workers/weights/store.ts";
import { tinyDiffusion } from "../e2e/tiny-models.ts";
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

/** Every file that the server has. */
const checkAll = () =>
  checkRemoteFiles(
    Object.keys(server.files)
      .filter((file) => file !== "model.json")
      .map((file) => ({ url: `${server.url}/${file}` })),
    undefined,
    { retry },
  );

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

/** Two files of one, in tensors, and the index that lists them. */
function split(whole: Buffer): Record<string, Buffer | string> {
  const end = 8 + Number(whole.readBigUInt64LE());
  const header = JSON.parse(whole.toString("utf8", 8, end)) as Record<string, { data_offsets: [number, number] }>;
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  const half = names.length >> 1;
  const parts = [names.slice(0, half), names.slice(half)].map((part) => {
    let at = 0;
    const data = part.map((name) =>
      whole.subarray(...(header[name]?.data_offsets.map((offset) => end + offset) ?? [])),
    );
    const entries = part.map((name, i) => {
      const begin = at;
      at += data[i]?.length ?? 0;
      return [name, { ...header[name], data_offsets: [begin, at] }];
    });
    const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([length, json, ...data]);
  });
  const file = (i: number) => `model-0000${i + 1}-of-00002.safetensors`;
  const weight_map = Object.fromEntries(names.map((name, i) => [name, file(i < half ? 0 : 1)]));
  return {
    ...Object.fromEntries(parts.map((part, i) => [file(i), part])),
    "model.safetensors.index.json": JSON.stringify({ weight_map }),
  };
}

describe("checkRemoteFiles of a repository by diffusers", () => {
  const PARTS = ["text_encoder", "unet", "vae"];
  let folder: string;
  let weights: Record<string, Buffer>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "remote-"));
    const root = await tinyDiffusion(folder);
    weights = Object.fromEntries(
      PARTS.map((part) => [`${part}/model.safetensors`, readFileSync(join(root, part, "model.safetensors"))]),
    );
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const scheduler = JSON.stringify({ _class_name: "PNDMScheduler", beta_schedule: "scaled_linear" });
  const beside = {
    LICENSE: "As is.",
    "README.md": "# Weights",
    "model_index.json": "{}",
    "tokenizer/vocab.json": "{}",
    "tokenizer/merges.txt": "a b",
    "feature_extractor/preprocessor_config.json": "{}",
  };

  it("tells files of one name apart, and never asks for what is no weights", async () => {
    server.files = { ...beside, "scheduler/scheduler_config.json": scheduler, ...weights };
    await checkAll();
    expect(new Set(server.requests.map(({ file }) => file))).toEqual(
      new Set(["scheduler/scheduler_config.json", ...Object.keys(weights)]),
    );
  });

  it("puts split files together by their index, and tells which part is missing", async () => {
    const parts = Object.entries(split(weights["unet/model.safetensors"] as Buffer));
    const { "unet/model.safetensors": _, ...others } = weights;
    server.files = { ...others, ...Object.fromEntries(parts.map(([name, bytes]) => [`unet/${name}`, bytes])) };
    await checkAll();
    delete server.files["unet/model-00002-of-00002.safetensors"];
    await expect(checkAll()).rejects.toMatchObject({
      code: "bad-bundle",
      message: expect.stringContaining(
        "unet/model.safetensors.index.json lists unet/model-00002-of-00002.safetensors:",
      ),
    });
  });

  it("what lacks a part names it, and a page in place of a file too", async () => {
    const { "vae/model.safetensors": _, ...others } = weights;
    server.files = { ...others, "scheduler/scheduler_config.json": scheduler };
    await expect(checkAll()).rejects.toThrow("The files hold no VAE.");
    server.files["vae/model.safetensors"] = `<!doctype html>${" ".repeat(1000)}`;
    await expect(checkAll()).rejects.toThrow("vae/model.safetensors: not a checkpoint but a web page");
  });

  it("addresses of no weights at all", async () => {
    server.files = { "README.md": "# Weights", "model_index.json": "{}" };
    await expect(checkAll()).rejects.toThrow("None of these files holds weights.");
    server.files = { "scheduler/scheduler_config.json": scheduler };
    await expect(checkAll()).rejects.toThrow(/scheduler_config\.json: not a checkpoint but JSON/);
  });

  it("files that were given one name are several", async () => {
    server.files = weights;
    const files = Object.keys(weights).map((file) => ({ name: "model.safetensors", url: `${server.url}/${file}` }));
    await checkRemoteFiles(files, undefined, { retry });
  });
});
