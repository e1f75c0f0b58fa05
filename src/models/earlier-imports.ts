/**
 * What imports were made of, files by their handles or addresses: what was deleted, lost or interrupted comes back without being chosen again.
 * Kept in IndexedDB, which alone can hold handles.
 */

import { promisifyRequest, type UseStore } from "idb-keyval";
import * as v from "valibot";
import { say } from "../../workers/messages.ts";
import type { ImportChoice, RemoteFile, StoredModel } from "../../workers/protocol.ts";
import { EngineError } from "../engine/index.ts";
import { looksLikeWeights } from "./import-names.ts";
import { awaitsImport } from "./models-store.ts";
import type { Picked, PickedFile } from "./picked-files.ts";

interface Earlier {
  /** What was chosen; its id is that of the model. */
  readonly choice: ImportChoice;
  /** Milliseconds since 1970. */
  readonly at: number;
}

interface EarlierFile {
  readonly name: string;
  readonly size: number;
  readonly lastModified: number;
  readonly handle: FileSystemFileHandle;
}

/** Of files on the person's disk. */
export interface EarlierFiles extends Earlier {
  readonly kind: "files";
  readonly files: readonly EarlierFile[];
  readonly roots: readonly FileSystemHandle[];
}

/** Of files at public addresses. */
export interface EarlierAddresses extends Earlier {
  readonly kind: "addresses";
  readonly addresses: readonly RemoteFile[];
  /** Name of the model that lent what they lack. */
  readonly lender?: string;
}

export type EarlierImport = EarlierFiles | EarlierAddresses;

/** Where they are kept. Where storage is denied all methods reject. */
export interface EarlierImports {
  /** Newest first. */
  readonly list: () => Promise<EarlierImport[]>;
  readonly keep: (earlier: EarlierImport) => Promise<void>;
  readonly forget: (id: string) => Promise<void>;
}

/** The oldest are forgotten beyond it. */
const MOST = 20;
const NAME = "kosmosg-imports";

/** In a bucket of their own, where the browser has them: gigabytes of weights that it clears away leave the handles behind. */
type WithBuckets = Navigator & {
  storageBuckets?: {
    open(name: string, options: { persisted: boolean }): Promise<{ readonly indexedDB: IDBFactory }>;
  };
};

/** @param name of the database; tests have their own */
export function createEarlierImports(name = NAME): EarlierImports {
  let opened: Promise<IDBDatabase> | undefined;
  const open = async () => {
    const { storageBuckets } = navigator as WithBuckets;
    const bucket = await storageBuckets?.open(name, { persisted: true }).catch(() => undefined);
    const request = (bucket?.indexedDB ?? indexedDB).open(name);
    request.onupgradeneeded = () => request.result.createObjectStore(name);
    const database = await promisifyRequest(request);
    database.onclose = () => {
      opened = undefined;
    };
    return database;
  };
  const table: UseStore = async (mode, callback) => {
    opened ??= open();
    const database = await opened.catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return callback(database.transaction(name, mode).objectStore(name));
  };
  const list = async () => {
    const all = await table("readonly", (store) => promisifyRequest<unknown[]>(store.getAll()));
    return all.flatMap((stored) => readEarlier(stored) ?? []).toSorted((a, b) => b.at - a.at);
  };
  const forget = (id: string) => table("readwrite", (store) => promisifyRequest(store.delete(id)));
  return {
    list,
    forget,
    keep: async (earlier) => {
      await table("readwrite", (store) => promisifyRequest(store.put(earlier, earlier.choice.id)));
      for (const { choice } of (await list()).slice(MOST)) await forget(choice.id);
    },
  };
}

