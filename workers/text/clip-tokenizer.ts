/**
 * Text to ids as CLIP's text encoder reads it: lower case, byte-level BPE (openai/CLIP, simple_tokenizer.py; transformers,
 * CLIPTokenizerFast). The BPE is transformers.js's, in the package that holds only its tokenizers.
 */

import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { PromptShape } from "../protocol.ts";
import { joinedText } from "./words.ts";

export interface ClipTokenizer {
  /** The ids of a text without start and end of text; no text spells those. */
  encode(text: string): number[];
  readonly startOfText: number;
  readonly endOfText: number;
  readonly vocabSize: number;
}

const CONTRACTIONS_WORDS_DIGITS_SIGNS = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
/** Ends a word's last piece. */
const END_OF_WORD = "</w>";

/**
 * @param merges CLIP's merges, one a line, best first
 * @throws EngineFault `bad-bundle` when they are not of that form
 */
export function createClipTokenizer(merges: string): ClipTokenizer {
  const pairs = merges.split("\n").filter((line) => line !== "");
  if (pairs.length === 0 || pairs.some((line) => line.split(" ").length !== 2)) {
    throw new EngineFault("bad-bundle", say("The list of CLIP's merges is broken: a line is not a pair of pieces."));
  }
  const letters = byteLetters();
  const pieces = [
    ...letters,
    ...letters.map((letter) => letter + END_OF_WORD),
    ...pairs.map((line) => line.replace(" ", "")),
  ];
  const [startOfText, endOfText] = [pieces.length, pieces.length + 1];
  const bpe = new HuggingFaceTokenizer(
    {
      version: "1.0",
      added_tokens: [],
      normalizer: {
        type: "Sequence",
        normalizers: [
          { type: "NFC" },
          { type: "Replace", pattern: { Regex: "\\s+" }, content: " " },
          { type: "Lowercase" },
        ],
      },
      pre_tokenizer: {
        type: "Sequence",
        pretokenizers: [
          {
            type: "Split",
            pattern: { Regex: CONTRACTIONS_WORDS_DIGITS_SIGNS },
            behavior: "Removed",
            invert: true,
          },
          { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
        ],
      },
      post_processor: null,
      decoder: null,
      model: {
        type: "BPE",
        end_of_word_suffix: END_OF_WORD,
        continuing_subword_prefix: "",
        unk_token: null,
        vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
        merges: pairs,
      },
    },
    {},
  );
  return {
    encode: (text) => [...bpe.encode(text, { add_special_tokens: false }).ids],
    startOfText,
    endOfText,
    vocabSize: pieces.length + 2,
  };
}

/**
 * The prompt as rows of the text encoder's input: start of text, the words, end of text up to `length` (diffusers' padding for SD 1.5).
 * @throws EngineFault `bad-prompt` when it has more words than fit
 */
export function clipPromptIds(text: string, tokenizer: ClipTokenizer, length: number): Int32Array<ArrayBuffer> {
  const { startOfText, endOfText } = tokenizer;
  const words = tokenizer.encode(text);
  if (words.length > length - 2) {
    throw new EngineFault(
      "bad-prompt",
      say("The prompt has {tokens} tokens; this model reads {length}. Shorten it.", {
        tokens: words.length + 2,
        length,
      }),
    );
  }
  const ids = new Int32Array(length).fill(endOfText);
  ids[0] = startOfText;
  ids.set(words, 1);
  return ids;
}

/** How many of the text encoder's rows a prompt takes, start and end of text among them; pictures are no words. */
export function countClipTokens(parts: readonly PromptShape[], tokenizer: ClipTokenizer): number {
  return tokenizer.encode(joinedText(parts)).length + 2;
}

/** A visible letter for each byte (GPT-2's table): those that print stand for themselves, the others for U+0100 and on; in that order. */
function byteLetters(): string[] {
  const printing = [...range(0x21, 0x7e), ...range(0xa1, 0xac), ...range(0xae, 0xff)];
  const others = 256 - printing.length;
  return [...printing, ...range(0x100, 0xff + others)].map((code) => String.fromCharCode(code));
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
