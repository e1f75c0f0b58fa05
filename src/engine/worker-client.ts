/** One disposable worker seen from the page: requests with ids, events while they run, one answer each, and notice of its death. */
import { say } from "../../workers/messages.ts";
import type { WireError } from "../../workers/protocol.ts";
import { cancelled, EngineError, stalled } from "./errors.ts";
import { SilenceWatch } from "./silence.ts";

interface Reply {
  readonly id: number;
  readonly type: string;
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

interface Pending<R> {
  readonly answers: ReadonlySet<string>;
  readonly onEvent: (reply: R) => void;
  readonly resolve: (reply: R) => void;
  readonly reject: (error: EngineError) => void;
  readonly silence: SilenceWatch | undefined;
}

export interface CallOptions<R> {
  readonly onEvent?: (reply: R) => void;
  readonly signal?: AbortSignal | undefined;
  readonly transfer?: Transferable[];
  /** A worker that says nothing for so long is ended, and the call rejects with `stalled`; left out: it is waited for. */
  readonly silenceMs?: number;
}

/** Longer than any single step should take. */
const CANCEL_LIMIT_MS = 30_000;

let serial = 0;

/**
 * @typeParam Q requests, each with `id` and `type`
 * @typeParam R replies; `error` ends a request with a WireError
 */
export class WorkerClient<Q extends { id: number; type: string }, R extends Reply> {
  private readonly pending = new Map<number, Pending<R>>();
  private ended: EngineError | undefined;

  /**
   * @param worker a worker that serves requests with workers/serve.ts
   * @param onDeath called once when the worker ends, however it ends, other than by `end`
   */
  constructor(
    private readonly worker: Worker,
    private readonly onDeath: (error: EngineError) => void,
  ) {
    worker.addEventListener("message", ({ data }: MessageEvent<R | { type: "hold"; lock: string }>) => {
      if ("lock" in data) this.watch(data.lock);
      else this.receive(data);
    });
    worker.addEventListener("error", (event) => {
      this.die(
        new EngineError(
          "worker-died",
          say("The engine stopped unexpectedly. Try again; nothing was lost."),
          event.message,
        ),
      );
    });
    worker.addEventListener("messageerror", () => {
      this.die(new EngineError("internal", say("A message from the engine could not be read. Try again.")));
    });
  }

  get alive(): boolean {
    return this.ended === undefined;
  }

  /** Sends a request and waits for one of `answers`. Rejects with EngineError; an aborted signal sends `cancel` and rejects as the worker answers. */
  call<A extends R["type"]>(
    request: Without<Q, "id">,
    answers: readonly A[],
    { onEvent = () => {}, signal, transfer = [], silenceMs }: CallOptions<R> = {},
  ): Promise<Extract<R, { type: A }>> {
    if (this.ended) return Promise.reject(this.ended);
    if (signal?.aborted) return Promise.reject(cancelled());
    const id = ++serial;
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.worker.postMessage({ id: ++serial, type: "cancel", target: id });
        // A kernel that hangs never comes back to its cancel: then the worker goes.
        setTimeout(() => this.pending.has(id) && this.die(cancelled()), CANCEL_LIMIT_MS);
      };
      const silence =
        silenceMs === undefined ? undefined : new SilenceWatch(silenceMs, () => this.die(stalled(silenceMs)));
      const settle = () => {
        silence?.stop();
        signal?.removeEventListener("abort", abort);
        this.pending.delete(id);
      };
      this.pending.set(id, {
        answers: new Set<string>(answers),
        onEvent,
        resolve: (reply) => {
          settle();
          resolve(reply as Extract<R, { type: A }>);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
        silence,
      });
      signal?.addEventListener("abort", abort);
      this.worker.postMessage({ ...request, id }, transfer);
    });
  }

  /** Ends the worker at once; whatever it was doing rejects with `reason`. */
  end(reason: EngineError = cancelled()): void {
    if (this.ended) return;
    this.ended = reason;
    this.worker.terminate();
    for (const call of [...this.pending.values()]) call.reject(reason);
  }

  /** Ends the worker behind this client's back, as the browser does under memory pressure. */
  kill(): void {
    this.worker.terminate();
  }

  private receive(reply: R): void {
    // Calls are served one after the other: while one is heard of, those behind it wait.
    for (const call of this.pending.values()) call.silence?.heard();
    const call = this.pending.get(reply.id);
    if (!call) return;
    if (reply.type === "error") call.reject(EngineError.fromWire((reply as unknown as { error: WireError }).error));
    else if (call.answers.has(reply.type)) call.resolve(reply);
    else call.onEvent(reply);
  }

  /** The worker holds this lock for as long as it lives; the browser gives it to us at its death, whatever the cause. */
  private watch(lock: string): void {
    void navigator.locks.request(lock, () => {
      this.die(
        new EngineError(
          "worker-died",
          say("The engine was ended by the browser, perhaps for lack of memory. Try again; nothing was lost."),
        ),
      );
    });
  }

  private die(error: EngineError): void {
    if (this.ended) return;
    this.end(error);
    this.onDeath(error);
  }
}
