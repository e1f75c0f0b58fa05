/** Twelve photographed subjects cut out of a box alone, by the segment worker; the masks are kept as pictures in test-results/cutouts. */
import { afterAll, expect, it } from "vitest";
import { commands } from "vitest/browser";
import { cutFromBox, releaseSegmenter } from "../../src/cutout/segmenter.ts";
import { drawPicture } from "../../src/engine/images.ts";
import type { Box, Mask, Rgba } from "../../workers/segmentation/mask.ts";
import { fixtureBlob, fixtureJson } from "../support/fixtures.ts";

const OUT = "test-results/cutouts";
/** Decoders of JPEG differ by a level here and there. */
const LEAST_OVERLAP = 0.97;

const boxes = await fixtureJson<Record<string, Box>>("photos/boxes.json");

afterAll(releaseSegmenter);

it.each(Object.keys(boxes))("%s", async (name) => {
  const photo = await pixels(await fixtureBlob(`photos/${name}.jpg`));
  const mask = await cutFromBox(photo, boxes[name] as Box, undefined, {});
  await save(`${name}.png`, grey(mask));
  await save(`${name}-cut.png`, onGreen(photo, mask));
  const accepted = await pixels(await fixtureBlob(`photos/masks/${name}.png`));
  expect(overlap(mask, accepted)).toBeGreaterThanOrEqual(LEAST_OVERLAP);
});

async function pixels(file: Blob): Promise<Rgba> {
  const { canvas, context } = await drawPicture(file, 4096);
  const { width, height } = canvas;
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}

/** Intersection over union, of what is at least half covered. */
function overlap(mask: Mask, accepted: Rgba): number {
  let [both, either] = [0, 0];
  for (let at = 0; at < mask.data.length; at++) {
    const a = (mask.data[at] as number) >= 128;
    const b = (accepted.data[4 * at] as number) >= 128;
    if (a && b) both++;
    if (a || b) either++;
  }
  return both / either;
}

function grey({ width, height, data }: Mask): Rgba {
  return {
    width,
    height,
    data: Uint8ClampedArray.from({ length: 4 * data.length }, (_, i) => (i % 4 === 3 ? 255 : (data[i >> 2] as number))),
  };
}

/** For the eye: the subject as it is, the rest green. */
function onGreen(photo: Rgba, mask: Mask): Rgba {
  const green = [40, 200, 60, 255];
  const data = photo.data.map((level, i) => {
    const part = (mask.data[i >> 2] as number) / 255;
    return level * part + (0.75 * (green[i % 4] as number) + 0.25 * level) * (1 - part);
  });
  return { width: photo.width, height: photo.height, data };
}

async function save(name: string, { width, height, data }: Rgba): Promise<void> {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext("2d")?.putImageData(new ImageData(data, width, height), 0, 0);
  const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  await commands.writeFile(`${OUT}/${name}`, base64, { encoding: "base64" });
}
