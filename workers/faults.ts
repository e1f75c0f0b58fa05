import type { Said } from "./messages.ts";
import { ERROR_CODES, type ErrorCode } from "./protocol.ts";

/** An error with a code of the protocol and a message for people: what happened and what to do, in English and in parts (see messages.ts). */
export class EngineFault extends Error {
  override readonly name: string = "EngineFault";
  constructor(
    readonly code: ErrorCode,
    readonly said: Said,
    readonly detail?: string,
  ) {
    super(said.text);
  }
}

/** The protocol's code of any error that carries one (EngineFault, GraphError, ...). */
export function faultCode(error: unknown): ErrorCode | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return ERROR_CODES.find((code) => code === error.code);
}
