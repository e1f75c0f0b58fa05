import { create, toBinary } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, test } from "vitest";
import {
  type ModelProto,
  ModelProtoSchema,
  ModelProto_SentencePiece_Type as PieceType,
  TrainerSpec_ModelType,
} from "../../workers/text/gen/sentencepiece_model_pb.ts";
import { createTokenizer, MAX_CHARACTERS, type Tokenizer } from "../../workers/text/tokenizer.ts";
import { fixtureBytes, fixtureJson } from "../support/fixtures.node.ts";

interface StringCase {
  text: string;
  ids: number[];
  pieces: string[];
}

const { strings } = await fixtureJson<{ strings: StringCase[] }>("05_tokenizer/cases.json");
const beyond = await fixtureJson<Pick<StringCase, "text" | "ids">[]>("sentencepiece/cases.json");

describe("the published model", () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = createTokenizer(
      await fixtureBytes("05_tokenizer/sentencepiece.bpe.model"),
      await fixtureBytes("05_tokenizer/dict.txt"),
    );
  });

  test("has 300 and 95 reference strings", () => expect([strings.length, beyond.length]).toEqual([300, 95]));

  test.each(strings.map(({ text, ids, pieces }) => [text, ids, pieces] as const))("%j", (text, ids, pieces) => {
    expect(tokenizer.pieces(text)).toEqual(pieces);
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  test.each(beyond.map(({ text, ids }) => [text, ids] as const))("beyond the library: %j", (text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
  });

  test("puts the special symbols behind 63,997 lines", () => {
    expect(tokenizer.special).toEqual({ mask: 64001, eod: 64002, boi: 64003, eoi: 64004, eoc: 64005, eol: 64006 });
    expect(tokenizer.vocabSize).toBe(64007);
  });

  test("reads text up to its limit and refuses more", () => {
    const text = "the cat ".repeat(MAX_CHARACTERS / 8);
    expect(tokenizer.encode(text)).toHaveLength(MAX_CHARACTERS / 4);
    const tooLong = expect.objectContaining({ code: "bad-prompt", message: expect.stringMatching(/at most 32768/) });
    expect(() => tokenizer.encode(`${text}x`)).toThrow(tooLong);
    // One character that becomes 18.
    expect(() => tokenizer.encode("\ufdfa".repeat(MAX_CHARACTERS / 2))).toThrow(tooLong);
  });

  test("reads text that is not well-formed", () => {
    // The replacement character is a space in nmt_nfkc.
    expect(tokenizer.encode("a\ud83d b\udc00")).toEqual(tokenizer.encode("a b"));
    expect(tokenizer.encode("a\0b")).toEqual([10, 3, 1309]);
  });
});

test("the tiny model's special symbols follow its dictionary", async () => {
  const tokenizer = createTokenizer(
    await fixtureBytes("02_e2e/tiny_sentencepiece.model"),
    await fixtureBytes("02_e2e/dict.txt"),
  );
  const { gpt } = await fixtureJson<{ gpt: Record<string, number> }>("02_e2e/config.json");
  const { mask, eod, boi, eoi, eoc, eol, vocab_size } = gpt;
  expect(tokenizer.special).toEqual({ mask, eod, boi, eoi, eoc, eol });
  expect(tokenizer.vocabSize).toBe(vocab_size);
});

describe("a model of another make", () => {
  test("keeps spaces, characters and prefix as its normaliser says", () => {
    const normalizerSpec = { addDummyPrefix: false, removeExtraWhitespaces: false };
    const tokenizer = createTokenizer(model({ normalizerSpec }), dict("▁", "a", "b", "ab"));
    expect(tokenizer.pieces(" a  ab ")).toEqual(["▁", "a", "▁", "▁", "ab", "▁"]);
    expect(tokenizer.pieces("ａ")).toEqual(["ａ"]);
    expect(createTokenizer(model({}), dict("▁", "a", "b", "ab")).pieces("a ▁")).toEqual(["▁", "a"]);
  });

  test("counts ids by the dictionary's lines, not the model's order", () => {
    const tokenizer = createTokenizer(model({}), dict("ab", "b", "▁"));
    expect(tokenizer.encode("ab b")).toEqual([6, 4, 6, 5]);
    // A piece that the dictionary lacks is unknown, as in fairseq.
    expect(tokenizer.encode("a")).toEqual([6, 3]);
    expect(tokenizer.special.boi).toBe(4 + 3 + 2);
  });

  test("never takes a run of unknown characters for a special symbol", () => {
    const tokenizer = createTokenizer(model({}), dict("▁", "a", "b", "ab"));
    expect(tokenizer.pieces("<image>")).toEqual(["▁", "<im", "a", "ge>"]);
    expect(tokenizer.pieces("</s>")).toEqual(["▁", "</s>"]);
    expect(tokenizer.encode("</s>")).toEqual([4, 3]);
    expect(tokenizer.encode("<unk>")).toEqual([4, 3]);
  });
});

