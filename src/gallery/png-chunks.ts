/** PNG files as chunks: https://www.w3.org/TR/png-3/#5Chunk-layout. Nothing here decodes pixels. */

export interface PngChunk {
  readonly type: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

export interface TextChunk {
  readonly keyword: string;
  readonly text: string;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const MAX_CHUNKS = 10_000;

/** For files that are no PNG, or cut off, or crafted. */
export class PngError extends Error {
  override readonly name = "PngError";
}

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * All chunks up to IEND; what follows it is passed over. Checksums are checked where `check` says so.
 * @throws PngError where a length leads out of the file, a checksum is wrong, or IEND is missing
 */
export function readChunks(bytes: Uint8Array<ArrayBuffer>, check: (type: string) => boolean = () => true): PngChunk[] {
  if (!isPng(bytes)) throw new PngError("This file is no PNG.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks: PngChunk[] = [];
  let offset = SIGNATURE.length;
  while (offset + 12 <= bytes.length) {
    const length = view.getUint32(offset);
    const end = offset + 8 + length;
    if (end + 4 > bytes.length) throw new PngError("This PNG is cut off.");
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw new PngError("This PNG is damaged.");
    if (check(type) && view.getUint32(end) !== crc32(bytes.subarray(offset + 4, end))) {
      throw new PngError(`The ${type} part of this PNG is damaged.`);
    }
    chunks.push({ type, data: bytes.subarray(offset + 8, end) });
    if (type === "IEND") return chunks;
    if (chunks.length > MAX_CHUNKS) throw new PngError("This PNG has too many parts.");
    offset = end + 4;
  }
  throw new PngError("This PNG is cut off.");
}

export function writeChunks(chunks: readonly PngChunk[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, { data }) => sum + 12 + data.length, SIGNATURE.length));
  const view = new DataView(bytes.buffer);
  bytes.set(SIGNATURE);
  let offset = SIGNATURE.length;
  for (const { type, data } of chunks) {
    view.setUint32(offset, data.length);
    for (let i = 0; i < 4; i++) bytes[offset + 4 + i] = type.charCodeAt(i);
    bytes.set(data, offset + 8);
    const end = offset + 8 + data.length;
    view.setUint32(end, crc32(bytes.subarray(offset + 4, end)));
    offset = end + 4;
  }
  return bytes;
}

/** An uncompressed iTXt chunk: keyword, flags, no language, no translated keyword, UTF-8 text. */
export function textChunk({ keyword, text }: TextChunk): PngChunk {
  const head = new TextEncoder().encode(`${keyword}\0\0\0\0\0`);
  const body = new TextEncoder().encode(text);
  const data = new Uint8Array(head.length + body.length);
  data.set(head);
  data.set(body, head.length);
  return { type: "iTXt", data };
}

/**
 * Reads an uncompressed iTXt chunk. We write no compressed ones, and a compressed one could unfold to any size: undefined for it, and
 * for what is malformed.
 */
export function readTextChunk({ type, data }: PngChunk): TextChunk | undefined {
  if (type !== "iTXt") return undefined;
  const keywordEnd = data.indexOf(0);
  if (keywordEnd < 1 || keywordEnd > 79 || data[keywordEnd + 1] !== 0) return undefined;
  const languageEnd = data.indexOf(0, keywordEnd + 3);
  const translatedEnd = languageEnd < 0 ? -1 : data.indexOf(0, languageEnd + 1);
  if (translatedEnd < 0) return undefined;
  try {
    return {
      keyword: new TextDecoder("latin1").decode(data.subarray(0, keywordEnd)),
      text: new TextDecoder("utf-8", { fatal: true }).decode(data.subarray(translatedEnd + 1)),
    };
  } catch {
    return undefined;
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** Of a chunk's type and data. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
