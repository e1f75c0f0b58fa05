/** Whether this page is at something that a reload would cost: pictures that are drawn, a model that is imported, checked or saved. */
import type { AppContext } from "../app-context.ts";
import { isActive } from "../generation/job.ts";

type Workers = Pick<AppContext, "generation" | "imports" | "models">;

function isAtWork({ generation, imports, models }: Workers): boolean {
  return (
    generation.getState().jobs.some(isActive) ||
    imports.getState().busy === "import" ||
    [...models.getState().tasks.values()].some(({ name }) => name === "running")
  );
}

/** When it is not any more. */
export function idle(app: Workers): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (isAtWork(app)) return;
      for (const stop of stops) stop();
      resolve();
    };
    const stops = [app.generation, app.imports, app.models].map((store) => store.subscribe(look));
    look();
  });
}
