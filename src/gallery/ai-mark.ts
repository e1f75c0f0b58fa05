/**
 * The mark that a picture was made by a model, in IPTC's words in an XMP packet: what search engines and social networks read. Every
 * saved file carries it, also one that is silent about all else. PNG has it in an iTXt chunk (png-metadata.ts), JPEG and WebP here.
 */
import { readImageHeader } from "../engine/image-header.ts";

const SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";
const JPEG_XMP = "http://ns.adobe.com/xap/1.0/\0";
/** Of VP8X: which optional chunks there are. */
const [XMP_FLAG, ALPHA_FLAG] = [0x04, 0x10];

/** @param creatorTool left out: the packet says nothing but the mark */
export function xmpPacket(creatorTool?: string): string {
  const creator = creatorTool ? ` xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="${creatorTool}"` : "";
  return `<?xpacket begin="\uFEFF" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType="${SOURCE_TYPE}"${creator}/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>`;
}

/** A JPEG with the packet in an APP1 segment, behind JFIF's, which must come first. @throws Error for what is no JPEG */
export function markJpeg(jpeg: Uint8Array<ArrayBuffer>, packet = xmpPacket()): Uint8Array<ArrayBuffer> {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  if (jpeg.length < 6 || view.getUint16(0) !== 0xffd8) throw new Error("This file is no JPEG.");
  const at = view.getUint16(2) === 0xffe0 ? 4 + view.getUint16(4) : 2;
  const body = new TextEncoder().encode(JPEG_XMP + packet);
  const segment = new Uint8Array(4 + body.length);
  new DataView(segment.buffer).setUint32(0, 0xffe10000 + body.length + 2);
  segment.set(body, 4);
  return joined([jpeg.subarray(0, at), segment, jpeg.subarray(at)]);
}

/** A WebP with the packet in a chunk of its own, in the extended format that allows for one. @throws Error for what is no WebP */
export function markWebp(webp: Uint8Array<ArrayBuffer>, packet = xmpPacket()): Uint8Array<ArrayBuffer> {
  const header = readImageHeader(webp);
  if (header?.kind !== "webp") throw new Error("This file is no WebP.");
  const chunks = webp.subarray(12);
  const form = String.fromCharCode(...webp.subarray(12, 16));
  const extended = form === "VP8X" ? chunks.slice() : joined([vp8x(header, form === "VP8L" && hasAlpha(webp)), chunks]);
  extended[8] = (extended[8] as number) | XMP_FLAG;
  const file = joined([webp.subarray(0, 12), extended, chunk("XMP ", new TextEncoder().encode(packet))]);
  new DataView(file.buffer).setUint32(4, file.length - 8, true);
  return file;
}

/** In the lossless format's header, behind both sides. */
function hasAlpha(webp: Uint8Array): boolean {
  return (((webp[24] as number) >> 4) & 1) === 1;
}

function vp8x({ width, height }: { width: number; height: number }, alpha: boolean): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(10);
  body[0] = alpha ? ALPHA_FLAG : 0;
  for (let i = 0; i < 3; i++) {
    body[4 + i] = ((width - 1) >> (8 * i)) & 0xff;
    body[7 + i] = ((height - 1) >> (8 * i)) & 0xff;
  }
  return chunk("VP8X", body);
}

/** RIFF: chunks of odd length are followed by a byte that does not count. */
function chunk(name: string, body: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + body.length + (body.length % 2));
  for (let i = 0; i < 4; i++) bytes[i] = name.charCodeAt(i);
  new DataView(bytes.buffer).setUint32(4, body.length, true);
  bytes.set(body, 8);
  return bytes;
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
