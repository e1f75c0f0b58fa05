/** The widget's end of the conversation: one parent, one port, every message checked before anything is done with it. */
import { type EventMessage, LIMITS, PROTOCOL_VERSION, type WidgetEvents, type WireError } from "../embed/protocol.ts";
import { type CheckedRequest, readCheckedConfig, readInit, readRequest } from "../embed/protocol-schemas.ts";
import { toWire } from "./errors.ts";
import { RateLimit } from "./rate-limit.ts";

const LAST_WORD_MS = 1000;

export interface HostLinkOptions {
  /** Which of a page's widgets this is, by its address. */
  readonly id: string;
  /** Where the parent is known to be from: the hello goes there alone. */
  readonly parentOrigin: string | undefined;
  /** Whether this origin may embed the widget. */
  readonly isAllowed: (origin: string) => Promise<boolean>;
  /** The host's configuration; called once. @param origin as the browser says */
  readonly onInit: (config: ReturnType<typeof readCheckedConfig>, origin: string) => void;
  /** Carries out a request. What it throws is told to the host. */
  readonly carryOut: (request: CheckedRequest) => Promise<unknown>;
}

export class HostLink {
  private port: MessagePort | undefined;
  private isTaken = false;
  private readonly rate = new RateLimit(LIMITS.burst, LIMITS.perSecond);

  constructor(private readonly options: HostLinkOptions) {
    if (window.parent === window) return;
    addEventListener("message", this.receive);
    // Carries nothing that is secret: where the browser does not say who the parent is, anybody may hear it.
    const { id, parentOrigin = "*" } = options;
    window.parent.postMessage({ kosmosg: "hello", v: PROTOCOL_VERSION, id }, parentOrigin);
  }

  /** Tells the host, if one listens. */
  send<E extends keyof WidgetEvents>(t: E, detail: WidgetEvents[E], transfer: Transferable[] = []): void {
    this.port?.postMessage({ v: PROTOCOL_VERSION, t, detail } as EventMessage, transfer);
  }

  private readonly receive = ({ source, origin, data, ports }: MessageEvent<unknown>): void => {
    // Frames beside this one, and pages that opened it, may send anything: the parent alone is the host.
    if (source !== window.parent || this.isTaken) return;
    const init = readInit(data);
    const [port] = ports;
    if (!init || init.id !== this.options.id || !port) return;
    // The first is the only one: what is sent again, by whomever, meets nobody.
    this.isTaken = true;
    removeEventListener("message", this.receive);
    void this.accept(init.v, init.config, origin, port);
  };

  private async accept(version: number, config: unknown, origin: string, port: MessagePort): Promise<void> {
    const refuse = (error: WireError) => {
      port.close();
      const { id } = this.options;
      window.parent.postMessage({ kosmosg: "refused", v: PROTOCOL_VERSION, id, error }, origin);
    };
    if (version !== PROTOCOL_VERSION) {
      return refuse({ code: "version", message: `This widget speaks version ${PROTOCOL_VERSION}.` });
    }
    if (!(await this.options.isAllowed(origin))) {
      return refuse({ code: "host-refused", message: `This widget may not be embedded in ${origin}.` });
    }
    this.port = port;
    this.options.onInit(readCheckedConfig(config), origin);
    port.onmessage = (message) => this.hear(message.data as unknown);
  }

  private hear(data: unknown): void {
    if (!this.rate.take()) {
      this.tooMany(data);
      return;
    }
    const read = readRequest(data);
    if ("refusal" in read) {
      if (read.rid !== null) this.answer(read.rid, { ok: false, err: read.refusal });
      return;
    }
    const { rid, request } = read;
    this.options.carryOut(request).then(
      (value) => this.answer(rid, { ok: true, value }),
      (error: unknown) => this.answer(rid, { ok: false, err: toWire(error) }),
    );
  }

  private tooMany(data: unknown): void {
    if (this.rate.excess > LIMITS.excess) {
      this.send("closed", { code: "closed", message: "Too many messages: the widget listens no more." });
      const { port } = this;
      this.port = undefined;
      if (port) port.onmessage = null;
      // Closed at once, it would take the last word with it.
      setTimeout(() => port?.close(), LAST_WORD_MS);
      return;
    }
    const rid = (data as { rid?: unknown } | null)?.rid;
    const err = { code: "too-many", message: `At most ${LIMITS.perSecond} messages a second.` };
    if (typeof rid === "number") this.answer(rid, { ok: false, err });
  }

  private answer(rid: number, answer: { ok: true; value: unknown } | { ok: false; err: WireError }): void {
    this.port?.postMessage({ v: PROTOCOL_VERSION, rid, ...answer });
  }
}
