/** Sizes of the wasm memories of a page's workers, which no heap statistic counts, by the DevTools protocol. They never shrink. */
import type { CDPSession, Page } from "playwright";

const INTERVAL_MS = 5000;

/** Run in a worker before its own script: every memory that is made is known. */
const COUNT_MEMORIES = `
  globalThis.wasmMemories = [];
  WebAssembly.Memory = class extends WebAssembly.Memory {
    constructor(descriptor) {
      super(descriptor);
      wasmMemories.push(this);
    }
  };`;
const SUM = "wasmMemories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)";

interface Answer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: number } };
}

export class WasmHeaps {
  private readonly workers = new Map<string, string>();
  private readonly highest = new Map<string, number>();
  private readonly answers = new Map<number, (result: NonNullable<Answer["result"]>) => void>();
  private serial = 0;
  private timer: NodeJS.Timeout | undefined;

  private constructor(private readonly session: CDPSession) {}

  static async start(page: Page): Promise<WasmHeaps> {
    const session = await page.context().newCDPSession(page);
    const heaps = new WasmHeaps(session);
    session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      if (targetInfo.type === "worker") heaps.workers.set(sessionId, targetInfo.title || "worker");
      heaps.send(sessionId, "Runtime.evaluate", { expression: COUNT_MEMORIES });
      heaps.send(sessionId, "Runtime.runIfWaitingForDebugger", {});
    });
    session.on("Target.detachedFromTarget", ({ sessionId }) => heaps.workers.delete(sessionId));
    session.on("Target.receivedMessageFromTarget", ({ message }) => {
      const { id, result } = JSON.parse(message) as Answer;
      if (id !== undefined && result) heaps.answers.get(id)?.(result);
    });
    await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: true, flatten: false });
    heaps.timer = setInterval(() => void heaps.sample(), INTERVAL_MS);
    return heaps;
  }

  /** Largest seen of each worker, in bytes, since the start or the last call. */
  takePeaks(): Record<string, number> {
    const peaks = Object.fromEntries(this.highest);
    this.highest.clear();
    return peaks;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.session.detach().catch(() => {});
  }

  private async sample(): Promise<void> {
    for (const [sessionId, name] of this.workers) {
      const bytes = await this.bytesIn(sessionId).catch(() => undefined);
      if (bytes !== undefined) this.highest.set(name, Math.max(bytes, this.highest.get(name) ?? 0));
    }
  }

  /** A worker that is busy answers later, one that has ended never: it is waited for until the next sample. */
  private bytesIn(sessionId: string): Promise<number | undefined> {
    const id = this.send(sessionId, "Runtime.evaluate", { expression: SUM, returnByValue: true });
    return new Promise<number | undefined>((resolve, reject) => {
      setTimeout(reject, INTERVAL_MS, new Error("no answer"));
      this.answers.set(id, ({ result }) => resolve(result?.value));
    }).finally(() => this.answers.delete(id));
  }

  private send(sessionId: string, method: string, params: object): number {
    // Apart from the numbers of other samplers of the same worker.
    const id = 1_000_000 + ++this.serial;
    const message = JSON.stringify({ id, method, params });
    this.session.send("Target.sendMessageToTarget", { sessionId, message }).catch(() => {});
    return id;
  }
}
