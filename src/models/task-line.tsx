import { useApp, useModels } from "../app-context.ts";
import { useWords } from "../ui/engine-messages.ts";
import { useTexts } from "../ui/texts.ts";
import type { Task } from "./model-task.ts";
import { modelsTexts } from "./texts.ts";

/** What is being done to a model, how far it is, and what came of it. */
export function TaskLine({ id, name, ownFiles }: { id: string; name: string; ownFiles: boolean }) {
  const t = useTexts(modelsTexts);
  const words = useWords();
  const { models } = useApp();
  const task = useModels((state) => state.tasks.get(id));
  return (
    <>
      {task?.name === "running" && (
        <div className="model-task">
          <progress aria-label={t.progressOf(name)} max={1} value={task.fraction ?? undefined} />
          {task.fraction !== null && <span className="tabular">{t.percent(Math.round(task.fraction * 100))}</span>}
          <button
            type="button"
            className="button"
            aria-label={t.stopIt(name)}
            onClick={() => models.getState().stop(id)}
          >
            {t.stop}
          </button>
        </div>
      )}
      <p className={task && isTrouble(task) ? "hint warn" : "hint"} role="status">
        {task && said(t, words, task, ownFiles)}
      </p>
    </>
  );
}

const isTrouble = (task: Task) => task.name === "failed" || (task.name === "verified" && task.damaged.length > 0);

function said(
  t: (typeof modelsTexts)["en"],
  words: ReturnType<typeof useWords>,
  task: Task,
  ownFiles: boolean,
): string {
  switch (task.name) {
    case "running":
      return task.kind === "verify" ? t.verifying : t.saving;
    case "verified":
      return task.damaged.length === 0
        ? t.intact
        : `${t.broken(task.damaged.join(", "))} ${ownFiles ? t.importAgain : t.again}`;
    case "saved":
      return t.saved;
    case "failed":
      return words(task.message);
  }
}
