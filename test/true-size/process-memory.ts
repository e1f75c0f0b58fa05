/** Memory of a browser as Linux counts it: every process of it together, shared pages once. */
import { readdir, readFile } from "node:fs/promises";

const INTERVAL_MS = 1000;

/** Bytes, at the sample where the sum was largest. */
export interface ProcessPeak {
  readonly total: number;
  /** Of each kind of process (Chromium's --type; "browser" has none). */
  readonly byKind: Record<string, number>;
}

/** Samples the proportional set size of every process that this one has started, until `stop`. */
export class ProcessMemory {
  private highest: ProcessPeak = { total: 0, byKind: {} };
  private stopped = false;
  private readonly ended: Promise<void>;

  constructor() {
    this.ended = this.sampleUntilStopped();
  }

  /** The peak since the start, or since the last call. */
  takePeak(): ProcessPeak {
    const peak = this.highest;
    this.highest = { total: 0, byKind: {} };
    return peak;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.ended;
  }

  private async sampleUntilStopped(): Promise<void> {
    while (!this.stopped) {
      const byKind: Record<string, number> = {};
      for (const pid of await descendants(process.pid)) {
        const [kind, bytes] = await Promise.all([kindOf(pid), proportionalSetSize(pid)]);
        byKind[kind] = (byKind[kind] ?? 0) + bytes;
      }
      const total = Object.values(byKind).reduce((sum, bytes) => sum + bytes, 0);
      if (total > this.highest.total) this.highest = { total, byKind };
      await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
    }
  }
}

async function descendants(root: number): Promise<number[]> {
  const children = new Map<number, number[]>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = children.get(root) ?? [];
  // Grows while it is walked.
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

async function kindOf(pid: number): Promise<string> {
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return /--type=([\w-]+)/.exec(command)?.[1] ?? "browser";
}

async function proportionalSetSize(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0) * 1024;
}
