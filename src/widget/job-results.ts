import { say } from "../../workers/messages.ts";
import type { AppContext } from "../app-context.ts";
import type { WidgetResult } from "../embed/protocol.ts";
import { EngineError } from "../engine/index.ts";
import { WidgetError } from "./errors.ts";
import { widgetResult } from "./results.ts";

/** Which job came to which result: the queue forgets jobs that are done. */
export class JobResults {
  private readonly results = new Map<string, string>();

  constructor(private readonly app: Pick<AppContext, "generation" | "gallery">) {}

  /** The job that runs has come to this result. */
  note(jobId: string, resultId: string): void {
    this.results.set(jobId, resultId);
  }

  /** Waits for a job. @throws EngineError what ended it, `cancelled` among it; WidgetError `busy` where one before it failed */
  of(jobId: string): Promise<WidgetResult> {
    const { generation, gallery } = this.app;
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const job = generation.getState().jobs.find(({ id }) => id === jobId);
        const result = this.results.get(jobId);
        const open = job && (job.state.name === "waiting" || job.state.name === "running");
        if (open) return;
        stop();
        this.results.delete(jobId);
        if (result !== undefined) {
          widgetResult(gallery, result).then(
            (made) => (made ? resolve(made) : reject(new EngineError("internal", say("The picture is gone.")))),
            reject,
          );
        } else if (job?.state.name === "failed") {
          const { code, message, detail } = job.state.failure;
          reject(new EngineError(code, message, detail));
        } else if (job?.state.name === "held") {
          reject(new WidgetError("busy", "A picture before this one failed; this one was given up."));
          queueMicrotask(() => generation.getState().discardHeld());
        } else reject(new EngineError("cancelled", say("Stopped.")));
      };
      const stop = generation.subscribe(look);
      look();
    });
  }
}
