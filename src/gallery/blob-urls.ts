/**
 * Object URLs of stored pictures, made when a component shows one and shared by all that do. A URL keeps its Blob alive: those that
 * nobody shows are kept up to a number, the least recently shown goes first.
 */
export type LoadBlob = (key: string) => Promise<Blob | undefined>;

interface Entry {
  url: Promise<string | undefined>;
  /** Once it is known. */
  ready?: string;
  users: number;
}

export class BlobUrls {
  /** In the order of their last use. */
  private readonly entries = new Map<string, Entry>();

  /** @param kept URLs kept for later while nobody uses them */
  constructor(
    private readonly load: LoadBlob,
    private readonly kept: number,
  ) {}

  /** How many URLs are alive; for tests. */
  get size(): number {
    return this.entries.size;
  }

  /** The URL, if it is at hand already. */
  peek(key: string): string | undefined {
    return this.entries.get(key)?.ready;
  }

  /** The URL of a picture, undefined where there is none. To be followed by one `release`. */
  acquire(key: string): Promise<string | undefined> {
    const entry = this.entries.get(key) ?? this.make(key);
    entry.users++;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.url;
  }

  release(key: string): void {
    const entry = this.entries.get(key);
    if (!entry || entry.users === 0) return;
    entry.users--;
    this.trim();
  }

  /** Forgets a picture that has changed or gone. */
  drop(key: string): void {
    const entry = this.entries.get(key);
    if (!entry) return;
    this.entries.delete(key);
    void entry.url.then((url) => url && URL.revokeObjectURL(url));
  }

  private make(key: string): Entry {
    const entry: Entry = { url: Promise.resolve(undefined), users: 0 };
    entry.url = this.load(key).then(
      (blob) => {
        if (blob) entry.ready = URL.createObjectURL(blob);
        // Not there now may be there later, when another tab has written it.
        else if (this.entries.get(key) === entry) this.entries.delete(key);
        return entry.ready;
      },
      () => {
        if (this.entries.get(key) === entry) this.entries.delete(key);
        return undefined;
      },
    );
    this.entries.set(key, entry);
    return entry;
  }

  private trim(): void {
    let idle = 0;
    for (const entry of this.entries.values()) if (entry.users === 0) idle++;
    for (const [key, entry] of this.entries) {
      if (idle <= this.kept) return;
      if (entry.users > 0) continue;
      this.drop(key);
      idle--;
    }
  }
}
