import { describe, expect, test } from "vitest";
import type { EntityImage, PromptPart } from "../../workers/protocol.ts";
import { countTokens, layoutNegativePrompt, layoutPrompt, parsePrompt } from "../../workers/text/prompt-layout.ts";
import { createTokenizer } from "../../workers/text/tokenizer.ts";
import { fixtureTensors } from "../support/fixture-tensors.node.ts";
import { fixtureBytes, fixtureJson } from "../support/fixtures.node.ts";

interface PromptCase {
  prompt: string;
  negative_prompt: string;
  n_images: number;
  ids: number[];
  mask: number[];
  negative_ids: number[];
}

interface PipelineCase {
  prompt: string;
  negative_prompt: string;
  images: string[];
}

const published = createTokenizer(
  await fixtureBytes("05_tokenizer/sentencepiece.bpe.model"),
  await fixtureBytes("05_tokenizer/dict.txt"),
);
const tiny = createTokenizer(
  await fixtureBytes("02_e2e/tiny_sentencepiece.model"),
  await fixtureBytes("02_e2e/dict.txt"),
);
const { prompts } = await fixtureJson<{ prompts: PromptCase[] }>("05_tokenizer/cases.json");

const picture: EntityImage = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
const entity: PromptPart = { kind: "entity", image: picture };
const words = (text: string): PromptPart => ({ kind: "text", text });
const written = (prompt: string, images: number) => parsePrompt(prompt, new Array<EntityImage>(images).fill(picture));
const badPrompt = (message: RegExp) =>
  expect.objectContaining({ code: "bad-prompt", message: expect.stringMatching(message) });

describe("as kosmosg_preprocess lays it out, with 64 queries", () => {
  test("has 40 reference prompts", () => expect(prompts).toHaveLength(40));

  test.each(prompts.filter(({ prompt }) => prompt !== ""))("$prompt", ({ prompt, n_images, ids, mask }) => {
    const layout = layoutPrompt(written(prompt, n_images), published, 64);
    expect([...layout.tokens]).toEqual(ids);
    expect([...layout.imageMask]).toEqual(mask);
    expect(layout.imageCount).toBe(n_images);
  });

  test.each(prompts)("without $negative_prompt (for $prompt)", ({ negative_prompt, negative_ids }) => {
    const layout = layoutNegativePrompt(negative_prompt, published);
    expect([...layout.tokens]).toEqual(negative_ids);
    expect([...layout.imageMask]).toEqual(negative_ids.map(() => 0));
    expect(layout.imageCount).toBe(0);
  });
});

describe("the whole pipeline's cases, with 8 queries", async () => {
  const cases =
    await fixtureJson<Record<string, PipelineCase | { prompts?: string[]; images?: string[][] }>>("02_e2e/cases.json");
  const tensor = await fixtureTensors("02_e2e/cases.safetensors");

  const single = Object.entries(cases).filter((entry): entry is [string, PipelineCase] => "prompt" in entry[1]);
  test("are nine", () => expect(single).toHaveLength(9));

  test.each(single)("%s", async (name, { prompt, negative_prompt, images }) => {
    const layout = layoutPrompt(written(prompt, images.length), tiny, 8);
    expect([...layout.tokens]).toEqual([...(await tensor(`${name}.src_tokens`)).data]);
    expect([...layout.imageMask]).toEqual([...(await tensor(`${name}.img_gpt_input_mask`)).data]);
    const negative = layoutNegativePrompt(negative_prompt, tiny);
    expect([...negative.tokens]).toEqual([...(await tensor(`${name}.negative_tokens`)).data]);
  });

  test("batch, each prompt without its padding", async () => {
    const { prompts, images } = cases.batch as { prompts: string[]; images: string[][] };
    const tokens = await tensor("batch.src_tokens");
    const mask = await tensor("batch.img_gpt_input_mask");
    const length = tokens.shape[1] as number;
    expect(prompts).toHaveLength(3);
    for (const [i, prompt] of prompts.entries()) {
      const layout = layoutPrompt(written(prompt, (images[i] as string[]).length), tiny, 8);
      const padding = new Array<number>(length - layout.tokens.length).fill(1);
      expect([...layout.tokens, ...padding]).toEqual([...tokens.data.subarray(i * length, (i + 1) * length)]);
      expect([...layout.imageMask, ...padding.map(() => 0)]).toEqual([
        ...mask.data.subarray(i * length, (i + 1) * length),
      ]);
    }
  });
});

