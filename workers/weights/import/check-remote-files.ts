/** Whether files at public addresses make a model, before gigabytes are fetched that do not. */

import { EngineFault } from "../../faults.ts";
import { lines, say } from "../../messages.ts";
import type { RemoteFile } from "../../protocol.ts";
import type { Bundle } from "../bundle.ts";
import { formatOf, openCheckpoint } from "../checkpoint-file.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "../http.ts";
import { readRange } from "../read-range.ts";
import { meantFiles } from "./meant-files.ts";
import { previewImport } from "./preview.ts";
import { type Probe, probeOnce } from "./remote-files.ts";
import { RemoteSource } from "./remote-source.ts";
import { isReadBeside, type SourceFile } from "./source-files.ts";

/** Enough to tell what a file is. */
const HEAD_BYTES = 1024;

export interface CheckOptions {
  readonly retry?: RetryPolicy;
  readonly signal?: AbortSignal;
  /** Shared with what fetches the files afterwards. */
  readonly probe?: Probe;
}

/**
 * Reads the headers of safetensors files, and the indexes of split ones, by ranges. What is not seen from outside passes: torch checkpoints,
 * whose directory lies all over the file, and servers that give no ranges; those files are looked at when they are here.
 * @param base a stored model that lends what the files lack
 * @throws EngineFault `bad-bundle`: no checkpoint, or what is lacking; `network`, `offline`, `http`, `cancelled`
 */
export async function checkRemoteFiles(
  remote: readonly RemoteFile[],
  base: Bundle | undefined,
  {
    retry = DEFAULT_RETRY,
    signal = new AbortController().signal,
    probe = probeOnce({ retry, signal }),
  }: CheckOptions = {},
): Promise<void> {
  try {
    const files = await openRemoteFiles(remote, { retry, signal, probe });
    const { lacking, notes } = files ? await previewImport(files, base) : { lacking: [], notes: [] };
    if (lacking.length > 0) throw new EngineFault("bad-bundle", lines([...lacking, ...notes]));
  } catch (error) {
    if (signal.aborted) throw new EngineFault("cancelled", say("Stopped. Nothing was fetched."));
    throw error;
  }
}

/** undefined: one of them is not seen from outside. */
async function openRemoteFiles(
  remote: readonly RemoteFile[],
  { retry, signal, probe }: Required<CheckOptions>,
): Promise<SourceFile[] | undefined> {
  const files: SourceFile[] = [];
  for (const { url, name } of meantFiles(remote)) {
    const { size, ranges } = await probe(url);
    if (!ranges) return undefined;
    const blob = new RemoteSource(url, size, retry, signal);
    files.push({ name, blob });
    if (isReadBeside(name)) continue;
    const format = formatOf(await readRange(name, blob, 0, Math.min(size, HEAD_BYTES)));
    // Says what it is instead.
    if (format === undefined) await openCheckpoint(name, blob);
    if (format !== "safetensors") return undefined;
  }
  return files;
}
