/** Requests that may fail on the way: what is worth another try, and when to give up. */

import { EngineFault } from "../faults.ts";
import { type Said, say } from "../messages.ts";

export interface RetryPolicy {
  /** Tries in all. */
  attempts: number;
  /** The longest wait before the second try; doubles from try to try. */
  baseDelayMs: number;
  maxDelayMs: number;
  /** A request that brings no byte for so long is given up and tried again. */
  stallMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 6, baseDelayMs: 500, maxDelayMs: 15_000, stallMs: 30_000 };

/** A failure that another try may mend. */
export class TransientFault extends EngineFault {
  constructor(
    code: "network" | "http",
    said: Said,
    detail?: string,
    /** How long the server asked us to wait. */
    readonly retryAfterMs = 0,
  ) {
    super(code, said, detail);
  }
}

/** Runs `task` until it succeeds, fails for good, or has failed `attempts` times; waits longer each time, with jitter. */
export async function withRetries<T>(policy: RetryPolicy, signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof TransientFault) || attempt >= policy.attempts) throw error;
      const longest = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
      const asked = Math.min(policy.maxDelayMs, error.retryAfterMs);
      await wait(Math.max(asked, Math.random() * longest), signal);
    }
  }
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

export interface Answer {
  response: Response;
  /** The body as it arrives; to be read once. */
  pieces: AsyncGenerator<Uint8Array, void, undefined>;
  /** Ends the request, wherever it is. */
  close: () => void;
}

/**
 * Sends a request; the answer may have any status.
 * @throws TransientFault `network`; EngineFault `offline`; the signal's reason when it is aborted. So does reading the body.
 */
export async function send(url: string, init: RequestInit, stallMs: number, signal: AbortSignal): Promise<Answer> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  const stalled = () => controller.abort(new DOMException(`No byte for ${stallMs} ms`, "TimeoutError"));
  let timer = setTimeout(stalled, stallMs);
  signal.addEventListener("abort", stop, { once: true });
  const end = () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
    controller.abort();
  };
  const fault = (error: unknown) => {
    end();
    return signal.aborted ? signal.reason : networkFault(url, error);
  };

  let response: Response;
  try {
    response = await fetch(url, { ...init, signal: controller.signal });
  } catch (error) {
    throw fault(error);
  }

  async function* read(): Answer["pieces"] {
    const reader = response.body?.getReader();
    while (reader) {
      let result: ReadableStreamReadResult<Uint8Array>;
      try {
        result = await reader.read();
      } catch (error) {
        throw fault(error);
      }
      clearTimeout(timer);
      if (result.done) return;
      yield result.value;
      timer = setTimeout(stalled, stallMs);
    }
  }
  return { response, pieces: read(), close: end };
}

function networkFault(url: string, error: unknown): EngineFault {
  if (globalThis.navigator?.onLine === false) {
    return new EngineFault(
      "offline",
      say("There is no network. Connect and load the model again; what has arrived is kept."),
    );
  }
  const foreign = globalThis.location !== undefined && new URL(url).origin !== globalThis.location.origin;
  const file = lastPart(url);
  return new TransientFault(
    "network",
    foreign
      ? say(
          "{file} could not be fetched: the connection failed, or that server does not let other sites read it (CORS). Load the model again; what has arrived is kept.",
          { file },
        )
      : say("{file} could not be fetched: the connection failed. Load the model again; what has arrived is kept.", {
          file,
        }),
    `${url}: ${error}`,
  );
}

/** For statuses other than 200 and 206: TransientFault for those that pass, EngineFault `http` for the rest. */
export function statusFault(url: string, response: Response): EngineFault {
  const { status, headers } = response;
  const values = { file: lastPart(url), status: `${status} ${response.statusText}`.trim() };
  if (status === 408 || status === 429 || status >= 500) {
    const seconds = Number(headers.get("retry-after"));
    const said = say(
      "{file}: the server answered {status}. Load the model again in a while; what has arrived is kept.",
      values,
    );
    return new TransientFault("http", said, url, Number.isFinite(seconds) ? seconds * 1000 : 0);
  }
  return new EngineFault(
    "http",
    say("{file}: the server answered {status}. Check the address of the model.", values),
    url,
  );
}

/** A body that is known to be small, as text. */
export async function readSmall({ response, pieces, close }: Answer, url: string, maxBytes: number): Promise<string> {
  try {
    if (response.status !== 200) throw statusFault(url, response);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    for await (const piece of pieces) {
      size += piece.byteLength;
      if (size > maxBytes)
        throw new EngineFault(
          "bad-bundle",
          say("{file} is larger than {maxBytes} bytes", { file: lastPart(url), maxBytes }),
        );
      parts.push(piece.slice());
    }
    return await new Blob(parts).text();
  } finally {
    close();
  }
}

/** What a person knows a file by. */
const lastPart = (url: string) => new URL(url).pathname.split("/").at(-1) ?? "";

/** So many tasks at a time. */
export class Slots {
  private readonly waiting: (() => void)[] = [];
  constructor(private free: number) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}

/** Waits for all tasks, also after a failure: then the controller ends the others, and the first failure is thrown. */
export async function allOrNone(tasks: readonly Promise<unknown>[], controller: AbortController): Promise<void> {
  for (const task of tasks) task.catch((error: unknown) => controller.abort(error));
  await Promise.allSettled(tasks);
  if (controller.signal.aborted) throw controller.signal.reason;
}
