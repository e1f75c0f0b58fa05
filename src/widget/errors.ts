import type { WidgetErrorCode, WireError } from "../embed/protocol.ts";
import { EngineError } from "../engine/index.ts";

/** What the widget itself refuses; `code` is for the host's script, `message` for whoever reads it. */
export class WidgetError extends Error {
  override readonly name = "WidgetError";
  constructor(
    readonly code: WidgetErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** As it goes over the port: no stack, no detail of this machine. */
export function toWire(error: unknown): WireError {
  if (error instanceof WidgetError || error instanceof EngineError) {
    return { code: error.code, message: error.message };
  }
  return { code: "internal", message: "Something went wrong in the widget." };
}
