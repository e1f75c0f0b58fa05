import type { InferenceSession } from "onnxruntime-web/webgpu";

interface Entry {
  readonly session: Promise<InferenceSession>;
  readonly bytes: number;
}

/** Compiled sessions by the shapes they were built for; the longest unused are released when there are too many, or too large ones. */
export class SessionCache {
  private readonly entries = new Map<string, Entry>();

  /**
   * @param capacity sessions
   * @param byteLimit of the weights of all sessions together; one may be larger alone
   */
  constructor(
    private readonly capacity: number,
    private readonly byteLimit = Number.POSITIVE_INFINITY,
  ) {}

  /** @param bytes of the session's weights on the device: each session has its own copy */
  async get(key: string, create: () => Promise<InferenceSession>, bytes = 0): Promise<InferenceSession> {
    const known = this.entries.get(key);
    if (known) {
      this.entries.delete(key);
      this.entries.set(key, known);
      return known.session;
    }
    for (const [oldest, { session }] of this.entries) {
      if (this.entries.size < this.capacity && this.bytes + bytes <= this.byteLimit) break;
      this.entries.delete(oldest);
      await (await session).release();
    }
    const session = create();
    this.entries.set(key, { session, bytes });
    session.catch(() => this.entries.delete(key));
    return session;
  }

  private get bytes(): number {
    return [...this.entries.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
