import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { clipPreprocess, resizeAndCrop } from "../../workers/images/clip-preprocess.ts";
import type { EntityImage } from "../../workers/protocol.ts";
import { fixtureImage } from "../support/fixture-image.node.ts";
import { fixtureTensors } from "../support/fixture-tensors.node.ts";
import { fixtureJson } from "../support/fixtures.node.ts";

const FOLDER = "09_image_preprocess";

interface PreprocessCase {
  file: string;
  sha256_decoded_rgb: string;
  sha256_f32_224: string;
  sha256_f32_56: string;
}

const { cases } = await fixtureJson<{ cases: PreprocessCase[] }>(`${FOLDER}/cases.json`);
const pixels = await fixtureTensors(`${FOLDER}/cases.safetensors`);
const endToEnd = await fixtureTensors("02_e2e/cases.safetensors");

/** JPEGs are there decoded, too: decoders may differ by a level. */
const readCase = (file: string) =>
  fixtureImage(`${FOLDER}/${file.endsWith(".jpg") ? file.replace(".jpg", "_decoded_upright.png") : file}`);

const rgb = ({ data }: EntityImage) => Uint8Array.from(data).filter((_, i) => i % 4 !== 3);
const sha256 = (data: Float32Array | Uint8Array) =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");

describe.each(cases)("$file as PIL and torchvision have it", (expected) => {
  const name = expected.file.replace(/\.\w+$/, "");

  test("is decoded to the reference's pixels", async () => {
    expect(sha256(rgb(await readCase(expected.file)))).toBe(expected.sha256_decoded_rgb);
  });

  test.each([224, 56])("resized and cropped to %i, every level", async (size) => {
    const crop = resizeAndCrop(await readCase(expected.file), size, "dropAlpha");
    const reference = rgb(await fixtureImage(`${FOLDER}/${name}_crop${size}.png`));
    expect([crop.width, crop.height]).toEqual([size, size]);
    expect(sha256(crop.data)).toBe(sha256(reference));
  });

  test("normalised at 56, to 1e-6", async () => {
    const actual = clipPreprocess(await readCase(expected.file), 56, "dropAlpha");
    const reference = await pixels(`${name}.pixels56`);
    expect(reference.shape).toEqual([3, 56, 56]);
    expect(maxDifference(actual, reference.data)).toBeLessThanOrEqual(1e-6);
    expect(sha256(actual)).toBe(expected.sha256_f32_56);
  });

  test("normalised at 224, every bit", async () => {
    const actual = clipPreprocess(await readCase(expected.file), 224, "dropAlpha");
    expect(sha256(actual)).toBe(expected.sha256_f32_224);
  });
});

test.each([
  ["dpms20_g3_2img", ["img0.png", "img1.png"]],
  ["ddim10_g3_neg_3img", ["img0.png", "img1.png", "img2.png"]],
  ["pndm10_g7p5", ["img3.png"]],
] as const)("pixel_values of the whole pipeline's case %s", async (name, files) => {
  const reference = await endToEnd(`${name}.pixel_values`);
  expect(reference.shape).toEqual([files.length, 3, 56, 56]);
  const area = 3 * 56 * 56;
  for (const [i, file] of files.entries()) {
    const actual = clipPreprocess(await fixtureImage(`02_e2e/images/${file}`), 56, "dropAlpha");
    expect(maxDifference(actual, reference.data.subarray(i * area, (i + 1) * area))).toBeLessThanOrEqual(1e-6);
  }
});

describe("transparency", () => {
  const image: EntityImage = { width: 1, height: 1, data: Uint8ClampedArray.of(10, 100, 200, 64) };

  test("is composited on white", () => {
    // (10 * 64 + 255 * 191) / 255 = 193.5, and so on.
    expect([...resizeAndCrop(image, 1, "onWhite").data]).toEqual([194, 216, 241]);
  });

  test("or dropped", () => {
    expect([...resizeAndCrop(image, 1, "dropAlpha").data]).toEqual([10, 100, 200]);
  });
});

describe("extreme shapes", () => {
  test.each([
    [1, 1],
    [1, 5000],
    [5000, 1],
    [3, 2],
  ])("%i x %i of one colour keeps it", (width, height) => {
    const data = new Uint8ClampedArray(4 * width * height).fill(255).map((_, i) => [12, 200, 77, 255][i % 4] as number);
    const crop = resizeAndCrop({ width, height, data }, 28, "onWhite");
    expect([...crop.data]).toEqual(Array.from({ length: 28 * 28 }, () => [12, 200, 77]).flat());
  });

  test.each([
    [0, 4, 0, /0 x 4 has no pixels/],
    [4, -1, 16, /has no pixels/],
    [1.5, 2, 12, /has no pixels/],
    [Number.NaN, 2, 8, /has no pixels/],
    [20_000, 1, 80_000, /at most 16384 pixels a side/],
    [4, 4, 60, /60 bytes instead of 64/],
  ])("%d x %d with %i bytes is refused", (width, height, bytes, message) => {
    const image = { width, height, data: new Uint8ClampedArray(bytes) };
    expect(() => clipPreprocess(image, 28)).toThrow(expect.objectContaining({ code: "bad-image" }));
    expect(() => clipPreprocess(image, 28)).toThrow(message);
  });
});

function maxDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let difference = 0;
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs((actual[i] as number) - (expected[i] as number)));
  }
  return difference;
}
