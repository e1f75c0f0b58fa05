/** Files of weights at public addresses: fetched into the store as they are, to be imported from there like chosen ones. */

import { EngineFault } from "../../faults.ts";
import { say } from "../../messages.ts";
import type { ChosenFile, RemoteFile } from "../../protocol.ts";
import type { FileBundle, StoredFile } from "../bundle.ts";
import { downloadFiles, type InstallOptions } from "../download.ts";
import { exclusively } from "../exclusively.ts";
import { sha256 } from "../hash.ts";
import { DEFAULT_RETRY, type RetryPolicy, send, statusFault, withRetries } from "../http.ts";
import { type MeantFile, meantFiles } from "./meant-files.ts";

export type FetchOptions = Pick<InstallOptions, "store" | "onProgress" | "signal" | "retry"> & {
  /** Of what looked at the files before. */
  readonly probe?: Probe;
};

/** What a server says of a file. */
interface Probed {
  readonly size: number;
  readonly etag: string | null;
  /** Whether it gives parts of it. */
  readonly ranges: boolean;
}

export type Probe = (url: string) => Promise<Probed>;

export interface FetchedFiles {
  /** Of the files in the store; to be deleted when they are imported. */
  readonly id: string;
  readonly files: readonly ChosenFile[];
}

/**
 * Fetches files into the store, in chunks, and resumes what an earlier try left. A hash that is given is checked; without one a file
 * holds together by its length and ETag.
 * @throws EngineFault `network`, `offline`, `http`, `hash-mismatch`, `quota`, `storage`, `cancelled`
 */
export async function fetchRemoteFiles(remote: readonly RemoteFile[], options: FetchOptions): Promise<FetchedFiles> {
  try {
    return await fetchAll(remote, options);
  } catch (error) {
    if (options.signal?.aborted) throw new EngineFault("cancelled", say("Stopped. What has arrived is kept."));
    throw error;
  }
}

async function fetchAll(remote: readonly RemoteFile[], options: FetchOptions): Promise<FetchedFiles> {
  const { store, probe = probeOnce(options) } = options;
  const described: (MeantFile & { plain: string; stored: StoredFile })[] = [];
  for (const [i, file] of meantFiles(remote).entries())
    described.push({ ...file, plain: plainName(file.url, i), stored: await describe(file, probe) });
  const urls = new Map(described.map(({ plain, url }) => [plain, url]));
  const key = described.map(({ stored }) => `${stored.sha256}-${stored.size}`);
  const id = `fetched-${(await sha256(new TextEncoder().encode(key.join()))).slice(0, 16)}`;
  const largest = described.toSorted((a, b) => b.stored.size - a.stored.size)[0] as MeantFile;
  const files = Object.fromEntries(described.map(({ plain, stored }) => [plain, stored]));
  const bundle: FileBundle = { id, name: largest.name, license: "", files };
  const blobs = await exclusively(`kosmos-g-fetch ${id}`, options.onProgress, options.signal, async () => {
    // The tab before us may have done it.
    const stored = await store.openFiles(id).catch(() => undefined);
    if (!stored) await downloadFiles(bundle, largest.url, (name) => urls.get(name) as string, options);
    return (stored ?? (await store.openFiles(id)))?.files;
  });
  if (!blobs)
    throw new EngineFault("storage", say("The files were deleted while they were fetched. Import them again."));
  return { id, files: described.map(({ name, plain }) => ({ name, blob: blobs[plain] as Blob })) };
}

/** Size and hash; without a hash a name made of what tells this version of the file from others. */
async function describe({ url, size, sha256: hash }: RemoteFile, probe: Probe): Promise<StoredFile> {
  if (size !== undefined && hash !== undefined) return { size, sha256: hash };
  const probed = await probe(url);
  const known = hash ?? (await sha256(new TextEncoder().encode(`${url} ${probed.etag ?? ""} ${probed.size}`)));
  return { size: probed.size, sha256: known, ...(hash === undefined && { unhashed: true as const }) };
}

/** Asks for each address once: a file is looked at before it is fetched. */
export function probeOnce({
  retry = DEFAULT_RETRY,
  signal = new AbortController().signal,
}: Pick<FetchOptions, "retry" | "signal">): Probe {
  const known = new Map<string, Promise<Probed>>();
  return (url) => {
    const answer = known.get(url) ?? withRetries(retry, signal, () => ask(url, retry, signal));
    known.set(url, answer);
    return answer;
  };
}

/** From the first answer to a request for one byte. */
async function ask(url: string, { stallMs }: RetryPolicy, signal: AbortSignal): Promise<Probed> {
  const answer = await send(url, { headers: { Range: "bytes=0-0" }, cache: "no-store" }, stallMs, signal);
  const { status, headers } = answer.response;
  answer.close();
  if (status !== 200 && status !== 206) throw statusFault(url, answer.response);
  const etag = headers.get("etag");
  const total =
    headers.get("content-range")?.match(/\/(\d+)$/)?.[1] ?? (status === 200 && headers.get("content-length"));
  const ranges = status === 206;
  if (total) return { size: Number(total), etag, ranges };
  // Other sites show Content-Range only to pages that they name; the length of a whole answer everybody may see, of a range uncompressed.
  const head = await send(url, { method: "HEAD", headers: { Range: "bytes=0-" }, cache: "no-store" }, stallMs, signal);
  const length = head.response.headers.get("content-length");
  head.close();
  if (!head.response.ok || !length) {
    throw new EngineFault(
      "http",
      say("{url}: that server does not say how large the file is. Download it and choose it as a file.", { url }),
    );
  }
  return { size: Number(length), etag, ranges };
}

/** As the store wants its files called; two folders may hold files of one name. */
const plainName = (url: string, i: number) =>
  `${i}-${(new URL(url).pathname.split("/").at(-1) || "file").replace(/[^A-Za-z0-9._-]/g, "_").slice(-100)}`;
