/** Describe and Click from the button to the mask: tiny models of the real signatures, through the store, transformers.js and ORT. */
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  cutByPoints,
  cutByWords,
  fetchSegmentModel,
  modelState,
  releaseSegmenter,
  type SegmentProgress,
  setSegmentModelBase,
} from "../../src/cutout/segmenter.ts";
import { EngineError } from "../../src/engine/index.ts";
import type { Mask, Rgba } from "../../workers/segmentation/mask.ts";
import { fixtureUrl } from "../support/fixtures.ts";

const photo = discs(400, 300, [
  { x: 120, y: 150, radius: 60, colour: "rgb(220 30 30)" },
  { x: 290, y: 150, radius: 50, colour: "rgb(30 40 220)" },
]);

beforeAll(() => {
  // The page's own address, where the test's server has ORT too.
  setSegmentModelBase(fixtureUrl("segment_models/"));
});
afterAll(releaseSegmenter);

it("asks for nothing before it is told to, and says so", async () => {
  expect(await modelState("clipseg")).toMatchObject({ stored: false, host: location.host });
  const early = cutByWords(photo, "red", {});
  await expect(early).rejects.toThrow(EngineError);
  await expect(early).rejects.toMatchObject({ code: "not-loaded" });
});

it("fetches CLIPSeg into the store, and cuts out what words name", async () => {
  const seen: SegmentProgress[] = [];
  await fetchSegmentModel("clipseg", { onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).toMatchObject({ kind: "download" });
  expect((await modelState("clipseg")).stored).toBe(true);

  const red = await cutByWords(photo, "Red", {});
  expect(at(red, 120, 150)).toBe(255);
  expect(at(red, 290, 150)).toBe(0);
  expect(at(red, 10, 10)).toBe(0);
  const blue = await cutByWords(photo, "blue", {});
  expect(at(blue, 120, 150)).toBe(0);
  expect(at(blue, 290, 150)).toBe(255);
  expect(await cutByWords(photo, "green", {})).toBeNull();
});

it("cuts out what is clicked by SlimSAM, also in a worker that starts anew", async () => {
  await fetchSegmentModel("slimsam", {});
  releaseSegmenter();
  const red = await cutByPoints(photo, [{ x: 120, y: 150, subject: true }], {});
  expect([at(red, 120, 150), at(red, 290, 150), at(red, 10, 10)]).toEqual([255, 0, 0]);
  const blue = await cutByPoints(
    photo,
    [
      { x: 290, y: 150, subject: true },
      { x: 120, y: 150, subject: false },
    ],
    {},
  );
  expect([at(blue, 120, 150), at(blue, 290, 150), at(blue, 10, 10)]).toEqual([0, 255, 0]);
});

it("says what failed when the server has no such model", async () => {
  setSegmentModelBase(fixtureUrl("no_such_folder/"));
  await expect(fetchSegmentModel("slimsam", {})).rejects.toBeInstanceOf(EngineError);
  // What is stored stays.
  expect((await modelState("slimsam")).stored).toBe(true);
  setSegmentModelBase(fixtureUrl("segment_models/"));
});

function at(mask: Mask | null, x: number, y: number): number | undefined {
  return mask?.data[y * mask.width + x];
}

function discs(width: number, height: number, list: { x: number; y: number; radius: number; colour: string }[]): Rgba {
  const context = new OffscreenCanvas(width, height).getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  for (const { x, y, radius, colour } of list) {
    context.beginPath();
    context.fillStyle = colour;
    context.arc(x, y, radius, 0, 7);
    context.fill();
  }
  return { width, height, data: context.getImageData(0, 0, width, height).data };
}
