import type { InferenceSession } from "onnxruntime-web/webgpu";

/** Compiled sessions by the shapes they were built for; the longest unused is released when there are too many. */
export class SessionCache {
  private readonly sessions = new Map<string, Promise<InferenceSession>>();

  constructor(private readonly capacity: number) {}

  async get(key: string, create: () => Promise<InferenceSession>): Promise<InferenceSession> {
    const known = this.sessions.get(key);
    if (known) {
      this.sessions.delete(key);
      this.sessions.set(key, known);
      return known;
    }
    for (const [oldest, session] of this.sessions) {
      if (this.sessions.size < this.capacity) break;
      this.sessions.delete(oldest);
      await (await session).release();
    }
    const session = create();
    this.sessions.set(key, session);
    session.catch(() => this.sessions.delete(key));
    return session;
  }
}
