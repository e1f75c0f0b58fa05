import { EngineFault } from "../faults.ts";
import { say } from "../messages.ts";
import type { ByteSource } from "./byte-source.ts";

/**
 * The bytes `begin` to `end` of a file.
 * @param file its name, for messages
 * @throws EngineFault `bad-bundle` when the file ends before; `storage` when the browser cannot read it any longer
 */
export async function readRange(
  file: string,
  blob: ByteSource,
  begin: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!(begin >= 0 && begin <= end && end <= blob.size)) {
    throw new EngineFault(
      "bad-bundle",
      say("{file}: cut off ({size} bytes, at least {end} are needed); fetch the file again", {
        file,
        size: blob.size,
        end,
      }),
    );
  }
  let bytes: ArrayBuffer | undefined;
  let cause: string | undefined;
  try {
    bytes = await blob.slice(begin, end).arrayBuffer();
  } catch (error) {
    if (error instanceof EngineFault) throw error;
    cause = String(error);
  }
  if (bytes?.byteLength === end - begin) return new Uint8Array(bytes);
  // A File only points at the disk: moved or changed since it was chosen, it is gone.
  throw new EngineFault("storage", say("{file} can no longer be read. Choose the file again.", { file }), cause);
}

/** Reads in flight at a time: thousands of small ones neither queue up one by one nor all at once. */
const PARALLEL = 32;

/** `work` on each item, some at a time; rejects with the first error. */
export async function eachInParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, lane));
}
