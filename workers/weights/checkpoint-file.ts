/** A checkpoint of any format that weights are published in, known by its content: the name of a file says little. */

import * as v from "valibot";
import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";
import { fileName } from "./bundle.ts";
import type { ByteSource } from "./byte-source.ts";
import type { PickleValue } from "./pickle-values.ts";
import { readRange } from "./read-range.ts";
import { readSafetensorsHeader, type TensorLocation } from "./safetensors.ts";
import type { StridedLocation } from "./strided.ts";
import { readTorchLegacy, readTorchZip } from "./torch-checkpoint.ts";

export interface Checkpoint {
  format: "safetensors" | "torch-zip" | "torch-legacy";
  /** By name; a torch checkpoint's may be strided (see strided.ts). */
  tensors: Map<string, TensorLocation | StridedLocation>;
  /** safetensors: free text by the file's writer. Empty for torch. */
  metadata: Map<string, string>;
  /** torch: tensors that are there but cannot be read, and why. */
  unreadable: Map<string, Said>;
  /** torch: what lies beside the state dict, inert. */
  others: Map<string, PickleValue>;
}

/**
 * Reads what a file of weights holds. Only headers, directories and pickles are read, never a weight.
 * @param file name that locations and errors carry
 * @param blob the whole file
 * @throws EngineFault `bad-bundle`: another kind of file (the message says which, and what to do), cut off, contradictory, or it
 *   would run code when opened in Python
 */
export async function openCheckpoint(file: string, blob: ByteSource): Promise<Checkpoint> {
  const head = await readRange(file, blob, 0, Math.min(blob.size, HEAD_BYTES));
  const none = { metadata: new Map(), unreadable: new Map(), others: new Map() };
  const format = formatOf(head);
  switch (format) {
    case "safetensors":
      return { ...none, format, ...(await readSafetensorsHeader(file, blob)) };
    case "torch-zip":
      return { ...none, format, ...(await readTorchZip(file, blob)) };
    case "torch-legacy":
      return { ...none, format, ...(await readTorchLegacy(file, blob)) };
    default:
      throw new EngineFault("bad-bundle", say("{file}: {problem}", { file, problem: whatElse(head) }));
  }
}

/** What a file seems to be by its first bytes, 16 and more; undefined: no checkpoint. */
export function formatOf(head: Uint8Array): Checkpoint["format"] | undefined {
  if (isSafetensors(head)) return "safetensors";
  if (startsWith(head, "PK\x03\x04")) return "torch-zip";
  // PROTO, and a protocol that exists.
  return head[0] === 0x80 && (head[1] ?? 0xff) <= 5 ? "torch-legacy" : undefined;
}

const HEAD_BYTES = 1024;

/** A length below 4 GiB, then an object. */
const isSafetensors = (head: Uint8Array) => head[8] === 0x7b && head.subarray(4, 8).every((byte) => byte === 0);

/** `text` in Latin-1. */
const startsWith = (head: Uint8Array, text: string, at = 0) =>
  head.length >= at + text.length && [...text].every((c, i) => head[at + i] === c.charCodeAt(0));

const packed = (format: string) => say("{format}; unpack it and choose the checkpoint inside", { format });
const otherFormat = (format: string) => say("{format}; choose the safetensors or torch file of the model", { format });
const annexed = say('a git-annex pointer, which stands for the file and does not hold it; run "git annex get"');
const picture = (format: string) => say("a picture ({format})", { format });

