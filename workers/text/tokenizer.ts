/**
 * Text to fairseq ids as in Kosmos-G (app_model.py, _build_text_transform): SentencePiece Unigram pieces, each looked up in
 * fairseq's dictionary. The Unigram model is transformers.js's, in the package that holds only its tokenizers.
 */

import { Tokenizer as HuggingFaceTokenizer, Unigram } from "@huggingface/tokenizers";
import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import { readFairseqDictionary, type SpecialIds, UNK } from "./fairseq-dictionary.ts";
import { readSentencePieceModel } from "./sentencepiece-model.ts";
import { createNormalizer } from "./sentencepiece-normalizer.ts";
import { chooseAsSentencePiece } from "./unigram-best-path.ts";

export interface Tokenizer {
  /**
   * @returns the pieces of one snippet; a run of unknown characters is one piece.
   * @throws EngineFault "bad-prompt" above MAX_CHARACTERS.
   */
  pieces(text: string): string[];
  /** @returns the fairseq ids of those pieces, without `<s>` and `</s>`; never a special id but `<unk>`. */
  encode(text: string): number[];
  special: SpecialIds;
  /** Rows that the embedding must have: 64007 in the published model. */
  vocabSize: number;
}

/** Of one snippet. Far above what a model reads; it bounds the lattice. */
export const MAX_CHARACTERS = 32_768;

/** No text can spell it: after the Metaspace step there are no spaces. */
const UNMATCHABLE = " unk";
const UNMATCHABLE_ID = 0;

/**
 * @param sentencePieceModel a SentencePiece `.model` file.
 * @param dictionary fairseq's dict.txt.
 * @throws EngineFault "bad-bundle" when either cannot be used.
 */
export function createTokenizer(sentencePieceModel: Uint8Array, dictionary: Uint8Array): Tokenizer {
  const { pieces: vocabulary, normalizer } = readSentencePieceModel(sentencePieceModel);
  const { ids, special, size } = readFairseqDictionary(dictionary);
  const normalize = createNormalizer(normalizer);
  const minScore = vocabulary.reduce((min, { score }) => Math.min(min, score), Number.POSITIVE_INFINITY);

  const unigram = new HuggingFaceTokenizer(
    {
      version: "1.0",
      added_tokens: [],
      normalizer: null,
      // Spaces become "▁"; the dummy prefix is the normaliser's.
      pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "never" },
      post_processor: null,
      decoder: null,
      model: {
        type: "Unigram",
        unk_id: UNMATCHABLE_ID,
        // Control symbols stay out: SentencePiece never matches them in text, the lattice here would.
        vocab: [[UNMATCHABLE, minScore], ...vocabulary.map(({ piece, score }) => [piece, score])],
      },
    },
    {},
  );
  if (unigram.model instanceof Unigram) chooseAsSentencePiece(unigram.model, UNMATCHABLE_ID);

  const pieces = (text: string): string[] => {
    checkLength(text);
    const normalized = normalize(text);
    checkLength(normalized);
    return unigram.tokenize(normalized);
  };
  return { pieces, encode: (text) => pieces(text).map((piece) => ids.get(piece) ?? UNK), special, vocabSize: size };
}

function checkLength(text: string): void {
  if (text.length > MAX_CHARACTERS) {
    throw new EngineFault(
      "bad-prompt",
      say("This text is {length} characters long; at most {most} are read. Shorten it.", {
        length: text.length,
        most: MAX_CHARACTERS,
      }),
    );
  }
}
