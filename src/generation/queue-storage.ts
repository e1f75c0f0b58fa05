/**
 * Jobs that have not been drawn yet, kept in IndexedDB: each tab under its own key, so that no tab takes another's jobs.
 * A tab holds a lock of the same name while it lives; jobs whose lock is free were left by a tab that is gone.
 */
import { createStore as createIdb, delMany, entries, set as idbSet, type UseStore } from "idb-keyval";
import * as v from "valibot";
import { type JobRequest, jobRequestSchema } from "./job.ts";

export interface QueueStorage {
  /** Jobs that tabs have left behind, oldest first; they are this tab's from now on. */
  readonly takeOver: () => Promise<JobRequest[]>;
  readonly save: (requests: readonly JobRequest[]) => Promise<void>;
}

const LOCK_PREFIX = "kosmosg-queue-";

export function createQueueStorage(): QueueStorage {
  // Times come first in keys: sorted by them, jobs are in the order in which they were asked for.
  const key = `${Date.now()}-${crypto.randomUUID()}`;
  let idb: UseStore | undefined;
  const database = () => {
    idb ??= createIdb("kosmosg-queue", "jobs");
    return idb;
  };

  return {
    takeOver: async () => {
      // Denied where all storage is: then the request below says so.
      navigator.locks.request(LOCK_PREFIX + key, () => new Promise(() => {})).catch(() => {});
      // One tab at a time, or two that start together would both take the same jobs.
      return navigator.locks.request("kosmosg-queue", async () => {
        const { held = [] } = await navigator.locks.query();
        const alive = new Set(held.map(({ name }) => name));
        const left = (await entries<string, unknown>(database()))
          .filter(([name]) => !alive.has(LOCK_PREFIX + name))
          .sort(([a], [b]) => (a < b ? -1 : 1));
        const requests = left.flatMap(([, stored]) => readRequests(stored));
        if (requests.length > 0) await idbSet(key, requests, database());
        await delMany(
          left.map(([name]) => name),
          database(),
        );
        return requests;
      });
    },
    save: async (requests) => {
      if (requests.length > 0) await idbSet(key, requests, database());
      else await delMany([key], database());
    },
  };
}

/** Those of `stored` that are understood; anything may lie in storage. Exported for tests. */
export function readRequests(stored: unknown): JobRequest[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((item: unknown) => {
    const read = v.safeParse(jobRequestSchema, item);
    return read.success ? [read.output] : [];
  });
}
