/** One tab at a time. */
import type { InstallProgress } from "../protocol.ts";

const WAITING: InstallProgress = { phase: "waiting", file: "", loadedBytes: 0, totalBytes: 0, bytesPerSecond: 0 };

/** Runs `task` when no other tab runs one of this name; says `waiting` if one does. */
export async function exclusively<T>(
  name: string,
  onProgress: ((progress: InstallProgress) => void) | undefined,
  signal: AbortSignal | undefined,
  task: () => Promise<T>,
): Promise<T> {
  // Only secure pages have locks; others cannot check hashes either and fail later with that reason.
  const locks = globalThis.navigator?.locks;
  if (!locks) return task();
  // Denied where the page's storage is blocked: then none is shared with other tabs.
  const held = await locks.query().then(
    ({ held = [] }) => held,
    () => undefined,
  );
  if (!held) return task();
  if (held.some((lock) => lock.name === name)) onProgress?.(WAITING);
  return locks.request(name, signal ? { signal } : {}, task) as Promise<T>;
}
