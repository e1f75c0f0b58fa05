import { describe, expect, test } from "vitest";
import { completeSettings, type GenerationRequest } from "../../src/engine/request.ts";
import { latentGrid } from "../../workers/models/latent-grid.ts";
import type { Bundle } from "../../workers/weights/bundle.ts";

const bundle = {
  defaults: { steps: 25, guidance_scale: 3, scheduler: "ddim", width: 96, height: 96 },
  components: {
    vae: { type: "AutoencoderTiny", config: { blocks_per_level: [3, 3, 3, 1], patch_size: 2 } },
  },
} as unknown as Bundle;

const settings = (request: Partial<GenerationRequest>) => completeSettings({ prompt: [], ...request }, bundle);

describe("settings of a request", () => {
  test("what is left out comes from the model", () => {
    expect(settings({ seed: 7 })).toEqual({
      negativePrompt: "",
      seed: 7,
      steps: 25,
      guidanceScale: 3,
      scheduler: "ddim",
      eta: 0,
      width: 96,
      height: 96,
    });
  });

  test("a seed that is left out is drawn anew", () => {
    expect(new Set(Array.from({ length: 8 }, () => settings({}).seed)).size).toBeGreaterThan(1);
  });

  test("the grid follows from the autoencoder", () => {
    expect(latentGrid(bundle)).toBe(16);
  });

  test.each([
    [{ seed: -1 }, "seed"],
    [{ seed: 2 ** 32 }, "seed"],
    [{ seed: 1.5 }, "seed"],
    [{ steps: 0 }, "Steps"],
    [{ steps: Number.NaN }, "Steps"],
    [{ steps: 251 }, "Steps"],
    [{ guidanceScale: 0.5 }, "guidance"],
    [{ guidanceScale: Number.POSITIVE_INFINITY }, "guidance"],
    [{ eta: 2 }, "Eta"],
    [{ width: 100 }, "width"],
    [{ height: 0 }, "height"],
    [{ width: 4096 }, "width"],
  ])("%j is refused, by name", (request, name) => {
    expect(() => settings(request)).toThrow(
      expect.objectContaining({ code: "bad-settings", message: expect.stringContaining(name) }),
    );
  });
});
