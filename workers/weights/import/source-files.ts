/** The files that a person chose, as checkpoints: opened, those of one index put together, everything else told apart. */

import * as v from "valibot";
import { EngineFault } from "../../faults.ts";
import { lines, type Said, say } from "../../messages.ts";
import type { TensorLocation } from "../../onnx/graph.ts";
import { SchedulerConfig } from "../bundle.ts";
import type { ByteSource } from "../byte-source.ts";
import { openCheckpoint, shardIndex } from "../checkpoint-file.ts";
import { joinFourBit } from "../four-bit.ts";
import { readRange } from "../read-range.ts";
import { SourceReader } from "./source-reader.ts";

/** `name` may be a path inside a folder that was chosen. */
export interface SourceFile {
  readonly name: string;
  readonly blob: ByteSource;
}

/** One file, or all the parts of one that is split. */
export interface SourceCheckpoint {
  /** The file's name, or its index's. */
  readonly name: string;
  readonly safetensors: boolean;
  /** Row-major, as `reader` gives them. */
  readonly tensors: ReadonlyMap<string, TensorLocation>;
}

export interface OpenedSources {
  readonly checkpoints: readonly SourceCheckpoint[];
  /** diffusers' scheduler_config.json, where it was among the files. */
  readonly scheduler: SchedulerConfig | undefined;
  /** Files that are none, and tensors that cannot be read: what, and why. */
  readonly refused: readonly Said[];
  readonly reader: SourceReader;
}

/** What folders of models hold beside weights. */
const BESIDE =
  /\.(json|md|txt|png|jpe?g|webp|gif|yaml|yml|py|gitattributes|gitignore|msgpack|onnx|onnx_data|xml|h5)$|(^|\/)licen[cs]e$/i;
const INDEX = /\.(safetensors|bin)\.index(\.[\w-]+)?\.json$/;
const SCHEDULER = /(^|\/)scheduler_config\.json$/;
const MAX_JSON_BYTES = 64 * 2 ** 20;

/** Whether a file among others is no weights, by its name. */
export const isBeside = (name: string) => BESIDE.test(name);
/** Whether it is read nevertheless. */
export const isReadBeside = (name: string) => INDEX.test(name) || SCHEDULER.test(name);

/**
 * Opens all files that hold weights. A file that cannot be used is told of in `refused` and does not stop the others.
 * @throws EngineFault `bad-bundle` when none can be used
 */
export async function openSources(chosen: readonly SourceFile[]): Promise<OpenedSources> {
  const files = toldApart(chosen);
  const blobs = new Map(files.map(({ name, blob }) => [name, blob]));
  const reader = new SourceReader(blobs);
  const refused: Said[] = [];
  const opened = new Map<string, SourceCheckpoint>();
  for (const { name, blob } of files) {
    // In a folder nobody means its read-me; a single file was meant whatever it is.
    if (isBeside(name) && (files.length > 1 || INDEX.test(name))) continue;
    try {
      const { tensors, format, unreadable } = await openCheckpoint(name, blob);
      for (const [tensor, reason] of unreadable)
        refused.push(say("{file}, tensor {tensor}: {problem}", { file: name, tensor, problem: reason }));
      const rowMajor = new Map([...tensors].map(([tensor, location]) => [tensor, reader.rowMajor(location)]));
      const safetensors = format === "safetensors";
      opened.set(name, { name, safetensors, tensors: safetensors ? joinFourBit(rowMajor) : rowMajor });
    } catch (error) {
      if (!(error instanceof EngineFault)) throw error;
      refused.push(error.said);
    }
  }
  for (const { name, blob } of files.filter(({ name }) => INDEX.test(name))) {
    try {
      joinShards(name, shardIndex(await readJson(name, blob)), opened);
    } catch (error) {
      if (!(error instanceof EngineFault)) throw error;
      refused.push(error.said);
    }
  }
  if (opened.size === 0) {
    throw new EngineFault(
      "bad-bundle",
      refused.length > 0 ? lines(refused) : say("None of these files holds weights."),
    );
  }
  return { checkpoints: [...opened.values()], scheduler: await readScheduler(files, refused), refused, reader };
}

/** Files of one name, as of two folders that were dropped: each further one is put in a folder with a number. */
function toldApart(files: readonly SourceFile[]): SourceFile[] {
  const counts = new Map<string, number>();
  return files.map(({ name, blob }) => {
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return { name: count === 1 ? name : `(${count})/${name}`, blob };
  });
}

/** Puts the parts that `index` lists into one checkpoint. @throws EngineFault `bad-bundle` when one is not among the files */
function joinShards(index: string, parts: ReadonlyMap<string, string>, opened: Map<string, SourceCheckpoint>): void {
  const folder = index.slice(0, index.lastIndexOf("/") + 1);
  const names = [...new Set(parts.values())].map((name) => folder + name);
  const lacking = names.filter((name) => !opened.has(name));
  if (lacking.length > 0) {
    throw new EngineFault(
      "bad-bundle",
      say("{index} lists {files}: choose all parts together.", { index, files: lacking.join(", ") }),
    );
  }
  const shards = names.map((name) => opened.get(name) as SourceCheckpoint);
  const tensors = new Map(shards.flatMap((shard) => [...shard.tensors]));
  for (const name of names) opened.delete(name);
  opened.set(index, { name: index, safetensors: shards.every(({ safetensors }) => safetensors), tensors });
}

async function readScheduler(files: readonly SourceFile[], refused: Said[]): Promise<SchedulerConfig | undefined> {
  const file = files.find(({ name }) => SCHEDULER.test(name));
  if (!file) return undefined;
  const parsed = v.safeParse(SchedulerConfig, await readJson(file.name, file.blob).catch(() => null));
  if (parsed.success) return parsed.output;
  refused.push(say("{file}: {problem}", { file: file.name, problem: parsed.issues[0].message }));
  return undefined;
}

async function readJson(name: string, blob: ByteSource): Promise<unknown> {
  if (blob.size > MAX_JSON_BYTES)
    throw new EngineFault("bad-bundle", say("{name}: too large for what it is", { name }));
  try {
    return JSON.parse(new TextDecoder().decode(await readRange(name, blob, 0, blob.size)));
  } catch (error) {
    throw new EngineFault("bad-bundle", say("{name}: not JSON", { name }), String(error));
  }
}
