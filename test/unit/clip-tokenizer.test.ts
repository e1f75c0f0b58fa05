import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { EngineFault } from "../../workers/faults.ts";
import { type ClipTokenizer, clipPromptIds, createClipTokenizer } from "../../workers/text/clip-tokenizer.ts";

const merges = readFileSync("public/models/clip-tokenizer/merges.txt", "utf8");
/** Written by training/clip_tokenizer_fixtures.py. */
const expected = JSON.parse(readFileSync("test/fixtures/14_clip_tokenizer/expected.json", "utf8")) as {
  vocabulary: number;
  padded: number[];
  texts: { text: string; ids: number[] }[];
};

describe("CLIP's tokenizer", () => {
  let tokenizer: ClipTokenizer;
  beforeAll(() => {
    tokenizer = createClipTokenizer(merges);
  });

  it("has CLIP's vocabulary", () => {
    expect(tokenizer).toMatchObject({ vocabSize: expected.vocabulary, startOfText: 49406, endOfText: 49407 });
  });

  it.each(expected.texts)("reads $text as transformers does", ({ text, ids }) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  it("makes special ids of no text", () => {
    const ids = tokenizer.encode("<|startoftext|> a <|endoftext|>");
    expect(Math.max(...ids)).toBeLessThan(tokenizer.startOfText);
  });

  it("lays a prompt out in 77 rows, padded with ends of text", () => {
    expect([...clipPromptIds("a photo of a cat", tokenizer, 77)]).toEqual(expected.padded);
    expect([...clipPromptIds("", tokenizer, 4)]).toEqual([49406, 49407, 49407, 49407]);
  });

  it("says how long a prompt is that is too long", () => {
    const fits = "cat ".repeat(75);
    expect(clipPromptIds(fits, tokenizer, 77)[76]).toBe(tokenizer.endOfText);
    expect(() => clipPromptIds(`${fits}cat`, tokenizer, 77)).toThrow(/78 tokens.* reads 77/);
  });

  it.each(["", "one\n", "a b c\n"])("refuses merges that are none: %j", (broken) => {
    expect(() => createClipTokenizer(broken)).toThrow(EngineFault);
  });
});
