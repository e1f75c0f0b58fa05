/** What the stage says below the picture of a job: how far it is, where it stopped, what went wrong and what to do. */
import { RotateCcw, Shrink } from "lucide-react";
import { useApp, useSettings } from "../app-context.ts";
import { smallerSize } from "../settings/model-facts.ts";
import { useWords } from "../ui/engine-messages.ts";
import { useTexts } from "../ui/texts.ts";
import { type Job, wantsSmaller } from "./job.ts";
import { describeProgress } from "./progress-text.ts";
import { generationTexts } from "./texts.ts";
import { useLive } from "./use-live.ts";

export function JobRunning({ job }: { job: Job }) {
  const { generation } = useApp();
  const t = useTexts(generationTexts);
  const { progress } = useLive();
  const cancelling = job.state.name === "running" && job.state.cancelling;
  return (
    <>
      <p>{job.request.caption}</p>
      <p className="tabular progress-line">{cancelling ? t.stopping : describeProgress(t, progress)}</p>
      <button
        type="button"
        className="button"
        disabled={cancelling}
        onClick={() => generation.getState().cancel(job.id)}
      >
        {cancelling ? t.stopping : t.cancel}
      </button>
    </>
  );
}

export function JobStopped({ job }: { job: Job }) {
  const t = useTexts(generationTexts);
  const step = job.state.name === "stopped" ? job.state.step : null;
  return (
    <>
      <p className="tabular">{step ? t.stoppedAt(step, job.request.parameters.steps) : t.stopped}</p>
      <RetryActions job={job} />
    </>
  );
}

export function JobFailed({ job }: { job: Job }) {
  const t = useTexts(generationTexts);
  const words = useWords();
  if (job.state.name !== "failed") return null;
  const { code, message, said = message, detail } = job.state.failure;
  return (
    <div className="failure" role="alert">
      <p>{t.failed(code, words(said))}</p>
      {detail && (
        <details>
          <summary>{t.details}</summary>
          <pre>{detail}</pre>
        </details>
      )}
      <RetryActions job={job} smaller={wantsSmaller(code)} />
    </div>
  );
}

/** @param smaller offer the next smaller size first: there was no memory for this one */
function RetryActions({ job, smaller = false }: { job: Job; smaller?: boolean }) {
  const { generation } = useApp();
  const t = useTexts(generationTexts);
  const model = useSettings((state) => state.model);
  const size = smaller && model ? smallerSize(job.request.parameters, model) : undefined;
  const { retry, dismiss } = generation.getState();
  return (
    <div className="actions">
      {size && (
        <button type="button" className="button" onClick={() => retry(job.id, { ...size })}>
          <Shrink size={16} aria-hidden /> {t.trySmaller(size.width, size.height)}
        </button>
      )}
      <button type="button" className={size ? "button quiet" : "button"} onClick={() => retry(job.id)}>
        <RotateCcw size={16} aria-hidden /> {t.tryAgain}
      </button>
      <button type="button" className="button quiet" onClick={() => dismiss(job.id)}>
        {t.close}
      </button>
    </div>
  );
}
