import { Check, Loader, RotateCcw, Shrink, X } from "lucide-react";
import { useApp, useGeneration, useSettings } from "../app-context.ts";
import { smallerSize } from "../settings/model-facts.ts";
import { useWords } from "../ui/engine-messages.ts";
import { useTexts } from "../ui/texts.ts";
import { isActive, type Job, type Jobs, jobsThat, runningJob, wantsSmaller } from "./job.ts";
import { duration, fractionDone } from "./progress-text.ts";
import { generationTexts } from "./texts.ts";
import { secondsLeft } from "./time-left.ts";
import { useLive } from "./use-live.ts";
import "./queue-panel.css";

/** What waits, what runs, what went wrong. Nothing where the stage says it all. */
export function QueuePanel() {
  const t = useTexts(generationTexts);
  const { generation } = useApp();
  const jobs = useGeneration((state) => state.jobs);
  const onStage = useGeneration((state) => state.onStage);
  const held = jobsThat(jobs, "held");
  const listed = jobs.filter(({ state }) => state.name !== "held");
  const alone = listed.length === 1 && listed[0]?.id === onStage;
  if (held.length === 0 && (listed.length === 0 || alone)) return null;
  const { goOn, discardHeld, cancelAll } = generation.getState();
  const active = listed.filter(isActive);
  return (
    <section className="queue" aria-label={t.queue}>
      {held.length > 0 && (
        <div className="queue-held">
          <p>{t.held(held.length)}</p>
          <button type="button" className="button" onClick={goOn}>
            {t.goOn}
          </button>
          <button type="button" className="button quiet" onClick={discardHeld}>
            {t.discard}
          </button>
        </div>
      )}
      {listed.length > 0 && !alone && (
        <>
          {active.length > 0 && (
            <div className="queue-head">
              <Overview jobs={listed} />
              {active.length > 1 && (
                <button type="button" className="button quiet" onClick={cancelAll}>
                  {t.cancelAll}
                </button>
              )}
            </div>
          )}
          <ul>
            {listed.map((job) => (
              <li key={job.id} className={`queue-job ${job.state.name}`}>
                <Row job={job} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

/** "Picture 2 of 4 · about 30 s left" */
function Overview({ jobs }: { jobs: Jobs }) {
  const t = useTexts(generationTexts);
  const { pace } = useApp().generation;
  const { progress } = useLive();
  const running = runningJob(jobs);
  const row = jobs.filter((job) => isActive(job) || job.state.name === "done");
  const index = running ? row.indexOf(running) + 1 : row.length;
  const waiting = jobsThat(jobs, "waiting").map(({ request }) => request.parameters);
  const left = secondsLeft(pace, running ? { parameters: running.request.parameters, progress } : null, waiting);
  return (
    <p className="tabular">
      {t.pictureOf(index, row.length)}
      {left !== null && ` · ${t.timeLeft(duration(t, Math.max(1, Math.round(left))))}`}
    </p>
  );
}

function Row({ job }: { job: Job }) {
  const t = useTexts(generationTexts);
  const words = useWords();
  const { generation } = useApp();
  const model = useSettings((state) => state.model);
  const { caption, parameters } = job.request;
  const { cancel, retry, dismiss } = generation.getState();
  const { state } = job;
  const smaller =
    state.name === "failed" && wantsSmaller(state.failure.code) && model ? smallerSize(parameters, model) : undefined;
  return (
    <>
      <span className="queue-caption">{caption}</span>
      <span className="queue-facts tabular">{t.seed(parameters.seed)}</span>
      <span className="queue-state tabular">
        {state.name === "running" && <RunningState cancelling={state.cancelling} />}
        {state.name === "failed" && (
          <span
            className="warn"
            title={t.failed(state.failure.code, words(state.failure.said ?? state.failure.message))}
          >
            {t.didFail}
          </span>
        )}
        {state.name === "stopped" && t.wasStopped}
        {state.name === "done" && <Check size={16} role="img" aria-label={t.done} />}
      </span>
      <span className="queue-actions">
        {smaller && (
          <IconButton label={t.againSmaller(caption)} onPress={() => retry(job.id, { ...smaller })}>
            <Shrink size={16} aria-hidden />
          </IconButton>
        )}
        {(state.name === "failed" || state.name === "stopped") && (
          <IconButton label={t.again(caption)} onPress={() => retry(job.id)}>
            <RotateCcw size={16} aria-hidden />
          </IconButton>
        )}
        {isActive(job) ? (
          <IconButton
            label={state.name === "running" ? t.stopThis(caption) : t.takeOut(caption)}
            onPress={() => cancel(job.id)}
          >
            <X size={16} aria-hidden />
          </IconButton>
        ) : (
          state.name !== "done" && (
            <IconButton label={t.dismiss(caption)} onPress={() => dismiss(job.id)}>
              <X size={16} aria-hidden />
            </IconButton>
          )
        )}
      </span>
    </>
  );
}

function RunningState({ cancelling }: { cancelling: boolean }) {
  const t = useTexts(generationTexts);
  const { progress } = useLive();
  if (cancelling) return t.stopping;
  if (progress?.kind !== "step") return <Loader size={16} aria-hidden />;
  return `${Math.floor((fractionDone(progress) ?? 0) * 100)} %`;
}

function IconButton({ label, onPress, children }: { label: string; onPress: () => void; children: React.ReactNode }) {
  return (
    <button type="button" className="button quiet icon" aria-label={label} title={label} onClick={onPress}>
      {children}
    </button>
  );
}
