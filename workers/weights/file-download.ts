import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";
import type { StoredFile } from "./bundle.ts";
import { sha256 } from "./hash.ts";
import {
  type Answer,
  allOrNone,
  type RetryPolicy,
  type Slots,
  send,
  statusFault,
  TransientFault,
  withRetries,
} from "./http.ts";
import { CHUNK_BYTES, chunkBytes, chunkCount } from "./parse-bundle.ts";
import type { ProgressMeter } from "./progress-meter.ts";
import { expectedHash, type WeightStore } from "./store.ts";

export interface DownloadContext {
  store: WeightStore;
  /** The bundle that the file belongs to. */
  bundleId: string;
  meter: ProgressMeter;
  /** Shared by all files: limits requests and the chunks in memory. */
  slots: Slots;
  retry: RetryPolicy;
  /** Ends the requests of all files. */
  controller: AbortController;
}

/** A file that changes so often while it is fetched is given up. */
const MAX_RESTARTS = 3;

/**
 * Fetches the missing chunks of one file: by Range where the server knows ranges, else from one stream that is cut.
 * Chunks without a hash of their own (long files whose bundle lists none) hold together by the file's ETag:
 * when it changes, what is there is dropped.
 */
export class FileDownload {
  private readonly count: number;
  private readonly hashed: boolean;
  /** The body that is being cut, if any. */
  private stream: Promise<void> | undefined;
  /** The server has answered a range with the whole file. */
  private streams = false;
  private restarts = 0;

  /**
   * @param missing chunks to fetch; emptied as they are stored
   * @param etag under which the other chunks came
   */
  constructor(
    private readonly name: string,
    private readonly file: StoredFile,
    private readonly url: string,
    private readonly missing: Set<number>,
    private etag: string | undefined,
    private readonly context: DownloadContext,
  ) {
    this.count = chunkCount(file.size);
    this.hashed = expectedHash(file, 0) !== undefined;
  }

  async run(): Promise<void> {
    while (this.missing.size > 0) {
      const [first, ...rest] = [...this.missing];
      // The first answer shows whether the server knows ranges; if not, it brings the rest as well.
      await this.fetch(first as number);
      if (this.streams) continue;
      await allOrNone(
        rest.map((index) => this.fetch(index)),
        this.context.controller,
      );
    }
  }

  private fetch(index: number): Promise<void> {
    const { slots, retry, controller } = this.context;
    return slots.run(() => withRetries(retry, controller.signal, () => this.fetchChunk(index)));
  }

  private async fetchChunk(index: number): Promise<void> {
    // Its failure is the business of the request that reads it.
    await this.stream?.catch(() => {});
    if (!this.missing.has(index)) return;
    const begin = index * CHUNK_BYTES;
    const end = begin + chunkBytes(this.file.size, index) - 1;
    const headers: Record<string, string> = this.count === 1 ? {} : { Range: `bytes=${begin}-${end}` };
    // If-Range is no safelisted header: elsewhere it would cost a preflight that many servers refuse. The ETag is compared anyway.
    if (headers.Range && this.etag && !this.etag.startsWith("W/") && sameOrigin(this.url))
      headers["If-Range"] = this.etag;
    // Not through the HTTP cache: the weights would lie on the disk twice.
    const init: RequestInit = { headers, cache: "no-store" };
    const answer = await send(this.url, init, this.context.retry.stallMs, this.context.controller.signal);
    try {
      await this.receive(answer, index, begin);
    } finally {
      answer.close();
    }
  }

  private async receive({ response, pieces }: Answer, index: number, begin: number): Promise<void> {
    if (response.status === 416) throw this.mismatch(say("is shorter on the server than was said"));
    if (response.status !== 200 && response.status !== 206) throw statusFault(this.url, response);
    await this.noticeChange(response.headers.get("etag"));
    if (response.status === 206) {
      this.checkRange(response.headers.get("content-range"), begin);
      await this.cut(pieces, index, index + 1);
      return;
    }
    // Another request may have met the same answer.
    if (this.stream)
      throw new TransientFault("network", say("{name}: the server stopped to serve ranges", { name: this.name }));
    this.streams = true;
    this.stream = this.cut(pieces, 0, this.count);
    try {
      await this.stream;
    } finally {
      this.stream = undefined;
    }
  }

