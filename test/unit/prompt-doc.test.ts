import { EditorState, TextSelection } from "prosemirror-state";
import { describe, expect, test } from "vitest";
import { findMention } from "../../src/composer/mention.ts";
import { isBlank, type SentencePart, toDoc, toPlainText, toSentence } from "../../src/composer/prompt-doc.ts";
import { createSchema } from "../../src/composer/schema.ts";

const schema = createSchema((id) => (id === "gone" ? undefined : { label: `the ${id}`, url: `blob:${id}` }));

describe("sentence and document", () => {
  const sentences: SentencePart[][] = [
    [],
    [{ kind: "text", text: "a cat, " }],
    [{ kind: "entity", id: "cat" }],
    [
      { kind: "entity", id: "cat" },
      { kind: "entity", id: "dog" },
      { kind: "text", text: " in the snow" },
    ],
    [
      { kind: "text", text: "  two " },
      { kind: "entity", id: "cat" },
      { kind: "text", text: ", red" },
    ],
  ];
  test.each(sentences.map((sentence) => [sentence]))("%j survives the editor", (sentence) => {
    const doc = toDoc(schema, sentence);
    doc.check();
    expect(toSentence(doc)).toEqual(sentence);
  });

  test("empty text parts leave no node behind", () => {
    expect(toSentence(toDoc(schema, [{ kind: "text", text: "" }]))).toEqual([]);
  });

  test("a sentence is blank without a word or a picture", () => {
    expect(isBlank([])).toBe(true);
    expect(isBlank([{ kind: "text", text: " \t " }])).toBe(true);
    expect(isBlank([{ kind: "text", text: "a" }])).toBe(false);
    expect(isBlank([{ kind: "entity", id: "cat" }])).toBe(false);
  });

  test("captions name the pictures", () => {
    const caption = toPlainText(
      [
        { kind: "entity", id: "cat" },
        { kind: "text", text: " in the snow " },
      ],
      (id) => id,
    );
    expect(caption).toBe("‹cat› in the snow");
  });
});

describe("what stands before the caret after @", () => {
  const at = (sentence: SentencePart[], position: number) => {
    const doc = toDoc(schema, sentence);
    const state = EditorState.create({ doc });
    return findMention(state.apply(state.tr.setSelection(TextSelection.create(state.doc, position))));
  };
  test.each([
    ["@", 2, { from: 1, to: 2, query: "" }],
    ["a @ca", 6, { from: 3, to: 6, query: "ca" }],
    ["a @ca t", 6, { from: 3, to: 6, query: "ca" }],
    ["@Käse", 6, { from: 1, to: 6, query: "Käse" }],
    ["mail@home", 10, null],
    ["a @ b", 6, null],
    ["plain", 3, null],
  ])("%s", (text, position, expected) => {
    expect(at([{ kind: "text", text }], position)).toEqual(expected);
  });

  test("right behind a picture", () => {
    const sentence: SentencePart[] = [
      { kind: "entity", id: "cat" },
      { kind: "text", text: "@do" },
    ];
    expect(at(sentence, 5)).toEqual({ from: 2, to: 5, query: "do" });
  });
});
