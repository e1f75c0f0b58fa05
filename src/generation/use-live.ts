import { useSyncExternalStore } from "react";
import { useApp } from "../app-context.ts";
import type { Live } from "./live-progress.ts";

/** Progress and preview of the running job, at a pace that can be read. */
export function useLive(): Live {
  const { live } = useApp().generation;
  return useSyncExternalStore(live.subscribe, live.snapshot);
}
