import type { ErrorCode, WireError } from "../../workers/protocol.ts";

/** Every failure of the engine: `code` for programs, `message` for people (what happened, what to do), `detail` for reports. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly detail?: string,
  ) {
    super(message);
  }

  static fromWire(error: WireError): EngineError {
    return new EngineError(error.code, error.message, error.detail);
  }
}

export const cancelled = () => new EngineError("cancelled", "Stopped.");

/** The worker lives, but what it waits for never came: a device that swallowed its work. */
export const stalled = (silenceMs: number) =>
  new EngineError(
    "stalled",
    `The graphics device has not answered for ${Math.round(silenceMs / 1000)} seconds. Generate again: the engine starts afresh.`,
  );
