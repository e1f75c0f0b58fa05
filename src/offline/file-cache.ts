/**
 * The app's files in the Cache API: one cache a version. A new version takes over what has not changed, so that an update of the page
 * does not fetch ORT again.
 */
import type { AppFile, AppFiles } from "./app-files.ts";

const PREFIX = "kosmosg-files-";

const cacheName = (version: string) => `${PREFIX}${version}`;

/** A name for these files together: the same files have the same. */
export async function versionOf(files: AppFiles): Promise<string> {
  const listed = new TextEncoder().encode(JSON.stringify([...files.values()]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", listed));
  return [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** With the revision, so that two versions of a file are told apart. */
function keyOf({ url, revision }: AppFile, scope: string): string {
  const key = new URL(url, scope);
  if (revision) key.searchParams.set("revision", revision);
  return key.href;
}

export interface FileCacheOptions {
  readonly caches: CacheStorage;
  readonly files: AppFiles;
  readonly scope: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

export class FileCache {
  private readonly version: Promise<string>;

  constructor(private readonly options: FileCacheOptions) {
    this.version = versionOf(options.files);
  }

  /** The version that these files are. */
  get name(): Promise<string> {
    return this.version;
  }

  /** Keeps the shell: what an older version has of it, and the rest from the server. @throws where a file cannot be fetched */
  async install(): Promise<void> {
    await this.takeOver();
    const shell = [...this.options.files.values()].filter(({ kept }) => kept === "shell");
    await Promise.all(shell.map((file) => this.keep(file)));
  }

  /**
   * What is kept of a file; from the server where nothing is, and kept then.
   * @param waitUntil keeps the service worker alive while the file is written
   */
  async answer(file: AppFile, waitUntil: (work: Promise<unknown>) => void): Promise<Response> {
    const own = await this.own();
    const kept = await own.match(keyOf(file, this.options.scope));
    if (kept) return kept;
    const response = await this.fetchFile(file);
    // Where the disk is full, the page works all the same.
    if (response.ok) waitUntil(own.put(keyOf(file, this.options.scope), response.clone()).catch(() => {}));
    return response;
  }

  /** Fetches a file unless it is kept. @throws where it cannot be fetched or written */
  async keep(file: AppFile): Promise<void> {
    const own = await this.own();
    const key = keyOf(file, this.options.scope);
    if (await own.match(key)) return;
    const response = await this.fetchFile(file);
    if (!response.ok) throw new FileNotServed(file.url, response.status);
    await own.put(key, response);
  }

  /** A file that another version keeps, by its address. */
  async ofOtherVersion(url: string): Promise<Response | undefined> {
    for (const name of await this.otherNames()) {
      const kept = await (await this.options.caches.open(name)).match(url, { ignoreSearch: true });
      if (kept) return kept;
    }
    return undefined;
  }

  /** Copies from other versions what they keep of these files. */
  async takeOver(): Promise<void> {
    const own = await this.own();
    for (const name of await this.otherNames()) {
      const other = await this.options.caches.open(name);
      for (const file of this.options.files.values()) {
        const key = keyOf(file, this.options.scope);
        if (await own.match(key)) continue;
        const kept = await other.match(key);
        if (kept) await own.put(key, kept);
      }
    }
  }

  /**
   * Deletes older versions. A later one is of a service worker that waits, or has taken over by now: its files stay.
   * @param inUse those that pages still run
   */
  async clean(inUse: ReadonlySet<string>): Promise<void> {
    const names = await this.names();
    const older = names.slice(0, Math.max(0, names.indexOf(cacheName(await this.version))));
    for (const name of older) {
      if (!inUse.has(name.slice(PREFIX.length))) await this.options.caches.delete(name);
    }
  }

  private async own(): Promise<Cache> {
    return this.options.caches.open(cacheName(await this.version));
  }

  private async otherNames(): Promise<string[]> {
    const own = cacheName(await this.version);
    return (await this.names()).filter((name) => name !== own);
  }

  /** Of all versions, in the order in which they were made. */
  private async names(): Promise<string[]> {
    return (await this.options.caches.keys()).filter((name) => name.startsWith(PREFIX));
  }

  private async fetchFile({ url, revision }: AppFile): Promise<Response> {
    const { scope, fetch } = this.options;
    // The page itself is asked for as it is opened: hosts redirect from index.html to it.
    const address = new URL(url.replace(/(^|\/)index\.html$/, "$1"), scope).href;
    // Names that change with the content may come from the browser's cache, others are asked for.
    return plain(await fetch(address, { cache: revision ? "no-cache" : "default" }));
  }
}

/** A file of this version that the server does not give. */
export class FileNotServed extends Error {
  override readonly name = "FileNotServed";
  constructor(
    readonly file: string,
    readonly status: number,
  ) {
    super(`${file}: the server answered ${status}`);
  }
}

/** Browsers refuse to open a page from an answer that was redirected. */
function plain(response: Response): Response {
  if (!response.redirected) return response;
  const { status, statusText, headers } = response;
  return new Response(response.body, { status, statusText, headers });
}
