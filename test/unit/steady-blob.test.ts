import { expect, test } from "vitest";
import { SteadyBlob } from "../../workers/weights/steady-blob.ts";

const SIZE = 9 * 2 ** 20 + 5;
const bytes = new Uint8Array(SIZE).map((_, i) => (i * 31 + (i >> 12)) % 251);
const blob = new SteadyBlob(new Blob([bytes]));

/** As ORT reads: into one buffer of 1 MiB, over and over. */
async function readByob(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const reader = stream.getReader({ mode: "byob" });
  const read: Uint8Array[] = [];
  let buffer = new ArrayBuffer(2 ** 20);
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(buffer, 0, buffer.byteLength));
    if (value) {
      if (value.byteLength > 0) read.push(value.slice());
      buffer = value.buffer;
    }
    if (done) break;
  }
  return new Uint8Array(await new Blob(read as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

test("is a Blob of the same bytes", async () => {
  expect(blob).toBeInstanceOf(Blob);
  expect(blob.size).toBe(SIZE);
  expect(Buffer.from(await blob.slice(3, 1000).arrayBuffer()).equals(bytes.subarray(3, 1000))).toBe(true);
});

test.each([
  [0, SIZE],
  [1, 2],
  [12_345, 12_345],
  [4 * 2 ** 20 - 1, 8 * 2 ** 20 + 1],
  [SIZE - 7, SIZE + 100],
])("bytes %i to %i by a reader with its own buffer, and by a plain one", async (start, end) => {
  const wanted = bytes.subarray(start, end);
  expect(
    Buffer.from(await readByob(blob.slice(start, end).stream() as ReadableStream<Uint8Array<ArrayBuffer>>)).equals(
      wanted,
    ),
  ).toBe(true);
  const plain = await new Response(blob.slice(start, end).stream()).bytes();
  expect(Buffer.from(plain).equals(wanted)).toBe(true);
});
