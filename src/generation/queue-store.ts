/** The pictures that were asked for, drawn one at a time. What each asks for and the steps from state to state: job.ts. */

import { createStore } from "zustand/vanilla";
import { say } from "../../workers/messages.ts";
import { releaseSegmenter } from "../cutout/segmenter.ts";
import { type Engine, EngineError, type EngineProgress, type Picture, type PromptSegment } from "../engine/index.ts";
import type { NewResult } from "../gallery/result.ts";
import {
  again,
  cancelled,
  deservesSecondTry,
  held,
  isOpen,
  type Job,
  type JobRequest,
  type JobState,
  type Jobs,
  jobsThat,
  newJob,
  nextJob,
  released,
  runningJob,
  stopsTheQueue,
  withoutDone,
  withState,
} from "./job.ts";
import { LiveProgress } from "./live-progress.ts";
import type { QueueStorage } from "./queue-storage.ts";
import { PicturePace } from "./time-left.ts";

type EnginePort = Pick<Engine, "bundle" | "load" | "generate">;

/** What the queue needs of the rest of the page. */
export interface QueuePorts {
  readonly engine: EnginePort;
  /** The sentence with its pictures. @throws EngineError `bad-prompt` when one of them is gone */
  readonly promptOf: (sentence: JobRequest["sentence"]) => PromptSegment[];
  /** Takes a finished picture. @returns its id */
  readonly keep: (result: Omit<NewResult, "picture"> & { readonly picture: Picture }) => Promise<string>;
  readonly storage: QueueStorage;
}

export interface QueueState {
  /** In the order of drawing; those that failed or were stopped stay until they are dismissed. */
  readonly jobs: Jobs;
  /** The job on the stage: the last that was begun, until it is done or dismissed. */
  readonly onStage: string | null;
  /** The result that the user looks at; null: the job on the stage, or the newest result. */
  readonly shown: string | null;
  /** What the model is called by that the engine has loaded; its files are stored then. null: none that a job could count on. */
  readonly loadedModel: string | null;
  /** Rises with each picture that is done. */
  readonly finished: number;
  /** Jobs that an earlier visit has left, held until the user says. */
  readonly restore: () => Promise<void>;
  /** Adds jobs behind the others. @returns their ids */
  readonly enqueue: (requests: readonly JobRequest[]) => string[];
  /** Ends the running job within a step, takes a waiting one out. */
  readonly cancel: (...ids: string[]) => void;
  readonly cancelAll: () => void;
  /** Draws a failed or stopped job again, next. `change`: with other parameters, such as a smaller size. */
  readonly retry: (id: string, change?: Partial<JobRequest["parameters"]>) => void;
  readonly dismiss: (id: string) => void;
  /** Held jobs go on, or go away. */
  readonly goOn: () => void;
  readonly discardHeld: () => void;
  /** Looks at a result; null: at what is being drawn, or the newest. */
  readonly show: (id: string | null) => void;
  /** Something other than a job has loaded a model. */
  readonly noteLoaded: (model: string) => void;
}

export type QueueStore = ReturnType<typeof createQueueStore>;

