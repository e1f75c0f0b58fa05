import { useEffect, useState } from "react";
import { useApp, useModels, useSettings } from "../app-context.ts";
import type { Bundle, MemoryEstimate, PictureSize } from "../engine/index.ts";

export interface Estimated {
  readonly estimate: MemoryEstimate;
  readonly instead: PictureSize | null;
}

/** Smaller models fit wherever a browser draws at all. */
const SMALL_BYTES = 200e6;

/** What the next picture takes of the graphics device; null while that is not known, and of small models. */
export function useEstimate(): Estimated | null {
  const { engine, models } = useApp();
  const inUse = useModels((state) => state.inUse);
  const model = useSettings((state) => state.model?.id);
  const width = useSettings((state) => state.parameters?.width);
  const height = useSettings((state) => state.parameters?.height);
  const guided = useSettings((state) => (state.parameters?.guidanceScale ?? 1) > 1);
  const [estimated, setEstimated] = useState<Estimated | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a model of another id or source is another one
  useEffect(() => {
    let current = true;
    setEstimated(null);
    if (width === undefined || height === undefined) return;
    const ask = async () => {
      const { bundle } = await models.getState().describe();
      if (bundle.id !== model || sizeOf(bundle) < SMALL_BYTES) return;
      const answer = await engine.estimate(bundle, { width, height, guided });
      if (current) setEstimated(answer);
    };
    // Where there is no device or no model the page says so elsewhere.
    ask().catch(() => {});
    return () => {
      current = false;
    };
  }, [engine, models, inUse, model, width, height, guided]);
  return estimated;
}

const sizeOf = ({ files }: Bundle) => Object.values(files).reduce((sum, { size }) => sum + size, 0);
