import { describe, expect, test, vi } from "vitest";
import { aspectOf, modelFacts, parametersOf, smallerSize } from "../../src/settings/model-facts.ts";
import { NO_CHOICES, readChoices } from "../../src/settings/parameters.ts";
import { presetOf, presetSettings } from "../../src/settings/presets.ts";
import { createSettingsStore, readStored } from "../../src/settings/settings-store.ts";
import { createHistory } from "../../src/ui/history.ts";
import type { Bundle } from "../../workers/weights/bundle.ts";

const bundle = (change: Partial<Bundle> = {}) =>
  ({
    id: "mini",
    defaults: { steps: 25, guidance_scale: 2.5, scheduler: "ddim", width: 96, height: 96 },
    components: {
      vae: { type: "AutoencoderTiny", config: { blocks_per_level: [3, 3, 3, 1], patch_size: 2 } },
      aligner: { config: { max_positions: 130 } },
    },
    ...change,
  }) as unknown as Bundle;

const sizes = [
  { width: 128, height: 96 },
  { width: 64, height: 64 },
  { width: 96, height: 96 },
  { width: 100, height: 100 },
];

describe("what a model offers", () => {
  test("without a word on sizes it draws one", () => {
    expect(modelFacts(bundle())).toMatchObject({ grid: 16, sizes: [{ width: 96, height: 96 }] });
  });

  test("its other sizes, smallest first, each once, those off the grid left out", () => {
    expect(modelFacts(bundle({ sizes })).sizes).toEqual([
      { width: 64, height: 64 },
      { width: 96, height: 96 },
      { width: 128, height: 96 },
    ]);
  });

  test("limits: the model's own, bounded by AlignerNet's positions", () => {
    expect(modelFacts(bundle()).limits).toEqual({ images: 10, tokens: 128 });
    expect(modelFacts(bundle({ limits: { images: 3, tokens: 500 } })).limits).toEqual({ images: 3, tokens: 128 });
  });

  test("settings that were not chosen are the model's", () => {
    const facts = modelFacts(bundle());
    expect(parametersOf(NO_CHOICES, facts)).toEqual({
      seed: 1,
      steps: 25,
      guidanceScale: 2.5,
      scheduler: "ddim",
      width: 96,
      height: 96,
      negativePrompt: "",
    });
    expect(parametersOf({ ...NO_CHOICES, steps: 7, width: 512, height: 512 }, facts)).toMatchObject({
      steps: 7,
      width: 96,
      height: 96,
    });
  });

  test("smaller: the next of its sizes, or three quarters on its grid, or nothing", () => {
    const facts = modelFacts(bundle({ sizes }));
    expect(smallerSize({ width: 128, height: 96 }, facts)).toEqual({ width: 96, height: 96 });
    expect(smallerSize({ width: 96, height: 96 }, facts)).toEqual({ width: 64, height: 64 });
    expect(smallerSize({ width: 64, height: 64 }, facts)).toBeUndefined();
    expect(smallerSize({ width: 96, height: 96 }, modelFacts(bundle()))).toEqual({ width: 64, height: 64 });
    expect(smallerSize({ width: 96, height: 96 }, modelFacts(bundle()), false)).toBeUndefined();
  });

  test.each([
    [512, 512, "1:1"],
    [768, 512, "3:2"],
    [512, 768, "2:3"],
    [640, 512, "5:4"],
    [1024, 576, "16:9"],
  ])("%d × %d is %s", (width, height, aspect) => {
    expect(aspectOf({ width, height })).toBe(aspect);
  });
});

