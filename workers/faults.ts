import type { Said } from "./messages.ts";

/** What can go wrong, as the page tells it apart. */
export const ERROR_CODES = [
  "no-webgpu",
  "no-adapter",
  "insecure-context",
  "device-lost",
  "out-of-memory",
  "too-large",
  "not-finite",
  "worker-died",
  "stalled",
  "cancelled",
  "network",
  "offline",
  "http",
  "hash-mismatch",
  "quota",
  "storage",
  "bad-bundle",
  "missing-tensor",
  "wrong-shape",
  "bad-image",
  "bad-prompt",
  "bad-settings",
  "not-loaded",
  "internal",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An error with a code and a message for people: what happened and what to do, in English and in parts (see messages.ts). */
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

/** The code of any error that carries one (EngineFault, GraphError, ...). */
export function faultCode(error: unknown): ErrorCode | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return ERROR_CODES.find((code) => code === error.code);
}