  /** Cuts a body that holds the chunks `first` to `last` (exclusive) and stores those that are missing. */
  private async cut(pieces: Answer["pieces"], first: number, last: number): Promise<void> {
    const { meter } = this.context;
    const version = this.etag;
    let index = first;
    let chunk = new Uint8Array(chunkBytes(this.file.size, index));
    let filled = 0;
    let counted = 0;
    try {
      for await (const piece of pieces) {
        for (let read = 0; read < piece.byteLength; ) {
          if (index === last) throw this.mismatch(say("is longer on the server than was said"));
          const part = piece.subarray(read, read + chunk.byteLength - filled);
          chunk.set(part, filled);
          filled += part.byteLength;
          read += part.byteLength;
          if (this.missing.has(index)) {
            counted += part.byteLength;
            meter.add(this.name, part.byteLength);
          }
          if (filled < chunk.byteLength) continue;
          if (this.missing.has(index)) await this.store(index, chunk, version);
          index++;
          filled = 0;
          counted = 0;
          if (index < last) chunk = new Uint8Array(chunkBytes(this.file.size, index));
        }
      }
    } catch (error) {
      meter.add(this.name, -counted);
      throw error;
    }
    if (index === last) return;
    meter.add(this.name, -counted);
    throw new TransientFault(
      "network",
      say("{name} was cut off by the server or the network. Load the model again; what has arrived is kept.", {
        name: this.name,
      }),
    );
  }

  private async store(index: number, bytes: Uint8Array<ArrayBuffer>, version: string | undefined): Promise<void> {
    const hash = await sha256(bytes);
    if (hash !== (expectedHash(this.file, index) ?? hash))
      throw this.mismatch(say("is not the file that was described"));
    if (!this.hashed && version !== this.etag)
      throw new TransientFault("network", say("{name} changed on the server", { name: this.name }));
    await this.context.store.putChunk(this.file, index, new Blob([bytes]), hash);
    this.missing.delete(index);
  }

  private async noticeChange(etag: string | null): Promise<void> {
    if (etag === null || etag === this.etag) return;
    const { store, bundleId, meter } = this.context;
    const changed = this.etag !== undefined;
    this.etag = etag;
    await store.noteEtag(bundleId, this.name, etag);
    if (!changed || this.hashed) return;
    if (++this.restarts > MAX_RESTARTS) throw this.mismatch(say("keeps changing on the server"));
    await store.dropChunks(this.file);
    for (let index = 0; index < this.count; index++) {
      if (this.missing.has(index)) continue;
      this.missing.add(index);
      meter.add(this.name, -chunkBytes(this.file.size, index));
    }
  }

  /** @param header not visible on other origins that do not expose it; then the length and the hash must do */
  private checkRange(header: string | null, begin: number): void {
    const [, from, total] = header?.match(/^bytes (\d+)-\d+\/(\d+|\*)$/) ?? [];
    if (from === undefined || total === undefined) return;
    if (total !== "*" && Number(total) !== this.file.size)
      throw this.mismatch(say("has another size on the server than was said"));
    if (Number(from) !== begin)
      throw new TransientFault(
        "network",
        say("{name}: the server sent another part than was asked for", { name: this.name }),
      );
  }

  private mismatch(problem: Said): EngineFault {
    return hashMismatch(this.name, problem);
  }
}

export function hashMismatch(file: string, problem = say("is not the file that was described")): EngineFault {
  return new EngineFault(
    "hash-mismatch",
    say(
      "{file} {problem}. Load the model again: only the wrong part is fetched anew; if it stays wrong, its publisher has to mend it.",
      { file, problem },
    ),
    file,
  );
}

const sameOrigin = (url: string) => globalThis.location?.origin === new URL(url).origin;
