import { expect, it } from "vitest";
import { samePrompt } from "../../src/engine/same-prompt.ts";
import type { PromptPart } from "../../workers/protocol.ts";

const text = (words: string): PromptPart => ({ kind: "text", text: words });
const picture = (value: number, width = 2, strength?: number): PromptPart => ({
  kind: "entity",
  image: { width, height: 4 / width, data: new Uint8ClampedArray(16).fill(value, 15) },
  ...(strength !== undefined && { strength }),
});

it("is the same by content", () => {
  expect(samePrompt([picture(1), text(" at night")], [picture(1, 2, 1), text(" at night")])).toBe(true);
  expect(samePrompt([], [])).toBe(true);
});

it.each<[string, PromptPart[]]>([
  ["another last byte", [picture(2), text(" at night")]],
  ["another form", [picture(1, 4), text(" at night")]],
  ["another strength", [picture(1, 2, 0.5), text(" at night")]],
  ["another word", [picture(1), text(" at noon")]],
  ["another order", [text(" at night"), picture(1)]],
  ["one part more", [picture(1), text(" at night"), text("")]],
  ["one part less", [picture(1)]],
])("is another prompt: %s", (_, parts) => {
  expect(samePrompt([picture(1), text(" at night")], parts)).toBe(false);
});