export function createQueueStore({ engine, promptOf, keep, storage }: QueuePorts) {
  const live = new LiveProgress();
  const pace = new PicturePace();
  let controller: AbortController | null = null;

  const store = createStore<QueueState>((set, get) => {
    const setJobs = (next: Jobs, change: Partial<QueueState> = {}) => {
      const jobs = withoutDone(next);
      set({ ...change, jobs });
      // Kept on a best effort: where the browser stores nothing, the queue lasts as long as the page.
      void storage.save(jobs.filter(isOpen).map(({ request }) => request)).catch(() => {});
      const job = nextJob(jobs);
      // In a task of its own, so that whoever caused this has finished.
      if (job) queueMicrotask(() => nextJob(get().jobs)?.id === job.id && void run(job));
    };

    const run = async (job: Job): Promise<void> => {
      // What cuts subjects out gives its memory to what draws.
      releaseSegmenter();
      controller = new AbortController();
      const { signal } = controller;
      live.reset();
      setJobs(withState(get().jobs, job.id, { name: "running", cancelling: false }), { onStage: job.id });
      const end = (state: JobState, change: Partial<QueueState> = {}, others = (jobs: Jobs) => jobs) => {
        controller = null;
        setJobs(others(withState(get().jobs, job.id, state)), change);
      };
      try {
        const result = await draw(job, signal);
        end(
          { name: "done", result },
          { finished: get().finished + 1, ...(get().onStage === job.id && { onStage: null }) },
        );
      } catch (cause) {
        const { code, message, said, detail } = toEngineError(cause);
        const attempts = get().jobs.find(({ id }) => id === job.id)?.attempts ?? 1;
        if (code === "cancelled") {
          const { progress } = live.now;
          end({ name: "stopped", step: progress?.kind === "step" ? progress.step : null });
        } else if (deservesSecondTry(code, attempts)) {
          end({ name: "waiting" });
        } else {
          const failure = { code, message, ...(said && { said }), ...(detail && { detail }) };
          end({ name: "failed", failure }, {}, (jobs) => (stopsTheQueue(code) ? held(jobs, "trouble") : jobs));
        }
      }
    };

    const draw = async ({ request }: Job, signal: AbortSignal): Promise<string> => {
      const { sentence, caption, parameters, model, group } = request;
      const prompt = promptOf(sentence);
      const onProgress = (progress: EngineProgress) => live.update({ progress });
      if (!engine.bundle || get().loadedModel !== model) {
        // What a load leaves behind when it fails is nobody's.
        set({ loadedModel: null });
        await engine.load(model, { signal, onProgress });
        set({ loadedModel: model });
      }
      const { picture, metadata } = await engine.generate(
        { prompt, ...parameters },
        { signal, onProgress, onPreview: (preview) => live.update({ preview }) },
      );
      pace.finished(parameters, metadata.seconds.total);
      return keep({ caption, sentence, metadata, picture, ...(group && { group }) });
    };

    return {
      jobs: [],
      onStage: null,
      shown: null,
      loadedModel: null,
      finished: 0,
      restore: async () => {
        try {
          const left = await storage.takeOver();
          const jobs = left.map((request) => newJob(crypto.randomUUID(), request, { name: "held", why: "reload" }));
          set({ jobs: [...jobs, ...get().jobs] });
        } catch {
          // Storage is closed to this page: there is nothing to go on with.
        }
      },
      enqueue: (requests) => {
        const jobs = requests.map((request) => newJob(crypto.randomUUID(), request));
        setJobs([...get().jobs, ...jobs], { shown: null });
        return jobs.map(({ id }) => id);
      },
      cancel: (...ids) => {
        const running = runningJob(get().jobs)?.id;
        setJobs(cancelled(get().jobs, new Set(ids)));
        if (running && ids.includes(running)) controller?.abort();
      },
      cancelAll: () => {
        const { jobs, cancel } = get();
        cancel(...[...jobsThat(jobs, "running"), ...jobsThat(jobs, "waiting")].map(({ id }) => id));
      },
      retry: (id, change) => setJobs(again(get().jobs, id, change), { shown: null }),
      dismiss: (id) => {
        const { jobs, onStage } = get();
        setJobs(
          jobs.filter((job) => job.id !== id || isOpen(job)),
          onStage === id ? { onStage: null } : {},
        );
      },
      goOn: () => setJobs(released(get().jobs)),
      discardHeld: () => setJobs(get().jobs.filter(({ state }) => state.name !== "held")),
      show: (shown) => {
        const { jobs, onStage } = get();
        // A running job comes back to the stage by itself; what has ended makes room.
        set({ shown, ...(onStage !== runningJob(jobs)?.id && { onStage: null }) });
      },
      noteLoaded: (model) => set({ loadedModel: model }),
    };
  });
  return Object.assign(store, { live, pace });
}

function toEngineError(cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  return new EngineError("internal", say("Something went wrong. Try again."), String(cause));
}
