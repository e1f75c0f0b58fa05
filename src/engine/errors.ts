import type { ErrorCode } from "../../workers/faults.ts";
import { type Said, say } from "../../workers/messages.ts";
import type { WireError } from "../../workers/protocol.ts";

/**
 * Every failure of the engine: `code` for programs, `message` for people (what happened, what to do), `detail` for reports. `said`: the
 * message in parts, for other languages than English; left out where it is a page's own.
 */
export class EngineError extends Error {
  override readonly name = "EngineError";
  readonly said: Said | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string | Said,
    readonly detail?: string,
  ) {
    super(typeof message === "string" ? message : message.text);
    this.said = typeof message === "string" ? undefined : message;
  }

  static fromWire(error: WireError): EngineError {
    return new EngineError(error.code, error.said, error.detail);
  }
}

export const cancelled = () => new EngineError("cancelled", say("Stopped."));

/** The worker lives, but what it waits for never came: a device that swallowed its work. */
export const stalled = (silenceMs: number) =>
  new EngineError(
    "stalled",
    say("The graphics device has not answered for {seconds} seconds. Generate again: the engine starts afresh.", {
      seconds: Math.round(silenceMs / 1000),
    }),
  );
