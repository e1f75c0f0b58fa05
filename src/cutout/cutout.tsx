import { lazy, Suspense } from "react";
import { useStore } from "zustand";
import { useApp } from "../app-context.ts";

const CutoutDialog = lazy(async () => ({ default: (await import("./cutout-dialog.tsx")).CutoutDialog }));

/** Mounted once by the app: the dialog of the first picture that waits to be cut out. */
export function Cutout() {
  const first = useStore(useApp().cutout, (state) => state.queue[0]);
  if (!first) return null;
  return (
    <Suspense fallback={null}>
      <CutoutDialog key={first.key} request={first} />
    </Suspense>
  );
}
