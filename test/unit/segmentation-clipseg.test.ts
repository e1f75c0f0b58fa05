/** CLIPSeg's post-processing against what the paper's own script makes of the same logits (test/fixtures/08_segmentation). */
import { expect, it } from "vitest";
import { resizeBicubic } from "../../workers/images/resize-bicubic.ts";
import { clipSegMask } from "../../workers/segmentation/clipseg-mask.ts";
import type { Box, Rgba } from "../../workers/segmentation/mask.ts";
import { crop, cropOnWhite, squareAround } from "../../workers/segmentation/square-crop.ts";
import { fixtureImage } from "../support/fixture-image.node.ts";
import { fixtureJson } from "../support/fixtures.node.ts";

type Rows = [y0: number, y1: number, x0: number, x1: number];
interface Case {
  image_size: number;
  crop?: Rows;
  region?: Rows;
  mask_pixels?: number;
  "pixels_within_1e-4_of_threshold"?: number;
}

const FOLDER = "08_segmentation";
const { cases } = await fixtureJson<{ cases: Case[] }>(`${FOLDER}/cases.json`);
const image = async (name: string) => (await fixtureImage(`${FOLDER}/${name}.png`)) as Rgba;
const rows = ({ left, top, right, bottom }: Box): Rows => [top, bottom, left, right];

it.each(cases.map((expected, index) => ({ index, expected })))("case $index", async ({ index, expected }) => {
  const size = expected.image_size;
  const levels = await image(`case${index}_logits_u8`);
  const logits = Float32Array.from(
    { length: levels.data.length / 4 },
    (_, i) => ((levels.data[4 * i] as number) - 128) / 8,
  );
  const found = clipSegMask(logits, levels.width, size, size);
  if (!expected.region) {
    expect(found).toBeUndefined();
    return;
  }
  if (!found) throw new Error("no region");
  expect(rows(found.region)).toEqual(expected.region);
  const square = squareAround(found.region, size, size);
  expect(rows(square)).toEqual(expected.crop);

  const mask = await image(`case${index}_mask`);
  const different = found.mask.data.reduce((sum, value, at) => sum + (value === mask.data[4 * at] ? 0 : 1), 0);
  expect(different).toBeLessThanOrEqual(expected["pixels_within_1e-4_of_threshold"] ?? 0);

  const photo = await image(`case${index}_image`);
  const wanted = { object: crop(photo, square), masked: cropOnWhite(photo, found.mask, square) };
  for (const [name, part] of Object.entries(wanted)) {
    const reference = await image(`case${index}_${name}_512`);
    const rgb = Uint8Array.from(
      { length: 3 * part.width * part.height },
      (_, i) => part.data[4 * Math.floor(i / 3) + (i % 3)] as number,
    );
    const { data } = resizeBicubic({ width: part.width, height: part.height, data: rgb }, 512, 512, {
      left: 0,
      top: 0,
      width: 512,
      height: 512,
    });
    const worst = data.reduce(
      (most, level, i) => Math.max(most, Math.abs(level - (reference.data[4 * Math.floor(i / 3) + (i % 3)] as number))),
      0,
    );
    expect(worst, name).toBeLessThanOrEqual(2);
  }
});
