import { readFileSync } from "node:fs";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { EngineFault } from "../../workers/faults.ts";
import { readZipDirectory } from "../../workers/weights/zip-directory.ts";
import { joined, latin1, numbers, type Piece, SparseBlob, seeded, storedZip } from "./weights-sparse-file.ts";

const blobOf = (pieces: Piece[]) => new Blob(pieces.map((p) => (typeof p === "number" ? new Uint8Array(p) : p)));

const two = () => storedZip({ "a/x": latin1("first"), "a/y": latin1("second!") });

/** An archive with one number of it changed; `at` counts from the last record of this signature, or from the first. */
async function changed(signature: number, at: number, value: Uint8Array, first = false): Promise<Blob> {
  const bytes = new Uint8Array(await blobOf(two()).arrayBuffer());
  const found = [...bytes.keys()].filter(
    (i) => i + 4 <= bytes.length && new DataView(bytes.buffer).getUint32(i, true) === signature,
  );
  bytes.set(value, (found.at(first ? 0 : -1) as number) + at);
  return new Blob([bytes]);
}

const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END = 0x06054b50;

describe("readZipDirectory", () => {
  it("finds the bytes of each file, behind the padding of its own header", async () => {
    const blob = blobOf(two());
    const entries = await readZipDirectory("m.pt", blob);
    expect([...entries.keys()]).toEqual(["a/x", "a/y"]);
    const texts = [...entries.values()].map(({ offset, size }) => blob.slice(offset, offset + size).text());
    expect(await Promise.all(texts)).toEqual(["first", "second!"]);
    for (const { offset } of entries.values()) expect(offset % 64).toBe(0);
  });

  it("reads what another program packed without compression", async () => {
    const blob = new Blob([
      zipSync({ "a/ä.bin": latin1("abc"), "a/empty": new Uint8Array() }, { level: 0 }) as BlobPart,
    ]);
    const entries = await readZipDirectory("m.pt", blob);
    expect([...entries.values()].map(({ name, size }) => [name, size])).toEqual([
      ["a/ä.bin", 3],
      ["a/empty", 0],
    ]);
  });

  it("reads zip64: files and an archive beyond 4 GiB, a few bytes of it", async () => {
    const blob = new SparseBlob(storedZip({ "a/big": 5 * 2 ** 30, "a/after": latin1("here"), "a/more": 2 ** 32 }));
    const entries = await readZipDirectory("m.pt", blob);
    expect(entries.get("a/big")?.size).toBe(5 * 2 ** 30);
    expect(entries.get("a/more")?.size).toBe(2 ** 32);
    const { offset, size } = entries.get("a/after") as { offset: number; size: number };
    expect(await blob.slice(offset, offset + size).text()).toBe("here");
    expect(blob.bytesRead).toBeLessThan(1000);
  });

  it("reads many entries", { timeout: 60_000 }, async () => {
    const files = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`a/data/${i}`, 4]));
    expect((await readZipDirectory("m.pt", new SparseBlob(storedZip(files)))).size).toBe(3000);
  });

  it.each<[string, () => Blob | Promise<Blob>, RegExp]>([
    ["no bytes", () => new Blob([]), /cut off/],
    ["bytes after the end", () => new Blob([blobOf(two()), "x"]), /its end is not that of a zip archive/],
    ["a compressed file", () => new Blob([zipSync({ x: new Uint8Array(999) }) as BlobPart]), /, x: compressed/],
    ["an encrypted file", () => changed(CENTRAL, 8, numbers([1, 2])), /, a\/y: encrypted/],
    [
      "a file twice",
      () =>
        blobOf(storedZip({ ab: 1, ac: 1 }))
          .arrayBuffer()
          .then(twice),
      /, ab: is in the archive twice/,
    ],
    ["two files on the same bytes", () => changed(CENTRAL, 42, numbers([0, 4])), /header differ/],
    [
      "a size that runs into the next file",
      () => changed(CENTRAL, 20, numbers([99, 4], [99, 4]), true),
      /, a\/x: 99 bytes by/,
    ],
    [
      "a size past the end",
      () => changed(CENTRAL, 20, numbers([9e8, 4], [9e8, 4])),
      /, a\/y: 900000000 bytes at \d+ lie outside/,
    ],
    ["two sizes", () => changed(CENTRAL, 20, numbers([9, 4])), /, a\/y: stored, yet 9 bytes/],
    ["a place past the end", () => changed(CENTRAL, 42, numbers([9e8, 4])), /, a\/y: .*lie outside/],
    ["another name in the file's header", () => changed(LOCAL, 30, latin1("b")), /, a\/y: .*differ/],
    ["another method in the file's header", () => changed(LOCAL, 8, numbers([8, 2])), /, a\/y: .*differ/],
    ["padding that runs out of the archive", () => changed(LOCAL, 28, numbers([60000, 2])), /, a\/y: runs into/],
    ["a directory elsewhere", () => changed(END, 16, numbers([1, 4])), /does not end at/],
    ["fewer entries than there are", () => changed(END, 8, numbers([1, 2], [1, 2])), /belong to no entry/],
    ["more entries than there are", () => changed(END, 8, numbers([3, 2], [3, 2])), /for 3 entries|entry 2/],
    ["a part of a divided archive", () => changed(END, 4, numbers([1, 2])), /divided/],
    ["a broken entry", () => changed(CENTRAL, 0, numbers([1, 4])), /entry 1 of its directory is broken/],
    ["a name that is no text", () => changed(CENTRAL, 46, latin1("\xff")), /entry 1 .* no text/],
  ])("refuses %s", async (_, blob, message) => {
    const error = await readZipDirectory("m.pt", await blob()).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(EngineFault);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/^m\.pt/);
  });

  it("refuses entries that overlap", async () => {
    const blob = new Blob([readFileSync("test/fixtures/12_checkpoints/hostile/overlapping.pt")]);
    await expect(readZipDirectory("m.pt", blob)).rejects.toThrow(EngineFault);
    // The second file's header lies inside the first's bytes, and says just what the directory says.
    const inner = new Uint8Array(
      await blobOf(storedZip({ in: 10 }))
        .slice(0, 140)
        .arrayBuffer(),
    );
    const pieces = storedZip({ ou: inner, in: 10 });
    const bytes = new Uint8Array(await blobOf(pieces).arrayBuffer());
    const start = (pieces[0] as Uint8Array).length;
    const at = bytes.lastIndexOf(0x50, bytes.length - 23);
    expect(bytes[at + 1]).toBe(0x4b);
    bytes.set(numbers([start, 4]), at + 42);
    await expect(readZipDirectory("m.pt", new Blob([bytes]))).rejects.toThrow("m.pt, ou: runs into what follows it");
  });

  it("refuses more entries than it would read", async () => {
    const end = numbers([END, 4], [0, 4], [0xffff, 2], [0xffff, 2], [46, 4], [0, 4], [0, 2]);
    await expect(readZipDirectory("m.pt", new Blob([new Uint8Array(46), end]))).rejects.toThrow(/for 65535 entries/);
  });

  it("meets an archive cut anywhere, and any changed byte, with its own error or a sound directory", {
    timeout: 60_000,
  }, async () => {
    const bytes = new Uint8Array(await blobOf(two()).arrayBuffer());
    for (let end = 0; end < bytes.length; end++) {
      await expect(readZipDirectory("m.pt", new Blob([bytes.subarray(0, end)]))).rejects.toThrow(EngineFault);
    }
    const random = seeded(1);
    for (let i = 0; i < 3000; i++) {
      const copy = joined(bytes);
      copy[Math.floor(random() * copy.length)] = Math.floor(random() * 256);
      const entries = await readZipDirectory("m.pt", new Blob([copy])).catch((error: unknown) => {
        if (!(error instanceof EngineFault)) throw error;
        return new Map();
      });
      for (const { offset, size } of entries.values()) expect(offset + size).toBeLessThanOrEqual(copy.length);
    }
  });

  it("says so when the file is gone", async () => {
    const blob = blobOf(two());
    blob.slice = () =>
      Object.assign(new Blob([]), { arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")) });
    await expect(readZipDirectory("m.pt", blob)).rejects.toMatchObject({
      code: "storage",
      message: expect.stringMatching(/choose the file again/i),
    });
  });
});

/** Calls the second of two files, `ac`, as the first. */
function twice(archive: ArrayBuffer): Blob {
  const bytes = new Uint8Array(archive);
  for (let i = 0; i < bytes.length - 1; i++) if (bytes[i] === 0x61 && bytes[i + 1] === 0x63) bytes[i + 1] = 0x62;
  return new Blob([bytes]);
}
