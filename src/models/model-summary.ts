import { useEffect, useState } from "react";
import { useApp, useGeneration, useModels } from "../app-context.ts";
import { runningJob } from "../generation/job.ts";
import { holdsModel, modelId } from "./models-store.ts";

export interface ModelSummary {
  /** What the engine calls it by. */
  readonly source: string;
  readonly name: string;
  readonly description: string;
  /** All files together. */
  readonly bytes: number;
  /** SHA-256 of its files, by name. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly stored: boolean;
}

/** Name, size and whereabouts of the model in use, before anything large is fetched. */
export function useModelSummary(): ModelSummary | null {
  const { models, settings } = useApp();
  const source = useModels((state) => state.inUse);
  const listed = useModels((state) => state.models);
  const [summary, setSummary] = useState<ModelSummary | null>(null);
  const idle = useGeneration((state) => !runningJob(state.jobs));
  const loaded = useGeneration((state) => state.loadedModel);
  useEffect(() => {
    const held = holdsModel(listed, modelId(source));
    // While it is fetched the library has its hands full.
    if (!held && !idle && loaded !== source) return;
    let current = true;
    models
      .getState()
      .describe()
      .then(({ bundle, stored }) => {
        if (!current) return;
        const bytes = Object.values(bundle.files).reduce((sum, file) => sum + file.size, 0);
        const hashes = new Map(Object.entries(bundle.files).map(([file, { sha256 }]) => [file, sha256]));
        settings.getState().setModel(bundle);
        setSummary({ source, name: bundle.name, description: bundle.description, bytes, hashes, stored });
      })
      // Generate meets the same trouble and tells of it with a way out.
      .catch(() => {});
    return () => {
      current = false;
    };
  }, [models, source, listed, settings, idle, loaded]);
  return summary?.source === source ? summary : null;
}
