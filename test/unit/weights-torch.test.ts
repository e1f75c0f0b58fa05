import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { EngineFault } from "../../workers/faults.ts";
import { openCheckpoint } from "../../workers/weights/checkpoint-file.ts";
import { type PickleRecord, PickleTuple, type PickleValue } from "../../workers/weights/pickle-values.ts";
import type { TensorLocation } from "../../workers/weights/safetensors.ts";
import { isStrided, readStrided } from "../../workers/weights/strided.ts";
import { readTorchLegacy, readTorchZip } from "../../workers/weights/torch-checkpoint.ts";
import { joined, latin1, legacyVector, SparseBlob, seeded, storedZip, vectorPickle } from "./weights-sparse-file.ts";

const FIXTURES = "test/fixtures/12_checkpoints";
const expected: Record<
  string,
  Record<string, { dtype: string; shape: number[]; strided: boolean; bytes: string }>
> = JSON.parse(readFileSync(`${FIXTURES}/expected.json`, "utf8"));
const names = Object.keys(expected);
const bytesOf = (name: string) => new Uint8Array(readFileSync(`${FIXTURES}/${name}`));
const open = (name: string) => openCheckpoint(name, new Blob([bytesOf(name)]));

/** Thousands of readings, on a machine that has other work. */
const FUZZ_TIMEOUT = 60_000;

/** The message of an EngineFault; undefined: none; anything else is thrown on. */
const fault = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof EngineFault) return error.message;
      throw error;
    },
  );

