/** Bytes of one read: what is in memory at a time, beside the reader's own copy. */
const PIECE = 4 * 2 ** 20;

/**
 * A Blob whose streams read it piece by piece with `arrayBuffer`. ORT takes external data from `blob.slice(…).stream()`, and in
 * headless Chromium such a stream was seen, once in some dozen models built, to leave a read unanswered for ever.
 */
export class SteadyBlob extends Blob {
  constructor(private readonly source: Blob) {
    // By reference: no byte is copied.
    super([source], { type: source.type });
  }

  override slice(start?: number, end?: number, type?: string): Blob {
    return new SteadyBlob(this.source.slice(start, end, type));
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { source } = this;
    let at = 0;
    return new ReadableStream({
      type: "bytes",
      async pull(controller) {
        if (at < source.size) {
          const piece = await source.slice(at, at + PIECE).arrayBuffer();
          at += piece.byteLength;
          if (piece.byteLength > 0) {
            controller.enqueue(new Uint8Array(piece));
            return;
          }
        }
        controller.close();
        // A reader that brought its own buffer waits for it.
        controller.byobRequest?.respond(0);
      },
    });
  }
}