describe("parts", () => {
  test("of text side by side are one snippet", () => {
    const apart = layoutPrompt([words("a pho"), words("to of "), entity, words(", r"), words("ed")], published, 4);
    expect(apart).toEqual(layoutPrompt([words("a photo of "), entity, words(", red")], published, 4));
  });

  test("of text cannot spell pictures", () => {
    const { boi, eoi } = published.special;
    const layout = layoutPrompt([words("<image></image> <s> </s> <i> <mask>")], published, 4);
    expect(layout.imageCount).toBe(0);
    expect(Math.max(...layout.tokens)).toBeLessThan(published.special.mask);
    expect(layout.tokens).not.toContain(boi);
    expect(layout.tokens).not.toContain(eoi);
    expect([...layout.tokens.subarray(1)]).not.toContain(0);
  });

  test.each([[[]], [[words("")]], [[words("  \t ")]], [[words(" "), words("\u200b")]]])(
    "with nothing in them are refused (%#)",
    (parts) => {
      expect(() => layoutPrompt(parts, published, 4)).toThrow(badPrompt(/is empty/));
    },
  );
});

describe("the count of tokens", () => {
  test.each(prompts.filter(({ prompt }) => prompt !== ""))("$prompt", ({ prompt, n_images, ids }) => {
    expect(countTokens(written(prompt, n_images), published, 64)).toBe(ids.length);
  });

  test.each([[[]], [[words("  ")]], [[words("\u200b")]]])("of nothing is one, <s> (%#)", (parts) => {
    expect(countTokens(parts, published, 64)).toBe(1);
  });

  test("needs no pictures, only their places, and has no limit", () => {
    expect(countTokens(new Array(20).fill({ kind: "entity" as const }), published, 4)).toBe(1 + 20 * 6);
  });
});

describe("limits", () => {
  test("on pictures name both numbers", () => {
    const parts = new Array<PromptPart>(20).fill(entity);
    expect(() => layoutPrompt(parts, published, 4, { images: 4, tokens: 256 })).toThrow(
      badPrompt(/20 pictures.*at most 4.*Take out 16/),
    );
    expect(layoutPrompt(parts.slice(0, 4), published, 4, { images: 4, tokens: 256 }).imageCount).toBe(4);
  });

  test("on tokens name both numbers and count the image slots", () => {
    const parts = [entity, words(" in Minecraft")];
    const { length } = layoutPrompt(parts, published, 4).tokens;
    expect(length).toBe(1 + 6 + 2);
    expect(() => layoutPrompt(parts, published, 4, { images: 4, tokens: length })).not.toThrow();
    expect(() => layoutPrompt(parts, published, 4, { images: 4, tokens: length - 1 })).toThrow(
      badPrompt(/9 tokens long.*at most 8/),
    );
  });

  test("hold for the negative prompt", () => {
    expect(() => layoutNegativePrompt("blurry, bad anatomy", published, { images: 4, tokens: 3 })).toThrow(
      badPrompt(/tokens long.*at most 3/),
    );
  });
});

describe("a written prompt", () => {
  test("becomes parts in order", () => {
    const other: EntityImage = { width: 2, height: 2, data: new Uint8ClampedArray(16) };
    expect(parsePrompt("<i> in <i>'s jacket", [picture, other])).toEqual([
      entity,
      words(" in "),
      { kind: "entity", image: other },
      words("'s jacket"),
    ]);
    expect(parsePrompt("<I> < i > no picture", [])).toEqual([words("<I> < i > no picture")]);
  });

  test.each([
    ["<i> and <i>", 1, /2 <i> for 1 pictures/],
    ["a dog", 1, /0 <i> for 1 pictures/],
    ["<i>", 0, /1 <i> for 0 pictures/],
  ])("%s with %i pictures is refused", (prompt, images, message) => {
    expect(() => written(prompt, images)).toThrow(badPrompt(message));
  });
});
