/** Picture files of every kind, read by the browser: upright, no larger than asked for, or refused with a reason. */
import { expect, it } from "vitest";
import { drawPicture } from "../../src/engine/images.ts";
import type { EngineError } from "../../src/engine/index.ts";

/** Left half red, right half blue; the upper quarter of it green. */
async function flag(width: number, height: number, type: string): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d") as OffscreenCanvasRenderingContext2D;
  context.fillStyle = "red";
  context.fillRect(0, 0, width / 2, height);
  context.fillStyle = "blue";
  context.fillRect(width / 2, 0, width / 2, height);
  context.fillStyle = "lime";
  context.fillRect(0, 0, width, height / 4);
  return canvas.convertToBlob({ type, quality: 0.95 });
}

/** Puts an EXIF orientation into a JPEG. */
async function turned(jpeg: Blob, orientation: number): Promise<Blob> {
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
  const body = [...new TextEncoder().encode("Exif\0\0"), ...tiff];
  const segment = Uint8Array.from([0xff, 0xe1, 0, body.length + 2, ...body]);
  return new Blob([jpeg.slice(0, 2), segment, jpeg.slice(2)], { type: "image/jpeg" });
}

/** @param x @param y parts of the picture */
async function colourAt(file: Blob, side: number, x: number, y: number) {
  const { canvas, context } = await drawPicture(file, side);
  const [r = 0, g = 0, b = 0, a = 0] = context.getImageData(x * canvas.width, y * canvas.height, 1, 1).data;
  return {
    size: [canvas.width, canvas.height],
    colour: a < 128 ? "clear" : r > 128 ? "red" : g > 128 ? "green" : b > 128 ? "blue" : "black",
  };
}

const refused = (file: Blob) =>
  drawPicture(file, 512).then(
    () => "",
    (error: EngineError) => `${error.code}: ${error.message}`,
  );
const bytes = (...parts: (string | number[])[]) =>
  new Blob(parts.map((part) => (typeof part === "string" ? part : Uint8Array.from(part))));

it.each(["image/png", "image/jpeg", "image/webp"])("%s, scaled while it is decoded", async (type) => {
  const file = await flag(3000, 2000, type);
  expect(await colourAt(file, 600, 0.25, 0.8)).toEqual({ size: [600, 400], colour: "red" });
  expect(await colourAt(file, 600, 0.75, 0.8)).toEqual({ size: [600, 400], colour: "blue" });
  expect(await colourAt(file, 4000, 0.75, 0.1)).toEqual({ size: [3000, 2000], colour: "green" });
});

it.each([
  // Where the green edge comes to lie, and the red half.
  [1, [600, 400], [0.5, 0.1], [0.25, 0.8]],
  [3, [600, 400], [0.5, 0.9], [0.75, 0.2]],
  [6, [400, 600], [0.9, 0.5], [0.2, 0.25]],
  [8, [400, 600], [0.1, 0.5], [0.8, 0.75]],
] as const)("EXIF orientation %i, large and small", async (orientation, size, green, red) => {
  const large = await turned(await flag(3000, 2000, "image/jpeg"), orientation);
  const small = await turned(await flag(300, 200, "image/jpeg"), orientation);
  for (const [file, expected] of [
    [large, size],
    [small, size.map((side) => side / 2)],
  ] as const) {
    expect(await colourAt(file, 600, green[0], green[1])).toEqual({ size: expected, colour: "green" });
    expect(await colourAt(file, 600, red[0], red[1])).toEqual({ size: expected, colour: "red" });
  }
});

it("reads a photo of 100 megapixels", async () => {
  const file = await flag(11_656, 8_742, "image/jpeg");
  expect(await colourAt(file, 1600, 0.25, 0.8)).toEqual({ size: [1600, 1200], colour: "red" });
});

it("keeps what is see-through", async () => {
  const canvas = new OffscreenCanvas(64, 64);
  canvas.getContext("2d")?.fillRect(0, 0, 32, 64);
  const file = await canvas.convertToBlob();
  expect((await colourAt(file, 32, 0.75, 0.5)).colour).toBe("clear");
  expect((await colourAt(file, 32, 0.25, 0.5)).colour).toBe("black");
});

it("takes the first frame of what moves", async () => {
  // Two frames of one pixel, red and blue.
  const frame = (index: number) => [
    0x21,
    0xf9,
    4,
    0,
    10,
    0,
    0,
    0,
    0x2c,
    0,
    0,
    0,
    0,
    1,
    0,
    1,
    0,
    0,
    2,
    2,
    index ? 0x4c : 0x44,
    1,
    0,
  ];
  const gif = bytes("GIF89a", [1, 0, 1, 0, 0x80, 0, 0, 255, 0, 0, 0, 0, 255], frame(0), frame(1), [0x3b]);
  expect((await colourAt(gif, 8, 0, 0)).colour).toBe("red");
});

it("draws SVG without its scripts and without the network", async () => {
  const svg = (inside: string) =>
    new Blob([`<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100">${inside}</svg>`], {
      type: "text/plain",
    });
  expect(await colourAt(svg('<rect width="200" height="100" fill="blue"/>'), 512, 0.5, 0.5)).toEqual({
    size: [512, 256],
    colour: "blue",
  });
  const seen = performance.getEntriesByType("resource").length;
  await drawPicture(
    svg('<script>window.svgRan = true</script><image href="/svg-fetched.png" width="9" height="9"/>'),
    64,
  );
  expect("svgRan" in window).toBe(false);
  expect(
    performance
      .getEntriesByType("resource")
      .slice(seen)
      .filter(({ name }) => name.includes("svg-fetched")),
  ).toEqual([]);
});

it("refuses, with the reason, what cannot be read", async () => {
  expect(await refused(new Blob([]))).toBe("bad-image: This file is empty.");
  expect(await refused(bytes("no picture"))).toMatch(/^bad-image: This file is not a picture/);
  const bomb = bytes(
    [0x89],
    "PNG\r\n\x1a\n",
    [0, 0, 0, 13],
    "IHDR",
    [0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0, 8, 6, 0, 0, 0],
  );
  expect(await refused(bomb)).toBe(
    "bad-image: This picture has 10000 megapixels; up to 100 are read. Make it smaller first.",
  );
  const heic = bytes([0, 0, 0, 16], "ftypheic", [0, 0, 0, 0], new Array<number>(64).fill(0));
  expect(await refused(heic)).toContain("Safari reads HEIC; save it as JPEG elsewhere");
  const png = await flag(300, 200, "image/png");
  expect(await refused(png.slice(0, 60))).toMatch(/^bad-image: This PNG file is damaged or cut off/);
  expect(await refused(bytes("<svg xmlns='http://www.w3.org/2000/svg'><rect"))).toMatch(
    /^bad-image: This SVG drawing could not be read/,
  );
});
