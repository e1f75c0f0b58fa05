import { useEffect, useState } from "react";
import { useApp, useGeneration } from "../app-context.ts";
import { runningJob } from "../generation/job.ts";

export interface ModelSummary {
  readonly name: string;
  readonly description: string;
  /** All files together. */
  readonly bytes: number;
  /** SHA-256 of its files, by name. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly stored: boolean;
}

/** Name, size and whereabouts of the page's model, before anything large is fetched. */
export function useModelSummary(): ModelSummary | null {
  const { engine, modelUrl, settings } = useApp();
  const [summary, setSummary] = useState<ModelSummary | null>(null);
  const idle = useGeneration((state) => !runningJob(state.jobs));
  const loaded = useGeneration((state) => state.loadedModel);
  useEffect(() => {
    // While it is fetched the library has its hands full.
    if (!idle && loaded !== modelUrl) return;
    let current = true;
    engine
      .describe(modelUrl)
      .then(({ bundle, stored }) => {
        const bytes = Object.values(bundle.files).reduce((sum, file) => sum + file.size, 0);
        const hashes = new Map(Object.entries(bundle.files).map(([file, { sha256 }]) => [file, sha256]));
        settings.getState().setModel(bundle);
        if (current) setSummary({ name: bundle.name, description: bundle.description, bytes, hashes, stored });
      })
      // Generate meets the same trouble and tells of it with a way out.
      .catch(() => {});
    return () => {
      current = false;
    };
  }, [engine, modelUrl, settings, idle, loaded]);
  return summary;
}
