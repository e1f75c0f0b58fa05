import { expect, test } from "vitest";
import { readChoices } from "../../src/gallery/export-choices.ts";
import { differences, fileFacts, makingFacts, settingFacts } from "../../src/gallery/facts.ts";
import { galleryTexts } from "../../src/gallery/texts.ts";
import { newResult } from "../support/results.ts";

const { metadata } = newResult({ seed: 7 });
const factOf = (facts: readonly (readonly [string, string])[], name: string) => new Map(facts).get(name);

test("facts name every setting, device, timing and file, in the page's language", () => {
  const settings = { ...metadata.settings, eta: 0.5, negativePrompt: "blur" };
  const facts = settingFacts(galleryTexts.en, settings);
  expect(facts.map(([, value]) => value)).toEqual(["7", "25", "2.5", "DPM-Solver++", "96 × 96", "0.5", "blur"]);
  expect(factOf(settingFacts(galleryTexts.de, settings), "Führung")).toBe("2,5");
  const making = makingFacts(galleryTexts.en, metadata, "today");
  expect(factOf(making, "Time")).toBe("5.6 s: sentence 0.5 s, sampling 5 s, 0.2 s a step");
  expect(factOf(making, "Device")).toBe("none, software");
  expect(fileFacts(metadata)).toEqual([["unet.safetensors", "ab".repeat(32)]]);
});

test("what differs is told, what is the same is not, and what only one has stands alone", () => {
  const t = galleryTexts.en;
  const left = settingFacts(t, metadata.settings);
  const right = settingFacts(t, { ...metadata.settings, steps: 10, negativePrompt: "blur" });
  expect(differences(left, right)).toEqual([
    { name: "Steps", left: "25", right: "10" },
    { name: "Not in the picture", left: "–", right: "blur" },
  ]);
  expect(differences(left, left)).toEqual([]);
});

test("of stored choices only those are taken that mean something", () => {
  expect(readChoices({ format: "webp", scale: 2, smooth: false, silent: true })).toEqual({
    format: "webp",
    scale: 2,
    smooth: false,
    silent: true,
  });
  for (const stored of [null, 1, "png", { format: "exe", scale: 3, smooth: 1, silent: "yes" }]) {
    expect(readChoices(stored)).toEqual({});
  }
});
