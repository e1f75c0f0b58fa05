import type { AppContext } from "./app-context.ts";
import { entitiesNamed } from "./generation/job.ts";

/** Reads what earlier visits left. Pictures come last: one that is off the shelf stays for as long as anything names it. */
export async function restoreAll({ entities, gallery, generation, models, settings }: AppContext): Promise<void> {
  // Not waited for: the sentence can be written meanwhile.
  void models.getState().refresh();
  await Promise.all([gallery.getState().restore(), generation.getState().restore()]);
  const inJobs = entitiesNamed(generation.getState().jobs);
  const inSentence = new Set(
    (settings.getState().sentence ?? []).map((part) => (part.kind === "entity" ? part.id : "")),
  );
  // Where the gallery cannot be read, nothing is known to be unnamed.
  const inResults = await gallery
    .getState()
    .referencedEntities()
    .catch(() => null);
  const isNamed = (id: string) => inJobs.has(id) || inSentence.has(id) || (inResults?.has(id) ?? true);
  await entities.getState().restore(isNamed);
}