describe("presets", () => {
  const facts = modelFacts(bundle());

  test("are functions of the defaults, in range", () => {
    expect(presetSettings("draft", facts)).toEqual({ steps: 10, guidanceScale: 2.5, scheduler: "dpmsolver++" });
    expect(presetSettings("balanced", facts).steps).toBe(25);
    expect(presetSettings("quality", facts).steps).toBe(50);
    const many = { defaults: { ...facts.defaults, steps: 90 } };
    expect(presetSettings("quality", many).steps).toBe(100);
    expect(presetSettings("draft", { defaults: { ...facts.defaults, steps: 1 } }).steps).toBe(1);
  });

  test("are known again by their settings", () => {
    for (const preset of ["draft", "balanced", "quality"] as const) {
      expect(presetOf(presetSettings(preset, facts), facts)).toBe(preset);
    }
    expect(presetOf({ steps: 13, guidanceScale: 2.5, scheduler: "ddim" }, facts)).toBeUndefined();
  });
});

describe("what lies in storage", () => {
  test.each([null, undefined, 7, "x", [], { steps: "many" }])("%j gives no choices", (stored) => {
    expect(readChoices(stored)).toEqual(NO_CHOICES);
  });

  test("what is understood stays beside what is not", () => {
    const stored = { seed: 5, seedLocked: "yes", steps: 1e9, guidanceScale: 3, scheduler: "euler", count: 2.5 };
    expect(readChoices(stored)).toEqual({ ...NO_CHOICES, seed: 5, guidanceScale: 3 });
  });

  test("a sentence is taken whole or not at all", () => {
    const sentence = [
      { kind: "entity", id: "cat", strength: 0.5 },
      { kind: "text", text: " in snow" },
    ];
    expect(readStored({ sentence }).sentence).toEqual(sentence);
    expect(readStored({ sentence: [...sentence, { kind: "script" }] }).sentence).toBeNull();
    expect(readStored({ sentence: [{ kind: "entity", id: "cat", strength: 40 }] }).sentence).toBeNull();
    expect(readStored("?")).toEqual({ choices: NO_CHOICES, sentence: null });
  });
});

describe("the store", () => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {}, removeItem: () => {} });

  test("changes are undone field by field; presets and resets too", () => {
    const history = createHistory(100, () => 0);
    const store = createSettingsStore({ history });
    store.getState().setModel(bundle());
    store.getState().change({ steps: 40 });
    store.getState().change({ guidanceScale: 5 });
    expect(store.getState().parameters).toMatchObject({ steps: 40, guidanceScale: 5 });
    history.undo();
    expect(store.getState().parameters).toMatchObject({ steps: 40, guidanceScale: 2.5 });
    store.getState().applyPreset("quality");
    expect(store.getState().parameters?.steps).toBe(50);
    history.undo();
    expect(store.getState().parameters?.steps).toBe(40);
    store.getState().reset("steps");
    expect(store.getState().choices.steps).toBeNull();
    history.undo();
    expect(store.getState().parameters?.steps).toBe(40);
  });

  test("a new seed for each press, unless it is kept; that is not for undo", () => {
    const history = createHistory(100, () => 0);
    const store = createSettingsStore({ history });
    const seeds = new Set(
      [1, 2, 3].map(() => {
        store.getState().rollSeed();
        return store.getState().choices.seed;
      }),
    );
    expect(seeds.size).toBeGreaterThan(1);
    expect(history.undo()).toBe(false);
    store.getState().change({ seed: 9, seedLocked: true });
    store.getState().rollSeed();
    expect(store.getState().choices.seed).toBe(9);
  });

  test("choosing what the model has anyway is no choice", () => {
    const store = createSettingsStore();
    store.getState().setModel(bundle());
    store.getState().applyPreset("quality");
    store.getState().applyPreset("balanced");
    expect(store.getState().choices).toEqual(NO_CHOICES);
  });

  test("another model brings its own defaults; what was chosen stays", () => {
    const store = createSettingsStore();
    store.getState().setModel(bundle());
    store.getState().change({ guidanceScale: 4 });
    const defaults = { ...bundle().defaults, steps: 50, guidance_scale: 7.5 };
    store.getState().setModel(bundle({ id: "large", defaults }));
    expect(store.getState().parameters).toMatchObject({ steps: 50, guidanceScale: 4 });
  });
});