describe("torch checkpoints", () => {
  it.each(names)("reads every tensor of %s as torch does", async (name) => {
    const blob = new Blob([bytesOf(name)]);
    const { tensors, unreadable, format } = await openCheckpoint(name, blob);
    expect(format).toBe(name.includes("legacy") ? "torch-legacy" : "torch-zip");
    expect([...tensors.keys()].sort()).toEqual(Object.keys(expected[name] ?? {}).sort());
    expect(unreadable.size).toBe(0);
    for (const [key, { dtype, shape, strided, bytes }] of Object.entries(expected[name] ?? {})) {
      const location = tensors.get(key) as TensorLocation;
      expect(location, key).toMatchObject({ file: name, dtype, shape });
      const read = (begin: number, end: number) => blob.slice(begin, end).arrayBuffer();
      const values = isStrided(location)
        ? await readStrided(location, read)
        : await read(location.offset, location.offset + location.length);
      expect(Buffer.from(values).toString("hex"), key).toBe(bytes);
      expect(isStrided(location), key).toBe(strided);
    }
  });

  it("gives tied tensors the same bytes", async () => {
    const { tensors } = await open("kinds_zip.pt");
    const tied = tensors.get("embed.weight");
    expect(tensors.get("output.weight")).toEqual(tied);
    expect(tensors.get("rows")).toMatchObject({ shape: [2, 4], offset: (tied?.offset ?? 0) + 2 * 4 * 4, length: 32 });
    expect(tensors.get("column")).toMatchObject({ shape: [6], strides: [4], length: (5 * 4 + 1) * 4 });
  });

  it("keeps what lies beside fairseq's weights, inert", async () => {
    const { others } = await open("fairseq_legacy.pt");
    expect([...others.keys()]).toEqual(["args", "cfg", "optimizer_history", "extra_state", "last_optimizer_state"]);
    const args = others.get("args") as PickleRecord;
    expect(args.className).toBe("argparse.Namespace");
    const state = args.state as Map<string, PickleValue>;
    expect(state.get("layers")).toBe(2);
    expect(state.get("betas")).toEqual(new PickleTuple([0.9, 0.98]));
    expect(state.get("device")).toMatchObject({ className: "torch.device", args: ["cpu"] });
    const [history] = others.get("optimizer_history") as Map<string, PickleValue>[];
    expect(history?.get("big")).toBe(2n ** 70n);
    expect(history?.get("raw")).toEqual(new Uint8Array([0, 255, ...latin1("raw")]));
    expect(history?.get("some")).toEqual(new Set([1, 2]));
  });

  it.each(["lightning_zip.ckpt", "lightning_protocol1.ckpt"])(
    "keeps what lies beside Lightning's weights (%s)",
    async (name) => {
      const { others } = await open(name);
      expect(others.get("global_step")).toBe(1000);
      expect(others.has("rng_state")).toBe(true);
      const config = others.get("hyper_parameters") as PickleRecord;
      expect(config.className).toBe("omegaconf.dictconfig.DictConfig");
      const content = (config.state as Map<string, PickleValue>).get("_content") as Map<string, PickleRecord>;
      const node = content.get("name")?.state as Map<string, PickleValue>;
      expect(node.get("_val")).toBe("kosmos");
      expect(node.get("_parent")).toBe(config);
    },
  );

  it("reads a few ranges of a file of 7 GB, zip or legacy", async () => {
    const count = 1.75 * 2 ** 30;
    const zip = new SparseBlob(
      storedZip({ "m/data.pkl": vectorPickle(count), "m/byteorder": latin1("little"), "m/data/0": 4 * count }),
    );
    const legacy = new SparseBlob(legacyVector(count));
    for (const [blob, most] of [
      [zip, 2000],
      [legacy, 70_000],
    ] as const) {
      expect(blob.size).toBeGreaterThan(7e9);
      const { tensors } = await openCheckpoint("m.pt", blob);
      expect(tensors.get("weight")).toMatchObject({ dtype: "F32", shape: [count], length: 4 * count });
      expect(blob.bytesRead).toBeLessThan(most);
      expect(blob.reads.length).toBeLessThan(12);
    }
  });

  it("reads a legacy file whose pickles are longer than the first read", async () => {
    const legacy = legacyVector(4);
    const [head] = legacy as [Uint8Array];
    const at = head.indexOf(0x7d, 40);
    const long = joined(
      head.subarray(0, at + 1),
      "X\x04\x00\x00\x00noteX\x40\x0d\x03\x00",
      "n".repeat(200_000),
      "s",
      head.subarray(at + 1),
    );
    const { tensors } = await readTorchLegacy("m.pt", new SparseBlob([long, ...legacy.slice(1)]));
    expect(tensors.get("weight")).toMatchObject({ shape: [4], length: 16 });
  });

  it("names the tensors that it cannot read", async () => {
    const text = Buffer.from(vectorPickle(2)).toString("latin1");
    const pickle = latin1(text.replace("ctorch\nFloatStorage\n", "ctorch\nComplexFloatStorage\n"));
    const sparse = latin1(text.replace("_rebuild_tensor_v2", "_rebuild_sparse_tensor"));
    const complexZip = new SparseBlob(storedZip({ "m/data.pkl": pickle, "m/data/0": 16 }));
    expect([...(await readTorchZip("m.pt", complexZip)).unreadable]).toEqual([
      ["weight", expect.objectContaining({ text: "of complex64, which cannot be read" })],
    ]);
    const sparseZip = new SparseBlob(storedZip({ "m/data.pkl": sparse, "m/data/0": 8 }));
    expect((await readTorchZip("m.pt", sparseZip)).unreadable.get("weight")?.text).toMatch(/_rebuild_sparse_tensor/);
  });

  const hostile: Record<string, RegExp> = {
    "big_endian.pt": /big-endian/,
    "deflated.pt": /data\.pkl: compressed/,
    "dotted.pt": /run fairseq\.utils\.os\.system/,
    "eval.pt": /run builtins\.eval/,
    "eval_legacy.pt": /run builtins\.eval/,
    "ext.pt": /EXT/,
    "huge_int.pt": /a number of 2147483647 bytes/,
    "huge_text.pt": /an object of \d+ bytes/,
    "import.pt": /run builtins\.__import__/,
    "inst.pt": /run os\.system/,
    "memo_bomb.pt": /holds more than any model/,
    "negative_offset.pt": /tensor weight: its place in the storage/,
    "obj.pt": /run os\.system/,
    "offset_lie.pt": /tensor weight: F32 of shape \[4\] does not fit into its storage of 16 bytes/,
    "os_system.pt": /run os\.system/,
    "overlapping.pt": /header differ/,
    "plain.pkl": /run os\.system/,
    "posix_system.pt": /run posix\.system/,
    "setstate.pt": /run os\.system/,
    "shape_lie.pt": /tensor weight: F32 of shape \[2147483647\] does not fit/,
    "short_storage.pt": /tensor weight: its storage 0 should have 4 elements, but has 8 bytes/,
    "stack_global.pt": /run subprocess\.Popen/,
    "storage_kind.pt": /tensor weight: a storage of unknown type torch\.hub|run torch\.hub/,
    "stride_lie.pt": /tensor weight: F32 of shape \[4\] does not fit/,
    "torch_load.pt": /run torch\.storage\._load_from_bytes/,
    "unknown_function.pt": /run helpers\.run_this/,
  };

  it("has an answer for each hostile file", () => {
    expect(Object.keys(hostile).sort()).toEqual(readdirSync(`${FIXTURES}/hostile`).sort());
  });

  it.each(Object.entries(hostile))("refuses %s, and nothing runs", async (name, message) => {
    expect(await fault(open(`hostile/${name}`))).toMatch(message);
    expect(existsSync("ran_by_checkpoint")).toBe(false);
  });

  it.each<[string, string, RegExp]>([
    ["a list", "\x80\x02].", /holds no state dict/],
    ["a number", "\x80\x02K\x01.", /holds no state dict/],
    ["a module", "\x80\x02cm\nNet\n)\x81}b.", /holds an object of m\.Net, not a state dict; .*state_dict\(\)/],
    ["a dict without tensors", "\x80\x02}Va\nVb\ns.", /holds no tensors/],
    ["bytes after the pickle", "\x80\x02}.x", /1 bytes follow the pickle/],
    [
      "a storage that is not there",
      Buffer.from(vectorPickle(2)).toString("latin1").replace("X\x01\x00\x00\x000", "X\x01\x00\x00\x001"),
      /tensor weight: its storage 1 is not in the file/,
    ],
    [
      "no storage's description",
      "\x80\x02}Va\nctorch._utils\n_rebuild_tensor_v2\n(Va\nQK\x00))\x89}tRs.",
      /tensor a: a storage without description/,
    ],
    [
      "a tensor without arguments",
      "\x80\x02}Va\nctorch._utils\n_rebuild_tensor_v2\n)Rs.",
      /tensor a: its values are in no storage/,
    ],
    [
      "a parameter of nothing",
      "\x80\x02}Va\nctorch._utils\n_rebuild_parameter\nN\x85Rs.",
      /tensor a: a parameter without its tensor/,
    ],
    [
      "one tensor",
      Buffer.from(vectorPickle(2)).toString("latin1").replace("}X\x06\x00\x00\x00weight", "").replace(/s\.$/, "."),
      /a single tensor/,
    ],
    [
      "a tensor called __proto__",
      Buffer.from(vectorPickle(2)).toString("latin1").replace("X\x06\x00\x00\x00weight", "X\x09\x00\x00\x00__proto__"),
      /not a tensor's name/,
    ],
  ])("refuses %s", async (_, pickle, message) => {
    const blob = new SparseBlob(storedZip({ "m/data.pkl": latin1(pickle), "m/data/0": 8 }));
    expect(await fault(readTorchZip("m.pt", blob))).toMatch(message);
  });

  it("refuses archives that are no checkpoint", async () => {
    const zip = (files: Record<string, Uint8Array<ArrayBuffer>>) =>
      fault(readTorchZip("m.pt", new SparseBlob(storedZip(files))));
    expect(await zip({ "word/document.xml": latin1("x") })).toMatch(/not one by torch\.save/);
    expect(await zip({ "a/data.pkl": vectorPickle(1), "b/data.pkl": vectorPickle(1) })).toMatch(
      /not one by torch\.save/,
    );
    expect(await zip({ "a/data.pkl": vectorPickle(1), "a/constants.pkl": latin1("x") })).toMatch(/TorchScript/);
  });

  it("refuses a legacy file that contradicts itself", async () => {
    const [head, count, data] = legacyVector(4) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>, number];
    const legacy = (...pieces: (Uint8Array<ArrayBuffer> | number)[]) =>
      fault(readTorchLegacy("m.pt", new SparseBlob(pieces)));
    const changed = (from: string, to: string) => latin1(Buffer.from(head).toString("latin1").replace(from, to));
    expect(await legacy(head, count, data)).toBeUndefined();
    expect(await legacy(head, count, data, 1)).toMatch(/1 bytes at the end belong to no storage/);
    expect(await legacy(head, joined("\x05", count.subarray(1)), data)).toMatch(/storage 0 has another size/);
    expect(await legacy(changed("]X\x01\x00\x00\x000a", "]X\x01\x00\x00\x001a"), count, data)).toMatch(
      /list of storages/,
    );
    expect(await legacy(changed("]X\x01\x00\x00\x000a", "K\x01"), count, data)).toMatch(/list of storages is missing/);
    expect(await legacy(changed("\x88s", "\x89s"), count, data)).toMatch(/big-endian/);
    expect(await legacy(changed("M\xe9\x03", "M\xe8\x03"), count, data)).toMatch(/unknown version/);
  });

  it.each(names)("refuses %s cut anywhere", { timeout: FUZZ_TIMEOUT }, async (name) => {
    const bytes = bytesOf(name);
    for (let end = 0; end < bytes.length; end++) {
      const blob = new Blob([bytes.subarray(0, end)]);
      const message = await fault(name.includes("legacy") ? readTorchLegacy(name, blob) : readTorchZip(name, blob));
      if (message === undefined) expect.fail(`${name}, cut at ${end}, was read`);
    }
  });

  it.each(names)(
    "meets any changed byte of %s with its own error or tensors that lie in the file",
    { timeout: FUZZ_TIMEOUT },
    async (name) => {
      const random = seeded(3);
      const bytes = bytesOf(name);
      for (let i = 0; i < 250; i++) {
        const copy = bytes.slice();
        copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
        const read = openCheckpoint(name, new Blob([copy])).catch((error: unknown) => {
          if (!(error instanceof EngineFault)) throw error;
        });
        for (const { offset, length } of (await read)?.tensors.values() ?? []) {
          expect(offset).toBeGreaterThan(0);
          expect(offset + length).toBeLessThanOrEqual(copy.length);
        }
      }
    },
  );
});

describe("readStrided", () => {
  const location = { file: "m.pt", dtype: "F32", shape: [3, 2], strides: [1, 3], offset: 0, length: 24 };

  it("puts a transposed tensor in order", async () => {
    const read = () => Promise.resolve(new Float32Array([1, 2, 3, 4, 5, 6]).buffer);
    expect(new Float32Array(await readStrided(location, read))).toEqual(new Float32Array([1, 4, 2, 5, 3, 6]));
  });

  it("refuses more than fits into memory before it reads", async () => {
    const read = () => Promise.reject(new Error("read"));
    const large = { ...location, shape: [2 ** 20, 2 ** 20], strides: [0, 1], length: 2 ** 22 };
    await expect(readStrided(large, read)).rejects.toThrow(EngineFault);
    await expect(readStrided({ ...location, length: 2 ** 30 }, read)).rejects.toThrow("too large to reorder");
  });
});
