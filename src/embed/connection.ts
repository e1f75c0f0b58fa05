import { EmbedError } from "./embed-error.ts";
import { readError, readEvent, readReply } from "./from-frame.ts";
import {
  type Command,
  type Commands,
  type EventMessage,
  PROTOCOL_VERSION,
  type WidgetConfig,
  type WidgetErrorCode,
  type WireError,
} from "./protocol.ts";

/** A page that has not answered by then is not the widget, or could not be loaded. */
const ANSWER_MS = 60_000;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: EmbedError) => void;
}

export interface ConnectionOptions {
  readonly iframe: HTMLIFrameElement;
  /** The widget's: nobody else is listened or spoken to. */
  readonly origin: string;
  /** Told to the frame in its address: which of a page's widgets this is. */
  readonly id: string;
  /** As it stands when the frame asks for it. */
  readonly config: () => WidgetConfig;
  readonly onEvent: (event: EventMessage) => void;
}

/** The host's end: waits for the frame's hello, hands it a port, and carries requests over it. */
export class Connection {
  private port: MessagePort | undefined;
  private readonly pending = new Map<number, Pending>();
  /** Requests made before the frame has said that it is ready. */
  private waiting: (() => void)[] = [];
  private isReady = false;
  private serial = 0;
  /** Pages that the frame has loaded, and hellos of the widget: one of each for each, in either order. */
  private loads = 0;
  private hellos = 0;
  /** The frame holds somebody else's page: until the widget says hello again there is nobody to ask. */
  private isAway = false;
  private ended: EmbedError | undefined;
  private readonly timer: ReturnType<typeof setTimeout>;

  constructor(private readonly options: ConnectionOptions) {
    addEventListener("message", this.receive);
    options.iframe.addEventListener("load", this.loaded);
    this.timer = setTimeout(
      () => this.fail("no-answer", `${options.origin} has not answered. Is the widget there?`),
      ANSWER_MS,
    );
  }

  /** @throws EmbedError what the widget answers, or that it went away */
  call<C extends Command>(t: C, args: Commands[C]["args"]): Promise<Commands[C]["value"]> {
    return new Promise((resolve, reject) => {
      if (this.ended || this.isAway) return reject(this.ended ?? navigated());
      const rid = ++this.serial;
      this.pending.set(rid, { resolve: resolve as (value: unknown) => void, reject });
      const send = () => this.port?.postMessage({ v: PROTOCOL_VERSION, rid, t, ...args });
      if (this.isReady) send();
      else this.waiting.push(send);
    });
  }

  /** Ends the conversation; whatever waits for an answer rejects. */
  close(error: WireError & { readonly code: WidgetErrorCode }): void {
    this.ended ??= new EmbedError(error);
    clearTimeout(this.timer);
    removeEventListener("message", this.receive);
    this.options.iframe.removeEventListener("load", this.loaded);
    this.drop(this.ended);
  }

  private readonly receive = ({ source, origin, data }: MessageEvent<unknown>): void => {
    const { iframe, id } = this.options;
    // Any window may send anything: it counts only from this frame, while the widget's own page is in it.
    if (source === null || source !== iframe.contentWindow || origin !== this.options.origin) return;
    const message = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
    if (message.id !== id || !Number.isInteger(message.v) || (message.v as number) < PROTOCOL_VERSION) return;
    if (message.kosmosg === "hello") this.greet(iframe.contentWindow as Window);
    else if (message.kosmosg === "refused") this.refuse(readError(message.error));
  };

  /** A second hello is a frame that was loaded anew: what was asked of the first is lost. */
  private greet(frame: Window): void {
    clearTimeout(this.timer);
    this.hellos += 1;
    this.isAway = false;
    if (this.port) this.drop(navigated());
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => this.hear(data);
    this.port = port1;
    const { origin, id, config } = this.options;
    frame.postMessage({ kosmosg: "init", v: PROTOCOL_VERSION, id, config: config() }, origin, [port2]);
  }

  private refuse(error: WireError): void {
    this.options.onEvent({ v: PROTOCOL_VERSION, t: "error", detail: error });
    this.close(error as WireError & { code: WidgetErrorCode });
  }

  private fail(code: WidgetErrorCode, message: string): void {
    this.refuse({ code, message });
  }

  /** A page that has loaded without a hello, while there was somebody to talk to, is somebody else's. */
  private readonly loaded = (): void => {
    this.loads = Math.min(this.loads, this.hellos) + 1;
    if (!this.port || this.loads <= this.hellos) return;
    [this.loads, this.hellos, this.isAway] = [0, 0, true];
    this.drop(navigated());
    this.options.onEvent({ v: PROTOCOL_VERSION, t: "error", detail: readError(navigated()) });
  };

  private hear(data: unknown): void {
    const reply = readReply(data);
    if (reply) {
      const call = this.pending.get(reply.rid);
      this.pending.delete(reply.rid);
      if (reply.ok) call?.resolve(reply.value);
      else call?.reject(new EmbedError(reply.err));
      return;
    }
    const event = readEvent(data);
    if (!event) return;
    if (event.t === "ready") {
      this.isReady = true;
      for (const send of this.waiting.splice(0)) send();
    }
    this.options.onEvent(event);
    if (event.t === "closed") this.close(event.detail as WireError & { code: WidgetErrorCode });
  }

  private drop(error: EmbedError): void {
    this.port?.close();
    this.port = undefined;
    this.isReady = false;
    this.waiting = [];
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

const navigated = () =>
  new EmbedError({ code: "navigated", message: "The frame was led elsewhere or loaded anew. Ask again." });
