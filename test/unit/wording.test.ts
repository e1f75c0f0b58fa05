import { describe, expect, test } from "vitest";
import { excerpt, findHint } from "../../src/composer/hints.ts";
import { moveChip } from "../../src/composer/move-chip.ts";
import { type SentencePart, toDoc, toPlainText } from "../../src/composer/prompt-doc.ts";
import { createSchema } from "../../src/composer/schema.ts";
import { wordEdge } from "../../src/composer/word-edges.ts";
import { fillTemplate, PAPER_SENTENCES, sentencesFor, WORD_SENTENCES } from "../../src/examples/example-sentences.ts";

/** "a ‹cat› in snow" -> parts */
function read(text: string): SentencePart[] {
  return text
    .split(/(‹[^›]*›)/)
    .filter((piece) => piece !== "")
    .map((piece) =>
      piece.startsWith("‹") ? { kind: "entity", id: piece.slice(1, -1) } : { kind: "text", text: piece },
    );
}
const write = (sentence: readonly SentencePart[]) =>
  sentence.map((part) => (part.kind === "text" ? part.text : `‹${part.id}›`)).join("");

describe("hints on wording", () => {
  test.each([
    ["a ‹cat› in snow", "article", "‹cat› in snow"],
    ["the ‹cat›", "article", "‹cat›"],
    ["‹cat› and a ‹dog›", "article", "‹cat› and ‹dog›"],
    ["a photo of an ‹owl› at night", "article", "a photo of ‹owl› at night"],
    ["a red ‹cat› on the beach", "attribute", "‹cat›, red, on the beach"],
    ["red ‹cat›", "attribute", "‹cat›, red"],
    ["two shiny, wet ‹fish›.", "attribute", "two ‹fish›, shiny, wet."],
    ["‹dog› next to a Black and White ‹cat› at night", "attribute", "‹dog› next to ‹cat›, black and white, at night"],
    ["red ‹cat›‹dog›", "attribute", "‹cat›, red, ‹dog›"],
  ])("%s: %s", (text, rule, fixed) => {
    const hint = findHint(read(text));
    expect(hint?.rule).toBe(rule);
    expect(write(hint?.fix ?? [])).toBe(fixed);
    // A corrected sentence is not corrected again for the same thing.
    expect(findHint(hint?.fix ?? [])?.index).not.toBe(hint?.index);
  });

  test.each(["‹cat›, red", "‹cat› in a red hat", "in space ‹cat›", "banana ‹cat›", "a cat", "", "‹cat› and ‹dog›"])(
    "nothing to say of %j",
    (text) => expect(findHint(read(text))).toBeNull(),
  );

  test("what was put away is not said", () => {
    expect(findHint(read("a red ‹cat›"), new Set(["attribute"]))).toBeNull();
    expect(findHint(read("a ‹cat›"), new Set(["article"]))).toBeNull();
    expect(findHint(read("red ‹cat›"), new Set(["article"]))?.rule).toBe("attribute");
  });

  test("the button shows the place", () => {
    const name = (id: string) => id;
    const of = (text: string) => excerpt(findHint(read(text)) as NonNullable<ReturnType<typeof findHint>>, name);
    expect(of("a ‹cat› in the deep snow")).toBe("‹cat› in the");
    expect(of("a red ‹cat› on the beach")).toBe("‹cat›, red");
    expect(of("‹dog› and a ‹cat›")).toBe("‹cat›");
  });
});

describe("moving a picture by words", () => {
  test.each([
    ["‹cat› in the snow", 0, "right", "in ‹cat› the snow"],
    ["in the ‹cat› snow", 0, "left", "in ‹cat› the snow"],
    ["‹cat› snow", 0, "right", "snow ‹cat›"],
    ["in snow ‹cat›", 0, "left", "in ‹cat› snow"],
    ["‹cat› ‹dog› at night", 0, "right", "‹dog› ‹cat› at night"],
    ["‹cat›‹dog›", 1, "left", "‹dog› ‹cat›"],
    ["in ‹cat› and ‹dog›", 1, "left", "in ‹cat› ‹dog› and"],
  ] as const)("%s, picture %d %s", (text, index, direction, moved) => {
    const result = moveChip(read(text), index, direction);
    expect(write(result?.sentence ?? [])).toBe(moved);
    const chip = result?.sentence.filter((part) => part.kind === "entity")[result.index];
    expect(chip).toEqual(read(text).filter((part) => part.kind === "entity")[index]);
  });

  test("at the ends there is nowhere to go", () => {
    expect(moveChip(read("‹cat› in snow"), 0, "left")).toBeNull();
    expect(moveChip(read("in snow ‹cat›"), 0, "right")).toBeNull();
    expect(moveChip(read("snow"), 0, "left")).toBeNull();
  });

  test("its strength moves along", () => {
    const sentence: SentencePart[] = [
      { kind: "entity", id: "cat", strength: 0.5 },
      { kind: "text", text: " in snow" },
    ];
    expect(moveChip(sentence, 0, "right")?.sentence[1]).toEqual({ kind: "entity", id: "cat", strength: 0.5 });
  });
});

test("what is dropped into a word lands at its nearer edge", () => {
  const schema = createSchema((id) => ({ label: id, url: "" }));
  const doc = toDoc(schema, read("snow‹cat›on"));
  expect([1, 2, 4, 5, 6, 7, 8].map((at) => wordEdge(doc, at))).toEqual([1, 1, 5, 5, 6, 6, 8]);
});

describe("examples", () => {
  test("the mini's own come by its id; of others none are promised", () => {
    expect(sentencesFor("mini").length).toBeGreaterThan(3);
    expect(sentencesFor("kosmos-g")).toEqual([]);
    expect(sentencesFor(undefined)).toEqual([]);
  });

  test.each([...PAPER_SENTENCES, ...sentencesFor("mini")])("%s keeps the rules of wording", (template) => {
    const sentence = fillTemplate(template, ["a", "b", "c"]);
    expect(findHint(sentence ?? [])).toBeNull();
    expect(toPlainText(sentence ?? [], (id) => id)).toContain("‹");
  });

  test("those for models that read words alone need no shelf", () => {
    for (const template of WORD_SENTENCES) {
      expect(fillTemplate(template, [])).toEqual([{ kind: "text", text: template }]);
    }
  });

  test("a shelf that is too short gives no sentence", () => {
    expect(fillTemplate("{0} wearing {1}", ["a"])).toBeUndefined();
  });
});
