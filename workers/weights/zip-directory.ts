/**
 * The directory of a zip archive whose files are stored uncompressed, as torch.save writes them: where in the archive each
 * file's bytes lie. Nothing is unpacked and no file is read (APPNOTE.TXT 6.3.10, zip64 included).
 * Checksums are not compared: torch can leave them out (torch.serialization.set_crc32_options).
 */

import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";
import type { ByteSource } from "./byte-source.ts";
import { printable } from "./printable.ts";
import { eachInParallel, readRange } from "./read-range.ts";

export interface ZipEntry {
  readonly name: string;
  /** Where its bytes begin in the archive. */
  readonly offset: number;
  readonly size: number;
}

/** A torch checkpoint has one entry per storage: some thousands. */
const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY_BYTES = 64 * 2 ** 20;

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;

const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_SIGNATURE = 0x06054b50;
const LOCATOR_SIGNATURE = 0x07064b50;
const END64_SIGNATURE = 0x06064b50;

/** In place of a number that stands in the zip64 field. */
const IN_ZIP64 = 0xffffffff;

interface CentralEntry {
  name: string;
  rawName: Uint8Array;
  method: number;
  size: number;
  header: number;
}

/**
 * Reads and checks the directory of a zip archive.
 * @param file name that errors carry
 * @param blob the whole archive; only its directory and the files' headers are read
 * @returns the entries by name, in the order of their bytes
 * @throws EngineFault `bad-bundle`: not a zip archive, cut off, compressed, encrypted, or a directory that contradicts itself or
 *   the archive
 */
