import { lazy, Suspense } from "react";
import { useStore } from "zustand";
import { useApp } from "../app-context.ts";

const CutoutDialog = lazy(async () => ({ default: (await import("./cutout-dialog.tsx")).CutoutDialog }));

const CropDialog = lazy(async () => ({ default: (await import("./crop-dialog.tsx")).CropDialog }));

/** Mounted once by the app: the dialog of the first picture that waits to be cut out, and that of a picture being cropped. */
export function Cutout() {
  const { cutout } = useApp();
  const first = useStore(cutout, (state) => state.queue[0]);
  const cropping = useStore(cutout, (state) => state.cropping);
  return (
    <Suspense fallback={null}>
      {first && <CutoutDialog key={first.key} request={first} />}
      {cropping && <CropDialog key={cropping} entityId={cropping} />}
    </Suspense>
  );
}
