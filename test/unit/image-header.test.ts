import { expect, it } from "vitest";
import { readImageHeader } from "../../src/engine/image-header.ts";

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const u16 = (n: number) => [n >> 8, n & 255];
const u32 = (n: number) => [...u16(n >>> 16), ...u16(n & 0xffff)];
const read = (...bytes: number[]) => readImageHeader(Uint8Array.from(bytes));

const exif = (orientation: number) => {
  const tiff = [
    ...ascii("MM"),
    ...u16(42),
    ...u32(8),
    ...u16(1),
    ...u16(0x0112),
    ...u16(3),
    ...u32(1),
    ...u16(orientation),
    0,
    0,
  ];
  const body = [...ascii("Exif\0\0"), ...tiff];
  return [0xff, 0xe1, ...u16(body.length + 2), ...body];
};
const frame = (width: number, height: number) => [0xff, 0xc2, ...u16(17), 8, ...u16(height), ...u16(width), 3, 0, 0, 0];

it("reads a PNG's size without its pixels, be it 100,000 squared", () => {
  const start = [0x89, ...ascii("PNG\r\n\x1a\n"), ...u32(13), ...ascii("IHDR")];
  expect(read(...start, ...u32(100_000), ...u32(100_000))).toMatchObject({
    kind: "png",
    width: 100_000,
    height: 100_000,
  });
  expect(read(...start, 0, 0)).toBeNull();
});

it("finds a JPEG's size behind its profiles, and how it lies", () => {
  const profile = [0xff, 0xe2, ...u16(1002), ...new Array(1000).fill(0xff)];
  const found = read(0xff, 0xd8, ...exif(6), ...profile, ...frame(4000, 3000));
  expect(found).toEqual({ kind: "jpeg", width: 4000, height: 3000, orientation: 6 });
  expect(read(0xff, 0xd8, ...exif(9), ...frame(40, 30))?.orientation).toBe(1);
  expect(read(0xff, 0xd8, ...exif(6))).toBeNull();
  expect(read(0xff, 0xd8, 0xff, 0xd9)).toBeNull();
});

it("knows GIF, WebP in its three forms, and BMP", () => {
  expect(read(...ascii("GIF89a"), 0x40, 1, 0xf0, 0)).toMatchObject({ kind: "gif", width: 320, height: 240 });
  const riff = (form: string, ...rest: number[]) =>
    read(...ascii("RIFF"), 0, 0, 0, 0, ...ascii("WEBP"), ...ascii(form), ...rest);
  expect(riff("VP8X", 10, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x0f, 0, 0xff, 0x07, 0)).toMatchObject({
    width: 4096,
    height: 2048,
  });
  expect(riff("VP8L", 9, 0, 0, 0, 0x2f, 0x63, 0xc0, 0x0c, 0)).toMatchObject({ width: 100, height: 52 });
  expect(riff("VP8 ", 9, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0xe0, 1)).toMatchObject({ width: 640, height: 480 });
  const bmp = [...ascii("BM"), ...new Array(12).fill(0), 40, 0, 0, 0, 64, 0, 0, 0, 0xe0, 0xff, 0xff, 0xff];
  expect(read(...bmp)).toMatchObject({ kind: "bmp", width: 64, height: 32 });
});

it("tells HEIC from AVIF, and takes the whole picture's size and not a tile's", () => {
  const file = (brand: string) => [
    ...[...u32(16), ...ascii("ftyp"), ...ascii(brand), ...u32(0)],
    ...[...u32(20), ...ascii("ispe"), ...u32(0), ...u32(512), ...u32(512)],
    ...[...u32(20), ...ascii("ispe"), ...u32(0), ...u32(4032), ...u32(3024)],
    ...new Array(32).fill(0),
  ];
  expect(read(...file("heic"))).toMatchObject({ kind: "heic", width: 4032, height: 3024 });
  expect(read(...file("avif"))).toMatchObject({ kind: "avif", width: 4032 });
  expect(read(...file("isom"))).toBeNull();
});

it("knows SVG by its root, and nothing else", () => {
  expect(read(...ascii('<?xml version="1.0"?>\n<svg xmlns="x">'))?.kind).toBe("svg");
  expect(read(...ascii("<html><p>no"))).toBeNull();
  expect(read(...ascii("no picture"))).toBeNull();
  expect(read()).toBeNull();
});