/** Bytes that tell a kind of file, where they stand, what it is. */
const KINDS: readonly [signature: string, at: number, kind: Said][] = [
  [
    "version https://git-lfs.github.com/",
    0,
    say(
      'a git-lfs pointer, which stands for the file and does not hold it; run "git lfs pull" or download it from the site',
    ),
  ],
  ["/annex/objects/", 0, annexed],
  ["\x1f\x8b", 0, packed("gzip")],
  ["BZh", 0, packed("bzip2")],
  ["\xfd7zXZ", 0, packed("xz")],
  ["\x28\xb5\x2f\xfd", 0, packed("zstd")],
  ["7z\xbc\xaf\x27\x1c", 0, packed("7z")],
  ["Rar!", 0, packed("RAR")],
  ["PK\x05\x06", 0, say("an empty zip archive")],
  [
    "ustar",
    257,
    say(
      "tar, or a checkpoint from before PyTorch 0.1.10; unpack it and choose the checkpoint inside, or load and save it with a newer PyTorch",
    ),
  ],
  [
    "GGUF",
    0,
    say("GGUF, whose quantised weights are not read here; choose the safetensors or torch file of the model"),
  ],
  ["\x89HDF", 0, otherFormat("HDF5 (Keras)")],
  ["TFL3", 4, otherFormat("TensorFlow Lite")],
  ["\x93NUMPY", 0, say("a NumPy array; choose the safetensors or torch file of the model")],
  ["\x89PNG", 0, picture("PNG")],
  ["\xff\xd8\xff", 0, picture("JPEG")],
  ["GIF8", 0, picture("GIF")],
  ["WEBP", 8, picture("WebP")],
  ["%PDF", 0, say("a PDF")],
];

const notBut = (kind: Said) => say("not a checkpoint but {kind}", { kind });

function whatElse(head: Uint8Array): Said {
  if (head.length === 0) return say("empty; fetch the file again");
  const kind = KINDS.find(([signature, at]) => startsWith(head, signature, at));
  if (kind) return notBut(kind[2]);
  if (head.every((byte) => byte === 0))
    return say("begins with nothing but zeros: an unfinished download? Fetch the file again");
  const text = asText(head)?.trimStart();
  if (text !== undefined) {
    if (/^<(!doctype html|html|head|body)/i.test(text)) {
      return notBut(say("a web page: the address leads to a page about the file, or asks for a login"));
    }
    if (/^[{[]/.test(text)) return notBut(say("JSON; an index belongs beside the files that it lists"));
    if (/^(\.\.\/)*\.git\/annex\/objects\//.test(text)) return notBut(annexed);
    return notBut(say("text"));
  }
  // ONNX's protobuf: ir_version, then the producer's name, or the graph.
  if (head[0] === 0x08 && (head[1] ?? 0xff) < 32 && (head[2] === 0x12 || head[2] === 0x3a)) {
    return notBut(otherFormat("ONNX"));
  }
  return say("neither safetensors nor a checkpoint by torch.save");
}

/** The head of a text file; undefined: it is none. */
function asText(head: Uint8Array): string | undefined {
  // The last character may be cut.
  const text = new TextDecoder().decode(head).slice(0, -1);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what text does not hold
  return /[\x00-\x08\x0e-\x1f\ufffd]/.test(text) ? undefined : text;
}

const Index = v.object({
  weight_map: v.pipe(
    v.record(v.pipe(v.string(), v.maxLength(1024)), fileName),
    v.check((map) => Object.keys(map).length > 0, "names no tensor"),
  ),
});

/**
 * What `model.safetensors.index.json` or `pytorch_model.bin.index.json` says: the file of each tensor.
 * @param json as JSON.parse gave it
 * @returns tensor name -> name of a file in the index's own folder
 * @throws EngineFault `bad-bundle`, naming the tensor
 */
export function shardIndex(json: unknown): Map<string, string> {
  const parsed = v.safeParse(Index, json);
  if (parsed.success) return new Map(Object.entries(parsed.output.weight_map));
  const [issue] = parsed.issues;
  // Tensors' names have dots of their own: no dotted path.
  const where = issue.path?.map((item) => String(item.key).slice(0, 120)).join(", ");
  throw new EngineFault(
    "bad-bundle",
    say("The index of the model's files: {where}: {problem}", { where: where ?? "it", problem: issue.message }),
  );
}
