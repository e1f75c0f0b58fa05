/** Results for the gallery's tests, without a model. */
import type { NewResult } from "../../src/gallery/result.ts";

export const PNG_1X1 = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (character) => character.charCodeAt(0),
);

export function newResult(change: Partial<NewResult> & { seed?: number } = {}): NewResult {
  const { seed = 1, ...rest } = change;
  return {
    caption: "‹cat› in the snow",
    sentence: [
      { kind: "entity", id: "cat" },
      { kind: "text", text: " in the snow" },
    ],
    entities: [{ id: "cat", label: "cat", picture: new Blob([PNG_1X1], { type: "image/png" }) }],
    picture: new Blob([PNG_1X1], { type: "image/png" }),
    metadata: {
      model: { id: "mini", name: "The mini", files: { "unet.safetensors": "ab".repeat(32) } },
      settings: {
        negativePrompt: "",
        seed,
        steps: 25,
        guidanceScale: 2.5,
        scheduler: "dpmsolver++",
        eta: 0,
        width: 96,
        height: 96,
      },
      tokens: [0, 5, 2],
      device: {
        vendor: "none",
        architecture: "",
        description: "",
        isFallbackAdapter: true,
        features: [],
        limits: {},
        shaderF16: false,
        precision: "fp32",
        attention: { form: "plain", reason: "tested" },
      },
      seconds: { condition: 0.5, sampling: 5, perStep: 0.2, total: 5.6 },
    },
    ...rest,
  };
}
