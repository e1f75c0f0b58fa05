/** A file at a public address, read by ranges, as far as its readers ask. */
import { say } from "../../messages.ts";
import type { ByteSource } from "../byte-source.ts";
import { type RetryPolicy, send, statusFault, TransientFault, withRetries } from "../http.ts";

/** Most headers are read with it. */
const HEAD_BYTES = 2 ** 16;

export class RemoteSource implements ByteSource {
  private head: Promise<ArrayBuffer> | undefined;

  /** @param size what the server says that it is */
  constructor(
    private readonly url: string,
    readonly size: number,
    private readonly retry: RetryPolicy,
    private readonly signal: AbortSignal,
  ) {}

  slice(begin: number, end: number) {
    return { arrayBuffer: () => this.read(begin, Math.min(end, this.size)) };
  }

  /** @throws EngineFault `network`, `offline`, `http`; the signal's reason */
  private async read(begin: number, end: number): Promise<ArrayBuffer> {
    if (end > HEAD_BYTES) return this.fetch(begin, end);
    this.head ??= this.fetch(0, Math.min(HEAD_BYTES, this.size));
    return (await this.head).slice(begin, end);
  }

  private fetch(begin: number, end: number): Promise<ArrayBuffer> {
    if (begin >= end) return Promise.resolve(new ArrayBuffer(0));
    return withRetries(this.retry, this.signal, async () => {
      const init: RequestInit = { headers: { Range: `bytes=${begin}-${end - 1}` }, cache: "no-store" };
      const answer = await send(this.url, init, this.retry.stallMs, this.signal);
      try {
        if (answer.response.status !== 206) throw statusFault(this.url, answer.response);
        const bytes = new Uint8Array(end - begin);
        let filled = 0;
        for await (const piece of answer.pieces) {
          bytes.set(piece.subarray(0, bytes.length - filled), filled);
          filled += Math.min(piece.length, bytes.length - filled);
        }
        if (filled < bytes.length)
          throw new TransientFault("network", say("{url} was cut off. Try it again.", { url: this.url }));
        return bytes.buffer;
      } finally {
        answer.close();
      }
    });
  }
}