const handle = v.custom<FileSystemFileHandle & FileSystemDirectoryHandle>((value) => value instanceof Object);
const earlier = {
  choice: v.object({
    id: v.string(),
    name: v.string(),
    license: v.string(),
    base: v.exactOptional(v.string()),
    fourBit: v.exactOptional(v.boolean()),
  }),
  at: v.number(),
};
const EarlierSchema = v.variant("kind", [
  v.object({
    kind: v.literal("files"),
    files: v.array(v.object({ name: v.string(), size: v.number(), lastModified: v.number(), handle })),
    roots: v.array(handle),
    ...earlier,
  }),
  v.object({
    kind: v.literal("addresses"),
    addresses: v.pipe(
      v.array(
        v.object({
          url: v.pipe(v.string(), v.url()),
          name: v.exactOptional(v.string()),
          size: v.exactOptional(v.number()),
          sha256: v.exactOptional(v.string()),
        }),
      ),
      v.minLength(1),
    ),
    lender: v.exactOptional(v.string()),
    ...earlier,
  }),
]);

/** What is understood of what is stored: first there were files alone, which did not say so. Exported for tests. */
export function readEarlier(stored: unknown): EarlierImport | undefined {
  const read = v.safeParse(EarlierSchema, { kind: "files", ...(stored as object) });
  return read.success ? read.output : undefined;
}

/** Whether an import again gives this model, or uses up what was fetched for it. */
export const brings = (earlier: EarlierImport, model: StoredModel): boolean =>
  earlier.choice.id === model.id ||
  (earlier.kind === "addresses" && awaitsImport(model) && earlier.addresses.some(({ url }) => url === model.source));

/** What is to be remembered of an import; undefined where the browser gave no handles. */
export function asEarlier({ files, roots }: Picked, choice: ImportChoice, at = Date.now()): EarlierFiles | undefined {
  const known = files.flatMap(({ name, blob, handle }) =>
    handle ? [{ name, size: blob.size, lastModified: (blob as File).lastModified, handle }] : [],
  );
  return known.length === files.length && roots.length > 0
    ? { kind: "files", choice, files: known, roots, at }
    : undefined;
}

/** As Chromium has it; not in TypeScript's DOM. */
type Asking = FileSystemHandle & {
  queryPermission(options: { mode: "read" }): Promise<PermissionState>;
  requestPermission(options: { mode: "read" }): Promise<PermissionState>;
};

/**
 * The files again, as they were. Call it in a click: the browser may ask for permission.
 * @throws EngineError `storage` when permission is denied, or a file is gone or is another one by now
 */
export async function reopen({ files, roots }: Pick<EarlierFiles, "files" | "roots">): Promise<Picked> {
  for (const root of roots as readonly Asking[]) {
    if ((await root.queryPermission({ mode: "read" })) === "granted") continue;
    // Some browsers throw where they do not ask.
    if ((await root.requestPermission({ mode: "read" }).catch(() => "denied")) === "granted") continue;
    throw new EngineError(
      "storage",
      say("The browser may not read “{name}”. Press again and allow it, or choose the files anew.", {
        name: root.name,
      }),
    );
  }
  const found = await Promise.all(
    files.map(async ({ name, size, lastModified, handle }): Promise<PickedFile> => {
      const blob = await handle.getFile().catch((error: unknown) => {
        throw new EngineError(
          "storage",
          say(
            "“{name}” is no longer where it was: moved, renamed or deleted. Put it back, or choose it where it is now.",
            { name },
          ),
          String(error),
        );
      });
      if (blob.size === size && blob.lastModified === lastModified) return { name, blob, handle };
      throw new EngineError(
        "storage",
        say("“{name}” was changed since it was imported. Choose it again to import it as it is now.", { name }),
      );
    }),
  );
  return { files: found, roots };
}

/** Names of those picked files of weights that an earlier import was made of, unchanged. */
export async function knownFiles(
  picked: readonly PickedFile[],
  earlier: Pick<EarlierFiles, "files">,
): Promise<string[]> {
  const known: string[] = [];
  for (const { name, blob, handle } of picked.filter(looksLikeWeights)) {
    for (const file of earlier.files) {
      const alike = file.size === blob.size && file.lastModified === (blob as File).lastModified;
      if (alike && (await handle?.isSameEntry(file.handle))) known.push(name);
    }
  }
  return known;
}
