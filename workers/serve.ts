/** The worker's side of src/engine/worker-client.ts: one request at a time, cancel between awaits, errors as data. */

import { faultCode } from "./faults.ts";
import { type Said, say } from "./messages.ts";
import type { WireError } from "./protocol.ts";

interface Request {
  readonly id: number;
  readonly type: string;
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

export interface Call<R> {
  /** Sends an event or the answer of this request. */
  readonly reply: (reply: Without<R, "id">, transfer?: Transferable[]) => void;
  /** Aborted when the page cancels this request. */
  readonly signal: AbortSignal;
}

/**
 * Serves requests in the order of their arrival, each to its end before the next starts; `cancel` overtakes.
 * A handler that throws answers with `error`.
 * @param overtaking requests that are carried out at once, beside what is running; each returns its answer
 */
export function serve<Q extends Request, R extends { id: number }>(
  handle: (request: Exclude<Q, { type: "cancel" }>, call: Call<R>) => Promise<void>,
  overtaking: Partial<Record<Q["type"], () => Without<R, "id">>> = {},
): void {
  const controllers = new Map<number, AbortController>();
  let queue = Promise.resolve();

  self.addEventListener("message", ({ data }: MessageEvent<Q & { target?: number }>) => {
    if (data.type === "cancel") {
      controllers.get(data.target as number)?.abort();
      return;
    }
    const immediate = overtaking[data.type as Q["type"]];
    if (immediate) {
      self.postMessage({ ...immediate(), id: data.id });
      return;
    }
    const request = data as Exclude<Q, { type: "cancel" }>;
    const controller = new AbortController();
    controllers.set(request.id, controller);
    const reply = (message: object, transfer: Transferable[] = []) =>
      self.postMessage({ ...message, id: request.id }, { transfer });
    queue = queue
      .then(() => {
        controller.signal.throwIfAborted();
        return handle(request, { reply, signal: controller.signal });
      })
      .catch((error: unknown) => reply({ type: "error", error: toWire(error, controller.signal) }))
      .finally(() => controllers.delete(request.id));
  });

  // Held until this worker dies: how the page learns of a death that sends no event. Denied where the page's storage is blocked.
  const lock = `worker-${crypto.randomUUID()}`;
  const hold = () => {
    self.postMessage({ type: "hold", lock });
    return new Promise(() => {});
  };
  navigator.locks.request(lock, hold).catch(() => {});
}

function toWire(error: unknown, signal: AbortSignal): WireError {
  if (signal.aborted) return { code: "cancelled", said: say("Stopped.") };
  const code = faultCode(error);
  if (code) {
    const { said, detail } = error as Error & { said: Said; detail?: string };
    return { code, said, ...(detail ? { detail } : {}) };
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: "internal", said: say("Something went wrong inside the engine. Try again."), detail };
}
