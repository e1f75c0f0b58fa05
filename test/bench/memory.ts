/** Peak memory of a page and its workers: JavaScript heaps by the DevTools protocol (wasm memories are not in them), whole processes by Linux. */
import { readFile } from "node:fs/promises";
import type { BrowserContext, CDPSession, Page } from "playwright";

const INTERVAL_MS = 250;

/** Bytes. */
export interface PeakMemory {
  /** Largest sum over page and workers at one sample: V8's objects, and ArrayBuffers. */
  readonly objects: number;
  readonly buffers: number;
  /** Largest `objects + buffers` of each, by name. */
  readonly perThread: Record<string, number>;
  /** Largest resident set of any renderer, and of the GPU process; Linux only. */
  readonly renderer?: number;
  readonly gpuProcess?: number;
}

interface HeapUsage {
  usedSize: number;
  backingStorageSize: number;
}

interface Thread {
  readonly name: string;
  readonly ask: () => Promise<HeapUsage>;
  last?: HeapUsage;
  asked?: boolean;
}

/** Samples until `stop`, or until the page is closed. What lives and dies between two samples is not seen. */
export class MemorySampler {
  private readonly threads = new Map<string, Thread>();
  private readonly perThread = new Map<string, number>();
  private highest = { objects: 0, buffers: 0 };
  private timer: NodeJS.Timeout | undefined;
  private serial = 0;
  private readonly answers = new Map<number, (usage: HeapUsage) => void>();

  private constructor(private readonly session: CDPSession) {}

  static async start(page: Page): Promise<MemorySampler> {
    const session = await page.context().newCDPSession(page);
    const sampler = new MemorySampler(session);
    sampler.threads.set("page", {
      name: "page",
      ask: async () => (await session.send("Runtime.getHeapUsage")) as HeapUsage,
    });
    session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      if (targetInfo.type !== "worker") return;
      const name = targetInfo.title || targetInfo.url.replace(/.*\//, "");
      sampler.threads.set(sessionId, { name, ask: () => sampler.askWorker(sessionId) });
    });
    session.on("Target.detachedFromTarget", ({ sessionId }) => sampler.threads.delete(sessionId));
    session.on("Target.receivedMessageFromTarget", ({ message }) => {
      const { id, result } = JSON.parse(message) as { id?: number; result?: HeapUsage };
      if (id !== undefined && result) sampler.answers.get(id)?.(result);
    });
    await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
    sampler.timer = setInterval(() => sampler.sample(), INTERVAL_MS);
    page.once("close", () => clearInterval(sampler.timer));
    return sampler;
  }

  /** @param context the page's, for the sizes of its processes */
  async peak(context: BrowserContext): Promise<PeakMemory> {
    return { ...this.highest, perThread: Object.fromEntries(this.perThread), ...(await peakResidentSets(context)) };
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.session.detach().catch(() => {});
  }

  private askWorker(sessionId: string): Promise<HeapUsage> {
    const id = ++this.serial;
    return new Promise<HeapUsage>((resolve, reject) => {
      this.answers.set(id, resolve);
      const message = JSON.stringify({ id, method: "Runtime.getHeapUsage" });
      this.session.send("Target.sendMessageToTarget", { sessionId, message }).catch(reject);
    }).finally(() => this.answers.delete(id));
  }

  /** Asks everyone who is not busy with the last question; until it answers, a thread counts with its last answer. */
  private sample(): void {
    for (const thread of this.threads.values()) {
      if (thread.asked) continue;
      thread.asked = true;
      thread.ask().then(
        (usage) => {
          thread.last = usage;
          thread.asked = false;
          const bytes = usage.usedSize + usage.backingStorageSize;
          this.perThread.set(thread.name, Math.max(bytes, this.perThread.get(thread.name) ?? 0));
        },
        // It has ended.
        () => {},
      );
    }
    const sum = (field: keyof HeapUsage) =>
      [...this.threads.values()].reduce((n, { last }) => n + (last?.[field] ?? 0), 0);
    const now = { objects: sum("usedSize"), buffers: sum("backingStorageSize") };
    if (now.objects + now.buffers > this.highest.objects + this.highest.buffers) this.highest = now;
  }
}

async function peakResidentSets(context: BrowserContext): Promise<{ renderer?: number; gpuProcess?: number }> {
  try {
    const browser = context.browser();
    if (!browser) return {};
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    await session.detach();
    const peaks = await Promise.all(
      processInfo.map(async ({ type, id }) => ({ type, bytes: await peakResidentSet(id) })),
    );
    const most = (type: string) => Math.max(...peaks.filter((peak) => peak.type === type).map(({ bytes }) => bytes));
    return { renderer: most("renderer"), gpuProcess: most("GPU") };
  } catch {
    return {};
  }
}

/** Bytes. */
async function peakResidentSet(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
