/** Files for the tests of readers: any size without its bytes, and a record of what was read of them. */

/** Bytes, or so many zeros. */
export type Piece = Uint8Array<ArrayBuffer> | number;

export class SparseBlob extends Blob {
  /** Of each read: where it began and ended. */
  readonly reads: [begin: number, end: number][] = [];
  private readonly total: number;

  constructor(private readonly pieces: readonly Piece[]) {
    super([]);
    this.total = pieces.reduce<number>((sum, piece) => sum + sizeOf(piece), 0);
  }

  override get size(): number {
    return this.total;
  }

  get bytesRead(): number {
    return this.reads.reduce((sum, [begin, end]) => sum + end - begin, 0);
  }

  override slice(begin = 0, end = this.total): Blob {
    this.reads.push([begin, end]);
    if (end - begin > 2 ** 28) throw new Error(`${end - begin} bytes at once`);
    const bytes = new Uint8Array(end - begin);
    let at = 0;
    for (const piece of this.pieces) {
      const from = Math.max(begin, at);
      const to = Math.min(end, at + sizeOf(piece));
      if (typeof piece !== "number" && from < to) bytes.set(piece.subarray(from - at, to - at), from - begin);
      at += sizeOf(piece);
    }
    return new Blob([bytes]);
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.reject(new Error("the whole file was read"));
  }
}

const sizeOf = (piece: Piece) => (typeof piece === "number" ? piece : piece.length);

export const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

export function joined(...parts: (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  const bytes = parts.map((part) => (typeof part === "string" ? latin1(part) : part));
  const all = new Uint8Array(bytes.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of bytes) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Little-endian numbers of 2, 4 or 8 bytes. */
export function numbers(...values: [value: number, bytes: 2 | 4 | 8][]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(values.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [value, bytes] of values) {
    if (bytes === 2) view.setUint16(at, value, true);
    else if (bytes === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

/** A zip archive of stored files; zip64 where a number needs it. */
export function storedZip(files: Record<string, Piece>): Piece[] {
  const pieces: Piece[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  const add = (piece: Piece) => {
    pieces.push(piece);
    at += sizeOf(piece);
  };
  for (const [name, content] of Object.entries(files)) {
    const size = sizeOf(content);
    const wide = [size, size, at].filter((n) => n >= 0xffffffff);
    const extra = wide.length > 0 ? numbers([1, 2], [8 * wide.length, 2], ...wide.map((n): [number, 8] => [n, 8])) : "";
    const fits = (n: number) => Math.min(n, 0xffffffff);
    const common = [
      [0, 2],
      [0, 2],
      [0, 4],
      [0, 4],
      [fits(size), 4],
      [fits(size), 4],
      [name.length, 2],
    ] as [number, 2 | 4][];
    directory.push(
      joined(
        numbers(
          [0x02014b50, 4],
          [45, 2],
          [45, 2],
          ...common,
          [extra.length, 2],
          [0, 2],
          [0, 2],
          [0, 2],
          [0, 4],
          [fits(at), 4],
        ),
        name,
        extra,
      ),
    );
    // torch pads the header so that the bytes begin at a multiple of 64.
    const padding = 64 + ((64 - ((at + 30 + name.length) % 64)) % 64);
    add(joined(numbers([0x04034b50, 4], [45, 2], ...common, [padding, 2]), name, new Uint8Array(padding)));
    add(content);
  }
  const entries = joined(...directory);
  const begin = at;
  add(entries);
  if (begin >= 0xffffffff) {
    const count = directory.length;
    const record = at;
    add(
      numbers(
        [0x06064b50, 4],
        [44, 8],
        [45, 2],
        [45, 2],
        [0, 4],
        [0, 4],
        [count, 8],
        [count, 8],
        [entries.length, 8],
        [begin, 8],
      ),
    );
    add(numbers([0x07064b50, 4], [0, 4], [record, 8], [1, 4]));
  }
  const count = Math.min(directory.length, 0xffff);
  add(
    numbers(
      [0x06054b50, 4],
      [0, 2],
      [0, 2],
      [count, 2],
      [count, 2],
      [entries.length, 4],
      [Math.min(begin, 0xffffffff), 4],
      [0, 2],
    ),
  );
  return pieces;
}

const text = (value: string) => joined("X", numbers([value.length, 4]), value);
const int = (value: number) => joined("\x8a\x08", numbers([value, 8]));

/** The pickle of `{ weight: <a vector of float32 in storage 0> }`, as torch.save writes it. */
export function vectorPickle(count: number, legacy = false): Uint8Array<ArrayBuffer> {
  const storage = joined(
    "((",
    text("storage"),
    "ctorch\nFloatStorage\n",
    text("0"),
    text("cpu"),
    int(count),
    legacy ? "N" : "",
    "tQ",
  );
  const tensor = joined("ctorch._utils\n_rebuild_tensor_v2\n", storage, "K\x00", int(count), "\x85K\x01\x85\x89}tR");
  return joined("\x80\x02}", text("weight"), tensor, "s.");
}

/** A legacy file of one vector: its pickles, the count of its storage, the storage. */
export function legacyVector(count: number): Piece[] {
  const head = joined(
    "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
    "\x80\x02M\xe9\x03.",
    joined("\x80\x02}", text("little_endian"), "\x88s."),
    vectorPickle(count, true),
    joined("\x80\x02]", text("0"), "a."),
  );
  return [head, numbers([count, 8]), 4 * count];
}

/** What a test changes by chance is the same on every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
