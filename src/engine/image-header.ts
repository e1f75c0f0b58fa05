/** What a picture file says of itself in its first bytes: looked at before the browser decodes it, so that a lie about its size costs nothing. */

export type ImageKind = "png" | "jpeg" | "webp" | "gif" | "bmp" | "avif" | "heic" | "svg";

export interface ImageHeader {
  readonly kind: ImageKind;
  /** Pixels as stored, before EXIF turns the picture; 0 for SVG, which has none of its own. */
  readonly width: number;
  readonly height: number;
  /** EXIF: 1 to 8; 5 and above lie on their side. Read of JPEG only: the others' is left to the browser. */
  readonly orientation: number;
}

/** How much of a file `readImageHeader` wants to see; a JPEG's size comes behind its thumbnails and profiles. */
export const HEADER_BYTES = 4 * 2 ** 20;

/**
 * @param bytes the beginning of the file, HEADER_BYTES or all of it
 * @returns null for what is none of these kinds, or is cut off before its size
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return png(view) ?? jpeg(view) ?? gif(view) ?? webp(view) ?? bmp(view) ?? heif(view) ?? svg(bytes);
  } catch (error) {
    // Cut off within its header.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

const text = (view: DataView, at: number, length: number) =>
  at + length > view.byteLength
    ? ""
    : String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, length));

const header = (kind: ImageKind, width: number, height: number, orientation = 1): ImageHeader => ({
  kind,
  width,
  height,
  orientation,
});

function png(view: DataView): ImageHeader | null {
  if (text(view, 0, 8) !== "\x89PNG\r\n\x1a\n") return null;
  return header("png", view.getUint32(16), view.getUint32(20));
}

function gif(view: DataView): ImageHeader | null {
  if (!/^GIF8[79]a$/.test(text(view, 0, 6))) return null;
  return header("gif", view.getUint16(6, true), view.getUint16(8, true));
}

function bmp(view: DataView): ImageHeader | null {
  if (text(view, 0, 2) !== "BM" || view.byteLength < 26) return null;
  const size = view.getUint32(14, true);
  if (size === 12) return header("bmp", view.getUint16(18, true), view.getUint16(20, true));
  return header("bmp", Math.abs(view.getInt32(18, true)), Math.abs(view.getInt32(22, true)));
}

function webp(view: DataView): ImageHeader | null {
  if (text(view, 0, 4) !== "RIFF" || text(view, 8, 4) !== "WEBP") return null;
  const form = text(view, 12, 4);
  const uint24 = (at: number) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  if (form === "VP8X") return header("webp", uint24(24) + 1, uint24(27) + 1);
  if (form === "VP8L") {
    const bits = view.getUint32(21, true);
    return header("webp", (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
  }
  return header("webp", view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff);
}

function jpeg(view: DataView): ImageHeader | null {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let orientation = 1;
  for (let at = 2; ; ) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    // Fill bytes, and markers without a length.
    if (marker === 0xff || marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const startOfFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (startOfFrame) return header("jpeg", view.getUint16(at + 7), view.getUint16(at + 5), orientation);
    // Pixels or the end before any size.
    if (marker === 0xda || marker === 0xd9) return null;
    const length = view.getUint16(at + 2);
    if (marker === 0xe1 && text(view, at + 4, 6) === "Exif\0\0") {
      orientation = exifOrientation(view, at + 10, at + 2 + length) ?? orientation;
    }
    at += 2 + length;
  }
}

/** TIFF tag 0x0112 of the first directory. */
function exifOrientation(view: DataView, start: number, end: number): number | undefined {
  const little = text(view, start, 2) === "II";
  if (!little && text(view, start, 2) !== "MM") return undefined;
  const directory = start + view.getUint32(start + 4, little);
  if (directory + 2 > end) return undefined;
  const count = view.getUint16(directory, little);
  for (let i = 0; i < count; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > end) return undefined;
    if (view.getUint16(entry, little) !== 0x0112) continue;
    const value = view.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

/** AVIF and HEIC: the largest `ispe` box; there is one for each tile too. */
function heif(view: DataView): ImageHeader | null {
  if (text(view, 4, 4) !== "ftyp") return null;
  const length = Math.min(view.getUint32(0), 256);
  const brands = new Set<string>();
  for (let at = 8; at + 4 <= length; at += 4) if (at !== 12) brands.add(text(view, at, 4));
  const avif = brands.has("avif") || brands.has("avis");
  const heic = ["heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1"].some((brand) => brands.has(brand));
  if (!avif && !heic) return null;
  let [width, height] = [0, 0];
  const end = Math.min(view.byteLength, 2 ** 18) - 16;
  for (let at = length; at < end; at++) {
    if (view.getUint32(at) !== 0x69737065) continue;
    const [w, h] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (w * h > width * height) [width, height] = [w, h];
  }
  return header(avif ? "avif" : "heic", width, height);
}

function svg(bytes: Uint8Array): ImageHeader | null {
  const start = new TextDecoder().decode(bytes.subarray(0, 4096)).trimStart();
  return start.startsWith("<") && /<svg[\s>]/i.test(start) ? header("svg", 0, 0) : null;
}
