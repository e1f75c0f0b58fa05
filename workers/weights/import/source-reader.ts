import { EngineFault } from "../../faults.ts";
import { say } from "../../messages.ts";
import type { TensorLocation } from "../../onnx/graph.ts";
import type { ByteSource } from "../byte-source.ts";
import type { ByteReader } from "../convert.ts";
import { isStrided, readStrided, type StridedLocation } from "../strided.ts";
import { elementBytes } from "../tensors.ts";

/** Tensors of chosen files by byte range; those that lie in another order are put in order when they are read. */
export class SourceReader implements ByteReader {
  private readonly strided = new WeakMap<TensorLocation, StridedLocation>();
  /** The tensor that was put in order last: it is asked for piece by piece. */
  private last: { location: TensorLocation; bytes: Promise<ArrayBuffer> } | undefined;

  constructor(private readonly files: ReadonlyMap<string, ByteSource>) {}

  /** A location whose `length` counts the bytes of its shape. */
  rowMajor(location: TensorLocation | StridedLocation): TensorLocation {
    if (!isStrided(location)) return location;
    const length = location.shape.reduce((product, d) => product * d, elementBytes(location));
    const { file, dtype, shape, offset } = location;
    const plain = { file, dtype, shape, offset, length };
    this.strided.set(plain, location);
    return plain;
  }

  /** The first `rows` rows of a tensor that `rowMajor` gave. */
  firstRows(location: TensorLocation, rows: number): TensorLocation {
    const [all = 1, ...row] = location.shape;
    const first = { ...location, shape: [rows, ...row], length: (location.length / all) * rows };
    const strided = this.strided.get(location);
    if (strided) this.strided.set(first, strided);
    return first;
  }

  /** @throws EngineFault `storage` when the file can no longer be read: moved, changed, or its disk is gone */
  async readBytes(location: TensorLocation, begin = 0, end = location.length): Promise<ArrayBuffer> {
    const strided = this.strided.get(location);
    if (!strided) return this.readFile(location.file, location.offset + begin, location.offset + end);
    if (this.last?.location !== location) {
      const bytes = readStrided(strided, (from, to) => this.readFile(location.file, from, to));
      this.last = { location, bytes };
    }
    return (await this.last.bytes).slice(begin, end);
  }

  private async readFile(file: string, begin: number, end: number): Promise<ArrayBuffer> {
    try {
      const bytes = await this.files.get(file)?.slice(begin, end).arrayBuffer();
      if (bytes?.byteLength === end - begin) return bytes;
    } catch (error) {
      throw new EngineFault("storage", unreadable(file), String(error));
    }
    throw new EngineFault("storage", unreadable(file));
  }
}

const unreadable = (file: string) =>
  say("{file} can no longer be read: it was moved or changed. Choose it again.", { file });
