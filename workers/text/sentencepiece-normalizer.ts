/**
 * SentencePiece's Normalizer (src/normalizer.cc), up to the escaping of spaces as "▁", which the tokenizer's Metaspace step does.
 *
 * This is our own because transformers.js does not read the precompiled charsmap: its `Precompiled` step is a list of
 * characters followed by JavaScript's NFKC. That differs from nmt_nfkc wherever the charsmap's Unicode version or rules do,
 * and wherever NFKC composes or reorders across characters, since SentencePiece replaces longest prefixes one after the other.
 */

import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { NormalizerSpec } from "./sentencepiece-model.ts";

const SPACE = " ";
const ESCAPED_SPACE = "\u2581";

/**
 * @returns a function from text to normalised text: charsmap applied, spaces collapsed and trimmed, dummy prefix added as a space.
 * @throws EngineFault "bad-bundle" when the charsmap is broken.
 */
export function createNormalizer(spec: NormalizerSpec): (text: string) => string {
  const nextPiece = prefixReader(spec.precompiledCharsmap);
  const { addDummyPrefix, removeExtraWhitespaces } = spec;

  return (text) => {
    const bytes = new TextEncoder().encode(text);
    const normalized: string[] = [];
    let previousIsSpace = removeExtraWhitespaces;
    for (let position = 0; position < bytes.length; ) {
      const prefix = nextPiece(bytes, position);
      position += prefix.length;
      const piece = previousIsSpace ? prefix.replacement.replace(/^ +/, "") : prefix.replacement;
      if (piece === "") continue;
      normalized.push(piece);
      previousIsSpace = removeExtraWhitespaces && piece.endsWith(SPACE);
    }
    if (bytes.length === 0) return "";
    const prefixed = (addDummyPrefix ? SPACE : "") + normalized.join("");
    return removeExtraWhitespaces ? trimEnd(prefixed) : prefixed;
  };
}

/** SentencePiece escapes spaces first: at the end, "▁" in the text itself goes, too. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === SPACE || text[end - 1] === ESCAPED_SPACE)) end--;
  return text.slice(0, end);
}

/** The next stretch of the text, in bytes, and what stands in its place. */
interface Prefix {
  length: number;
  replacement: string;
}

/**
 * Reads the charsmap: a Darts-clone double array over UTF-8 (third_party/darts_clone/darts.h, commonPrefixSearch) whose
 * values are offsets into a block of zero-terminated replacements.
 */
function prefixReader(charsmap: Uint8Array): (text: Uint8Array, start: number) => Prefix {
  const { units, replacements } = splitCharsmap(charsmap);
  const decoder = new TextDecoder();
  const decoded = new Map<number, string>();

  const replacementAt = (offset: number): string => {
    const known = decoded.get(offset);
    if (known !== undefined) return known;
    const end = replacements.indexOf(0, offset);
    const replacement = decoder.decode(replacements.subarray(offset, end < 0 ? undefined : end));
    decoded.set(offset, replacement);
    return replacement;
  };

  return (text, start) => {
    let longest = 0;
    let value = 0;
    let node = 0;
    let unit = units[node] ?? 0;
    node ^= offsetOf(unit);
    for (let position = start; position < text.length; position++) {
      const byte = text[position] as number;
      node ^= byte;
      // A node outside of a broken array reads as a unit without children.
      unit = units[node] ?? 0;
      if ((unit & LABEL) !== byte) break;
      node ^= offsetOf(unit);
      if (unit & HAS_LEAF) {
        longest = position - start + 1;
        value = (units[node] ?? 0) & VALUE;
      }
    }
    if (longest > 0) return { length: longest, replacement: replacementAt(value) };
    const length = characterLength(text[start] as number);
    return { length, replacement: decoder.decode(text.subarray(start, start + length)) };
  };
}

const HAS_LEAF = 1 << 8;
const VALUE = 0x7fffffff;
/** A leaf's own label has the top bit set, so that it equals no byte. */
const LABEL = 0x800000ff | 0;

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & (1 << 9)) >> 6);
}

/** Bytes of a UTF-8 character by its first byte; 1 inside of a character. */
function characterLength(lead: number): number {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

/** `<uint32 size of the trie in bytes><trie><replacements>`, little-endian. */
function splitCharsmap(charsmap: Uint8Array): { units: Uint32Array; replacements: Uint8Array } {
  if (charsmap.length === 0) return { units: new Uint32Array(), replacements: charsmap };
  const view = new DataView(charsmap.buffer, charsmap.byteOffset, charsmap.byteLength);
  const trieBytes = charsmap.length > 4 ? view.getUint32(0, true) : charsmap.length;
  if (trieBytes >= charsmap.length - 4 || trieBytes % 4 !== 0) {
    throw new EngineFault(
      "bad-bundle",
      say("The SentencePiece model's normalisation rules are broken. Fetch the model again."),
    );
  }
  const units = new Uint32Array(trieBytes / 4);
  for (let i = 0; i < units.length; i++) units[i] = view.getUint32(4 + 4 * i, true);
  return { units, replacements: charsmap.subarray(4 + trieBytes) };
}
