import { describe, expect, test } from "vitest";
import { readImageHeader } from "../../src/engine/image-header.ts";
import { markJpeg, markWebp, xmpPacket } from "../../src/gallery/ai-mark.ts";

const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, "base64"));
const latin1 = (file: Uint8Array) => Buffer.from(file).toString("latin1");
const MARK = "digitalsourcetype/trainedAlgorithmicMedia";

/** One pixel each. */
const LOSSY = bytes("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA");
const LOSSLESS = bytes("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==");

/** Names and bodies of a RIFF file's chunks, by its own account. */
function chunksOf(webp: Uint8Array): [string, Uint8Array][] {
  const view = new DataView(webp.buffer, webp.byteOffset, webp.byteLength);
  expect(view.getUint32(4, true)).toBe(webp.length - 8);
  const chunks: [string, Uint8Array][] = [];
  for (let at = 12; at < webp.length; ) {
    const length = view.getUint32(at + 4, true);
    chunks.push([latin1(webp.subarray(at, at + 4)), webp.subarray(at + 8, at + 8 + length)]);
    at += 8 + length + (length % 2);
    expect(at).toBeLessThanOrEqual(webp.length);
  }
  return chunks;
}

describe("WebP", () => {
  test.each([
    ["lossy", LOSSY, "VP8 ", 0x04],
    ["lossless, see-through", LOSSLESS, "VP8L", 0x14],
  ])("%s becomes extended, its pixels stay", (_, plain, form, flags) => {
    const marked = markWebp(plain);
    const chunks = chunksOf(marked);
    expect(chunks.map(([name]) => name)).toEqual(["VP8X", form, "XMP "]);
    expect(chunks[0]?.[1]?.[0]).toBe(flags);
    expect(chunks[1]?.[1]).toEqual(chunksOf(plain)[0]?.[1]);
    expect(latin1(chunks[2]?.[1] as Uint8Array)).toContain(MARK);
    expect(readImageHeader(marked)).toEqual(readImageHeader(plain));
  });

  test("one that is extended already gets the chunk and its flag", () => {
    const twice = chunksOf(markWebp(markWebp(LOSSY), xmpPacket("again")));
    expect(twice.map(([name]) => name)).toEqual(["VP8X", "VP8 ", "XMP ", "XMP "]);
    expect(twice[0]?.[1]?.[0]).toBe(0x04);
  });

  test("what is none is refused", () => expect(() => markWebp(new Uint8Array(40))).toThrow(/no WebP/));
});

describe("JPEG", () => {
  const JFIF = [0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
  const REST = [0xff, 0xc0, 0, 11, 8, 0, 3, 0, 5, 1, 1, 0x11, 0, 0xff, 0xd9];

  test.each([
    ["behind JFIF", JFIF],
    ["at the start where there is no JFIF", []],
  ])("the packet stands %s", (_, jfif) => {
    const plain = Uint8Array.from([0xff, 0xd8, ...jfif, ...REST]);
    const marked = markJpeg(plain);
    const at = 2 + jfif.length;
    const view = new DataView(marked.buffer);
    expect(view.getUint16(at)).toBe(0xffe1);
    const length = view.getUint16(at + 2);
    expect(latin1(marked.subarray(at + 4, at + 2 + length))).toMatch(
      /^http:\/\/ns\.adobe\.com\/xap\/1\.0\/\0.*<\?xpacket end="w"\?>$/s,
    );
    expect([...marked.subarray(0, at), ...marked.subarray(at + 2 + length)]).toEqual([...plain]);
    expect(readImageHeader(marked)).toMatchObject({ kind: "jpeg", width: 5, height: 3 });
  });

  test("what is none is refused", () => expect(() => markJpeg(LOSSY)).toThrow(/no JPEG/));
});

test("the packet names the tool only where it is asked to", () => {
  expect(xmpPacket()).toContain(MARK);
  expect(xmpPacket()).not.toContain("CreatorTool");
  expect(xmpPacket("A tool")).toContain('xmp:CreatorTool="A tool"');
});
