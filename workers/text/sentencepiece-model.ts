/** Reads a SentencePiece `.model` file: pieces with scores, and the spec of its normaliser. */

import { fromBinary } from "@bufbuild/protobuf";
import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";
import {
  type ModelProto,
  ModelProtoSchema,
  ModelProto_SentencePiece_Type as PieceType,
  TrainerSpec_ModelType,
} from "./gen/sentencepiece_model_pb.ts";

/** What SentencePiece's C++ Normalizer reads of NormalizerSpec; escape_whitespaces is always on. */
export interface NormalizerSpec {
  /** `<size of trie><double array trie><replacements>`; empty: characters stay as they are. */
  precompiledCharsmap: Uint8Array;
  addDummyPrefix: boolean;
  removeExtraWhitespaces: boolean;
}

export interface SentencePieceModel {
  /** Pieces that text can become, by descending score as a rule: no control symbols, no `<unk>`. */
  pieces: readonly { piece: string; score: number }[];
  normalizer: NormalizerSpec;
}

/**
 * @param bytes a whole `.model` file of type Unigram.
 * @throws EngineFault "bad-bundle" when it is no such file or uses a feature that Kosmos-G's models do not have.
 */
export function readSentencePieceModel(bytes: Uint8Array): SentencePieceModel {
  const model = decode(bytes);
  const { trainerSpec, normalizerSpec } = model;
  if (trainerSpec && trainerSpec.modelType !== TrainerSpec_ModelType.UNIGRAM) {
    throw bad(say("is of type {type}; only UNIGRAM is read", { type: TrainerSpec_ModelType[trainerSpec.modelType] }));
  }
  if (trainerSpec?.byteFallback) throw bad(say("uses byte_fallback, which is not read"));
  if (trainerSpec?.treatWhitespaceAsSuffix) throw bad(say("uses treat_whitespace_as_suffix, which is not read"));
  if (normalizerSpec && !normalizerSpec.escapeWhitespaces)
    throw bad(say("has escape_whitespaces off, which is not read"));

  const seen = new Set<string>();
  let unknowns = 0;
  const pieces = [];
  for (const [index, { piece, score, type }] of model.pieces.entries()) {
    if (piece === "") throw bad(say("has an empty piece at index {index}", { index }));
    if (seen.has(piece)) throw bad(say('has the piece "{piece}" twice', { piece }));
    seen.add(piece);
    if (type === PieceType.USER_DEFINED)
      throw bad(say('has the user-defined symbol "{piece}", which is not read', { piece }));
    if (type === PieceType.UNKNOWN) unknowns++;
    if (type !== PieceType.NORMAL) continue;
    if (!Number.isFinite(score)) throw bad(say('has no finite score for the piece "{piece}"', { piece }));
    pieces.push({ piece, score });
  }
  if (unknowns !== 1) throw bad(say("has {unknowns} pieces of type UNKNOWN instead of one", { unknowns }));
  if (pieces.length === 0) throw bad(say("has no pieces"));
  return {
    pieces,
    normalizer: {
      precompiledCharsmap: normalizerSpec?.precompiledCharsmap ?? new Uint8Array(),
      addDummyPrefix: normalizerSpec?.addDummyPrefix ?? true,
      removeExtraWhitespaces: normalizerSpec?.removeExtraWhitespaces ?? true,
    },
  };
}

function decode(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw bad(say("cannot be read: it is cut off or no SentencePiece file"), String(cause));
  }
}

function bad(problem: Said, detail?: string): EngineFault {
  return new EngineFault(
    "bad-bundle",
    say("The SentencePiece model {problem}. Fetch the model again.", { problem }),
    detail,
  );
}