describe("hostile files", () => {
  const lines = dict("▁", "a", "b", "ab");
  const piece = (text: string, type = PieceType.NORMAL, score = -1) => ({ piece: text, score, type });
  const charsmap = (...bytes: number[]) => ({ normalizerSpec: { precompiledCharsmap: Uint8Array.from(bytes) } });

  test.each<[string, Uint8Array, Uint8Array, RegExp]>([
    ["an empty model", new Uint8Array(), lines, /has 0 pieces of type UNKNOWN/],
    ["no protobuf", new TextEncoder().encode("<!doctype html><title>404</title>"), lines, /cannot be read/],
    ["a model cut off", model({}).subarray(0, 21), lines, /cannot be read/],
    ["BPE", model({ trainerSpec: { modelType: TrainerSpec_ModelType.BPE } }), lines, /of type BPE/],
    ["byte fallback", model({ trainerSpec: { byteFallback: true } }), lines, /byte_fallback/],
    ["suffix spaces", model({ trainerSpec: { treatWhitespaceAsSuffix: true } }), lines, /treat_whitespace_as_suffix/],
    ["plain spaces", model({ normalizerSpec: { escapeWhitespaces: false } }), lines, /escape_whitespaces/],
    ["an empty piece", model({ extra: [piece("")] }), lines, /empty piece at index 7/],
    ["a piece twice", model({ extra: [piece("ab")] }), lines, /"ab" twice/],
    ["a user-defined symbol", model({ extra: [piece("x", PieceType.USER_DEFINED)] }), lines, /user-defined symbol "x"/],
    ["two unknowns", model({ extra: [piece("x", PieceType.UNKNOWN)] }), lines, /2 pieces of type UNKNOWN/],
    ["a score of NaN", model({ extra: [piece("x", PieceType.NORMAL, Number.NaN)] }), lines, /score for the piece "x"/],
    ["a charsmap of 3 bytes", model(charsmap(1, 2, 3)), lines, /normalisation rules are broken/],
    ["a charsmap that ends early", model(charsmap(255, 255, 255, 255, 0)), lines, /normalisation rules are broken/],
    ["a charsmap with odd units", model(charsmap(3, 0, 0, 0, 1, 2, 3, 0, 0)), lines, /normalisation rules are broken/],
    ["no dictionary", model({}), new Uint8Array(), /dictionary is empty/],
    ["a page for a dictionary", model({}), new TextEncoder().encode("<html>\n"), /line 1/],
    ["a line without count", model({}), new TextEncoder().encode("a 1\nb\n"), /line 2/],
    ["a piece twice in the dictionary", model({}), dict("a", "b", "a"), /"a" a second time on line 3/],
    ["a special symbol in the dictionary", model({}), dict("a", "<image>"), /"<image>" a second time on line 2/],
    ["a dictionary that is not UTF-8", model({}), Uint8Array.of(0xff, 0x20, 0x31), /not UTF-8/],
  ])("%s is refused", (_, sentencePiece, dictionary, message) => {
    expect(() => createTokenizer(sentencePiece, dictionary)).toThrow(
      expect.objectContaining({ code: "bad-bundle", message: expect.stringMatching(message) }),
    );
  });

  test("a charsmap of noise neither hangs nor throws", () => {
    let state = 1;
    for (let round = 0; round < 50; round++) {
      const noise = Array.from({ length: 400 }, () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return state >>> 24;
      });
      const tokenizer = createTokenizer(model(charsmap(100, 0, 0, 0, ...noise)), lines);
      expect(tokenizer.encode("a ab é 語 🙂").every((id) => id >= 3 && id < 8)).toBe(true);
    }
  });
});

interface ModelParts {
  trainerSpec?: { modelType?: TrainerSpec_ModelType; byteFallback?: boolean; treatWhitespaceAsSuffix?: boolean };
  normalizerSpec?: {
    precompiledCharsmap?: Uint8Array<ArrayBuffer>;
    addDummyPrefix?: boolean;
    removeExtraWhitespaces?: boolean;
    escapeWhitespaces?: boolean;
  };
  extra?: { piece: string; score: number; type: PieceType }[];
}

/** A model that knows ▁, a, b and ab. */
function model({ trainerSpec = {}, normalizerSpec = {}, extra = [] }: ModelParts): Uint8Array {
  const proto: ModelProto = create(ModelProtoSchema, {
    trainerSpec,
    normalizerSpec,
    pieces: [
      { piece: "<unk>", type: PieceType.UNKNOWN },
      { piece: "<s>", type: PieceType.CONTROL },
      { piece: "</s>", type: PieceType.CONTROL },
      { piece: "▁", score: -1 },
      { piece: "a", score: -2 },
      { piece: "b", score: -2 },
      { piece: "ab", score: -3 },
      ...extra,
    ],
  });
  return toBinary(ModelProtoSchema, proto);
}

function dict(...pieces: string[]): Uint8Array {
  return new TextEncoder().encode(pieces.map((piece) => `${piece} 1\n`).join(""));
}
