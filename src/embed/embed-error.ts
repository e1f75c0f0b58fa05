import type { WireError } from "./protocol.ts";

/** What every promise of the element rejects with: `code` for programs (the widget's, or the engine's), `message` for people. */
export class EmbedError extends Error {
  override readonly name = "EmbedError";
  readonly code: string;

  constructor({ code, message }: WireError) {
    super(message);
    this.code = code;
  }
}