export async function readZipDirectory(file: string, blob: ByteSource): Promise<Map<string, ZipEntry>> {
  const fail = (problem: Said, entry?: string): never => {
    throw new EngineFault(
      "bad-bundle",
      entry === undefined
        ? say("{file}: {problem}", { file, problem })
        : say("{file}, {entry}: {problem}", { file, entry: printable(entry), problem }),
    );
  };

  const end = await findDirectory();
  const bytes = await readRange(file, blob, end.begin, end.begin + end.size);
  const entries = parseEntries(bytes, end.count).sort((a, b) => a.header - b.header);

  const located: ZipEntry[] = new Array(entries.length);
  await eachInParallel([...entries.keys()], async (i) => {
    located[i] = await locate(entries[i] as CentralEntry);
  });

  // Two entries on the same bytes are how a zip bomb is built; torch writes each storage once.
  for (const [i, { name, offset, size }] of located.entries()) {
    if (offset + size > (entries[i + 1]?.header ?? end.begin))
      fail(say("runs into what follows it in the archive"), name);
  }
  return new Map(located.map((entry) => [entry.name, entry]));

  async function findDirectory(): Promise<{ count: number; begin: number; size: number }> {
    const cutOff = say("its end is not that of a zip archive: cut off? Fetch the file again");
    if (blob.size < END_BYTES) fail(cutOff);
    const tailBegin = Math.max(0, blob.size - END_BYTES - LOCATOR_BYTES);
    const tail = dataView(await readRange(file, blob, tailBegin, blob.size));
    const at = tail.byteLength - END_BYTES;
    // torch writes no comment after the end record.
    if (tail.getUint32(at, true) !== END_SIGNATURE || tail.getUint16(at + 20, true) !== 0) fail(cutOff);
    if (tail.getUint16(at + 4, true) !== 0 || tail.getUint16(at + 6, true) !== 0)
      fail(say("is one part of a divided archive"));
    let stop = blob.size - END_BYTES;
    let countHere = tail.getUint16(at + 8, true);
    let count = tail.getUint16(at + 10, true);
    let size = tail.getUint32(at + 12, true);
    let begin = tail.getUint32(at + 16, true);
    if (at >= LOCATOR_BYTES && tail.getUint32(at - LOCATOR_BYTES, true) === LOCATOR_SIGNATURE) {
      const record = safe(tail.getBigUint64(at - LOCATOR_BYTES + 8, true));
      if (record + END64_BYTES > stop - LOCATOR_BYTES) fail(say("its zip64 record lies outside the archive"));
      const end64 = dataView(await readRange(file, blob, record, record + END64_BYTES));
      if (end64.getUint32(0, true) !== END64_SIGNATURE) fail(say("its zip64 record is not where it should be"));
      countHere = safe(end64.getBigUint64(24, true));
      count = safe(end64.getBigUint64(32, true));
      size = safe(end64.getBigUint64(40, true));
      begin = safe(end64.getBigUint64(48, true));
      stop = record;
    }
    if (count !== countHere) fail(say("is one part of a divided archive"));
    if (begin + size !== stop)
      fail(say("its directory of {size} bytes at {begin} does not end at {stop}", { size, begin, stop }));
    if (count > MAX_ENTRIES) fail(say("{count} entries are more than any checkpoint has", { count }));
    if (size > MAX_DIRECTORY_BYTES || count * CENTRAL_BYTES > size) {
      fail(say("a directory of {size} bytes for {count} entries", { size, count }));
    }
    return { count, begin, size };
  }

  function parseEntries(bytes: Uint8Array<ArrayBuffer>, count: number): CentralEntry[] {
    const view = dataView(bytes);
    const found = new Map<string, CentralEntry>();
    let at = 0;
    for (let i = 0; i < count; i++) {
      if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
        fail(say("entry {i} of its directory is broken", { i }));
      }
      const nameEnd = at + CENTRAL_BYTES + view.getUint16(at + 28, true);
      const extraEnd = nameEnd + view.getUint16(at + 30, true);
      const next = extraEnd + view.getUint16(at + 32, true);
      if (next > bytes.length) fail(say("entry {i} of its directory is broken", { i }));
      const rawName = bytes.subarray(at + CENTRAL_BYTES, nameEnd);
      const name = decodeName(rawName) ?? fail(say("entry {i} of its directory has a name that is no text", { i }));
      if (view.getUint16(at + 8, true) & 1) fail(say("encrypted"), name);
      const method = view.getUint16(at + 10, true);
      if (method !== 0) {
        fail(
          say("compressed, which torch.save never does; unpack the archive and pack it again without compression"),
          name,
        );
      }
      const numbers = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
      const wide = zip64Field(view, nameEnd, extraEnd);
      // The zip64 field holds only those that did not fit, in this order.
      const [size, packed, header] = numbers.map((n) => (n === IN_ZIP64 ? (wide.shift() ?? IN_ZIP64) : n)) as [
        number,
        number,
        number,
      ];
      if (size !== packed) fail(say("stored, yet {packed} bytes are said to hold {size}", { packed, size }), name);
      if (found.has(name)) fail(say("is in the archive twice"), name);
      found.set(name, { name, rawName, method, size, header });
      at = next;
    }
    if (at !== bytes.length) fail(say("{rest} bytes of its directory belong to no entry", { rest: bytes.length - at }));
    return [...found.values()];
  }

  async function locate({ name, rawName, method, size, header }: CentralEntry): Promise<ZipEntry> {
    const nameEnd = header + LOCAL_BYTES + rawName.length;
    if (nameEnd + size > end.begin)
      fail(say("{size} bytes at {header} lie outside the archive", { size, header }), name);
    const bytes = await readRange(file, blob, header, nameEnd);
    const view = dataView(bytes);
    const sameName = bytes.subarray(LOCAL_BYTES).every((byte, i) => byte === rawName[i]);
    if (
      view.getUint32(0, true) !== LOCAL_SIGNATURE ||
      view.getUint16(26, true) !== rawName.length ||
      !sameName ||
      view.getUint16(8, true) !== method
    ) {
      fail(say("the directory and the file's own header differ"), name);
    }
    const ownSize = view.getUint32(22, true);
    // 0: the size follows the bytes, written when it was known.
    if (ownSize !== size && ownSize !== IN_ZIP64 && ownSize !== 0) {
      fail(say("{size} bytes by the directory, {ownSize} by the file's own header", { size, ownSize }), name);
    }
    return { name, offset: nameEnd + view.getUint16(28, true), size };
  }

  /** The 8-byte numbers of a zip64 extra field; none without one. */
  function zip64Field(view: DataView, begin: number, end: number): number[] {
    for (let at = begin; at + 4 <= end; ) {
      const length = view.getUint16(at + 2, true);
      if (at + 4 + length > end) break;
      if (view.getUint16(at, true) === 1) {
        return Array.from({ length: Math.min(3, length >> 3) }, (_, i) =>
          safe(view.getBigUint64(at + 4 + 8 * i, true)),
        );
      }
      at += 4 + length;
    }
    return [];
  }

  function safe(value: bigint): number {
    return value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : fail(say("no archive has {value} bytes", { value }));
  }
}

const dataView = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
