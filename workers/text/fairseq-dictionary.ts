/** fairseq's Dictionary (fairseq/data/dictionary.py) with the special symbols that Kosmos-G puts around and behind it. */

import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";

/** `<s>`, `<pad>`, `</s>`, `<unk>` come before the lines of dict.txt. */
export const BOS = 0;
export const PAD = 1;
export const EOS = 2;
export const UNK = 3;
const FIRST_LINE = 4;

/** Ids behind the last line, in the order in which Kosmos-G adds them (gpt_base.py; unilm/data/utils.py). */
export interface SpecialIds {
  /** `<mask>` */
  mask: number;
  /** `</doc>` */
  eod: number;
  /** `<image>`: begins an image and fills its slots. */
  boi: number;
  /** `</image>` */
  eoi: number;
  /** `</chunk>` */
  eoc: number;
  /** `</line>` */
  eol: number;
}

export interface FairseqDictionary {
  /** The lines of dict.txt alone, so that no text can spell a special symbol. */
  ids: ReadonlyMap<string, number>;
  special: SpecialIds;
  /** Rows that the embedding must have. */
  size: number;
}

const SPECIAL_SYMBOLS = new Set([
  "<s>",
  "<pad>",
  "</s>",
  "<unk>",
  "<mask>",
  "</doc>",
  "<image>",
  "</image>",
  "</chunk>",
  "</line>",
]);

/**
 * @param bytes dict.txt: `<piece> <count>` on each line, UTF-8.
 * @throws EngineFault "bad-bundle" when a line is not of that form or a piece stands there twice.
 */
export function readFairseqDictionary(bytes: Uint8Array): FairseqDictionary {
  const ids = new Map<string, number>();
  const lines = decode(bytes).split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  if (lines.length === 0) throw bad(say("is empty"));
  for (const [index, line] of lines.entries()) {
    const [, piece, count] = /^(.+) (\d+)$/su.exec(line.trimEnd()) ?? [];
    if (piece === undefined || count === undefined)
      throw bad(say('has no "<piece> <count>" on line {line}', { line: index + 1 }));
    if (ids.has(piece) || SPECIAL_SYMBOLS.has(piece))
      throw bad(say('has "{piece}" a second time on line {line}', { piece, line: index + 1 }));
    ids.set(piece, FIRST_LINE + index);
  }
  const mask = FIRST_LINE + lines.length;
  return {
    ids,
    special: { mask, eod: mask + 1, boi: mask + 2, eoi: mask + 3, eoc: mask + 4, eol: mask + 5 },
    size: mask + 6,
  };
}

/**
 * The dict.txt that belongs to a SentencePiece model: its normal pieces in their order. fairseq's ids follow the lines, the counts say nothing.
 * @param pieces all of the model's, its control symbols left out
 */
export function fairseqDictionaryOf(pieces: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(pieces.map((piece) => `${piece} 1\n`).join(""));
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw bad(say("is not UTF-8 text"), String(cause));
  }
}

function bad(problem: Said, detail?: string): EngineFault {
  return new EngineFault(
    "bad-bundle",
    say("The model's dictionary {problem}. Fetch the model again.", { problem }),
    detail,
  );
}
