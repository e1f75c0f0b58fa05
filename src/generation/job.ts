/** A job: one picture that was asked for. What it asks for never changes; how far it has come does, by the steps below. */

import * as v from "valibot";
import type { Said } from "../../workers/messages.ts";
import { sentenceSchema } from "../composer/prompt-doc.ts";
import type { ErrorCode } from "../engine/index.ts";
import { parametersSchema } from "../settings/parameters.ts";

const groupSchema = v.object({
  id: v.pipe(v.string(), v.maxLength(64)),
  kind: v.picklist(["variations", "steps", "guidance", "seeds"]),
});

/** Everything that makes one picture. Also the form in which waiting jobs survive a reload. */
export const jobRequestSchema = v.object({
  sentence: sentenceSchema,
  /** The sentence in the paper's notation, `‹cat› in the snow`. */
  caption: v.pipe(v.string(), v.maxLength(8192)),
  parameters: parametersSchema,
  /** Address of the model's folder, or the id of a stored model. */
  model: v.pipe(v.string(), v.maxLength(2048)),
  /** Pictures that belong together, such as a grid over one setting. */
  group: v.optional(groupSchema),
});

export type JobRequest = v.InferOutput<typeof jobRequestSchema>;

/** What went wrong, as data: it is shown long after the error was caught. */
export interface JobFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly said?: Said;
  readonly detail?: string;
}

export type JobState =
  | { readonly name: "waiting" }
  /** Waits for the user's word: its tab was closed, or what went before it failed in a way that it would meet as well. */
  | { readonly name: "held"; readonly why: "reload" | "trouble" }
  | { readonly name: "running"; readonly cancelling: boolean }
  /** `result`: its id in the gallery. */
  | { readonly name: "done"; readonly result: string }
  | { readonly name: "failed"; readonly failure: JobFailure }
  /** `step` null: before the first. */
  | { readonly name: "stopped"; readonly step: number | null };

export interface Job {
  readonly id: string;
  readonly request: JobRequest;
  readonly state: JobState;
  /** How often it has been begun. */
  readonly attempts: number;
}

export type Jobs = readonly Job[];

export function newJob(id: string, request: JobRequest, state: JobState = { name: "waiting" }): Job {
  return { id, request, state, attempts: 0 };
}

/** Runs now or will without being asked. */
export const isActive = ({ state }: Job) => state.name === "waiting" || state.name === "running";

/** Not drawn yet and not given up: what a reload must not lose. */
export const isOpen = (job: Job) => isActive(job) || job.state.name === "held";

export const runningJob = (jobs: Jobs): Job | undefined => jobs.find(({ state }) => state.name === "running");

export const jobsThat = (jobs: Jobs, name: JobState["name"]): Job[] => jobs.filter(({ state }) => state.name === name);

/** What runs next; nothing while one is running. */
export function nextJob(jobs: Jobs): Job | undefined {
  return runningJob(jobs) ? undefined : jobs.find(({ state }) => state.name === "waiting");
}

export function withState(jobs: Jobs, id: string, state: JobState): Jobs {
  return jobs.map((job) =>
    job.id === id
      ? { ...job, state, attempts: job.attempts + (state.name === "running" && !state.cancelling ? 1 : 0) }
      : job,
  );
}

/** Entities that jobs name which may still be drawn: they must not be thrown away. */
export function entitiesNamed(jobs: Jobs): Set<string> {
  return new Set(
    jobs.flatMap(({ request }) => request.sentence.flatMap((part) => (part.kind === "entity" ? [part.id] : []))),
  );
}

/** All waiting jobs are held back. */
export function held(jobs: Jobs, why: "reload" | "trouble"): Jobs {
  return jobs.map((job) => (job.state.name === "waiting" ? { ...job, state: { name: "held", why } } : job));
}

/** Held jobs wait their turn again. */
export function released(jobs: Jobs): Jobs {
  return jobs.map((job) => (job.state.name === "held" ? { ...job, state: { name: "waiting" } } : job));
}

/** Ends jobs at the user's wish: those that wait leave the list, the one that runs is marked as cancelling. */
export function cancelled(jobs: Jobs, ids: ReadonlySet<string>): Jobs {
  return jobs.flatMap((job) => {
    if (!ids.has(job.id)) return [job];
    if (job.state.name === "waiting" || job.state.name === "held") return [];
    return job.state.name === "running" ? [{ ...job, state: { name: "running", cancelling: true } as const }] : [job];
  });
}

/**
 * Puts a job that failed or was stopped back, as the next one.
 * @param change of what it asks for, such as a smaller size
 */
export function again(jobs: Jobs, id: string, change: Partial<JobRequest["parameters"]> = {}): Jobs {
  const job = jobs.find((other) => other.id === id);
  if (!job || isOpen(job)) return jobs;
  const { request } = job;
  const renewed = newJob(id, { ...request, parameters: { ...request.parameters, ...change } });
  const others = jobs.filter((other) => other !== job);
  const at = others.findIndex(({ state }) => state.name === "waiting");
  return others.toSpliced(at < 0 ? others.length : at, 0, renewed);
}

/** Done jobs stay in sight until all is done, so that "3 of 4" means something. */
export function withoutDone(jobs: Jobs): Jobs {
  return jobs.some(isActive) ? jobs : jobs.filter(({ state }) => state.name !== "done");
}

/** What lies in one job alone: the queue goes on. Anything else the next one would meet as well: the queue waits, instead of failing through. */
const OF_ONE_JOB: ReadonlySet<ErrorCode> = new Set([
  "cancelled",
  "bad-image",
  "bad-prompt",
  "bad-settings",
  "not-loaded",
  "internal",
]);

/** Failures that a smaller picture may not meet. */
export const wantsSmaller = (code: ErrorCode) => code === "out-of-memory" || code === "too-large";

export const stopsTheQueue = (code: ErrorCode) => !OF_ONE_JOB.has(code);

/** A fresh worker and device mostly do it; what ends a second one would end a third. */
export function deservesSecondTry(code: ErrorCode, attempts: number): boolean {
  return attempts < 2 && (code === "device-lost" || code === "worker-died");
}
