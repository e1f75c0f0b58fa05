/** Whether this page is at something that a reload would cost: pictures that are drawn, a model that is imported, checked or saved. */
import type { AppContext } from "../app-context.ts";
import { isActive } from "../generation/job.ts";

type Workers = Pick<AppContext, "generation" | "imports" | "models">;

/**
 * What follows the end of work asks for files. Chromium lets a new service worker in at once where the one before is answering nothing
 * just then, and half a minute later where it is.
 */
const QUIET_MS = 1000;

function isAtWork({ generation, imports, models }: Workers): boolean {
  return (
    generation.getState().jobs.some(isActive) ||
    imports.getState().busy === "import" ||
    [...models.getState().tasks.values()].some(({ name }) => name === "running")
  );
}

/** When it is not any more, and what follows has had its time. */
export async function idle(app: Workers): Promise<void> {
  do {
    await workEnds(app);
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  } while (isAtWork(app));
}

function workEnds(app: Workers): Promise<void> {
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
