import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SilenceWatch } from "../../src/engine/silence.ts";
import { WorkerClient } from "../../src/engine/worker-client.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("silence is told once, and only where nothing was heard", () => {
  const told = vi.fn();
  const watch = new SilenceWatch(1000, told);
  vi.advanceTimersByTime(900);
  watch.heard();
  vi.advanceTimersByTime(900);
  expect(told).not.toHaveBeenCalled();
  vi.advanceTimersByTime(5000);
  expect(told).toHaveBeenCalledTimes(1);
});

/** A worker as WorkerClient sees it; `says` is its voice. */
function fakeWorker() {
  const target = new EventTarget();
  const says = (data: object) => target.dispatchEvent(Object.assign(new Event("message"), { data }));
  const sent: { id: number }[] = [];
  const terminate = vi.fn();
  const worker = Object.assign(target, { postMessage: (message: { id: number }) => sent.push(message), terminate });
  return { worker: worker as unknown as Worker, says, sent, terminate };
}

test("a worker that falls silent is ended, and its call rejects with `stalled`", async () => {
  const { worker, says, sent, terminate } = fakeWorker();
  const died = vi.fn();
  const client = new WorkerClient<{ id: number; type: string }, { id: number; type: string }>(worker, died);
  const call = client.call({ type: "sample" }, ["sampled"], { silenceMs: 60_000 });
  const outcome = call.catch((error: { code: string }) => error.code);
  const waiting = client.call({ type: "sample" }, ["sampled"], { silenceMs: 60_000 }).catch((error) => error.code);
  vi.advanceTimersByTime(50_000);
  says({ id: sent[0]?.id, type: "step" });
  vi.advanceTimersByTime(50_000);
  expect(terminate).not.toHaveBeenCalled();
  vi.advanceTimersByTime(15_000);
  expect(await outcome).toBe("stalled");
  expect(await waiting).toBe("stalled");
  expect(terminate).toHaveBeenCalledTimes(1);
  expect(died).toHaveBeenCalledTimes(1);
  expect(client.alive).toBe(false);
});

test("a call that was answered is not watched any more", async () => {
  const { worker, says, sent, terminate } = fakeWorker();
  const client = new WorkerClient<{ id: number; type: string }, { id: number; type: string }>(worker, () => {});
  const call = client.call({ type: "sample" }, ["sampled"], { silenceMs: 60_000 });
  says({ id: sent[0]?.id, type: "sampled" });
  await call;
  vi.advanceTimersByTime(600_000);
  expect(terminate).not.toHaveBeenCalled();
});
