import { createSHA256 } from "hash-wasm";
import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import { SteadyBlob } from "./steady-blob.ts";

/** SHA-256 as lower-case hex of bytes that are in memory. */
export async function sha256(bytes: BufferSource): Promise<string> {
  if (!globalThis.crypto?.subtle) {
    throw new EngineFault(
      "insecure-context",
      say("Models can be checked only on a secure page: open it by https or on localhost."),
    );
  }
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** SHA-256 as lower-case hex of a Blob of any size, read as a stream (WebCrypto hashes only what is in memory). */
export async function sha256OfBlob(blob: Blob, onBytes: (count: number) => void = () => {}): Promise<string> {
  const hasher = await createSHA256();
  const reader = new SteadyBlob(blob).stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return hasher.digest("hex");
    hasher.update(value);
    onBytes(value.byteLength);
  }
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
