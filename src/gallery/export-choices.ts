/** How pictures are saved; chosen once, kept across visits. */
import { persist } from "zustand/middleware";
import { createStore } from "zustand/vanilla";
import { pageStorage } from "../ui/page-storage.ts";

export const FORMATS = ["png", "jpeg", "webp"] as const;
export type Format = (typeof FORMATS)[number];
export const SCALES = [1, 2, 4] as const;
export type Scale = (typeof SCALES)[number];

export interface ExportChoices {
  readonly format: Format;
  readonly scale: Scale;
  /** Enlarged pictures: smooth, or with hard pixels. */
  readonly smooth: boolean;
  /** Leaves out how the picture was made. */
  readonly silent: boolean;
}

export interface ExportChoicesState extends ExportChoices {
  readonly change: (change: Partial<ExportChoices>) => void;
}

/** One per document: it is the visitor's habit, not a picture's. */
export const exportChoices = createStore<ExportChoicesState>()(
  persist((set) => ({ format: "png", scale: 1, smooth: true, silent: false, change: (change) => set(change) }), {
    name: "kosmosg-export",
    version: 1,
    storage: pageStorage(),
    partialize: ({ format, scale, smooth, silent }) => ({ format, scale, smooth, silent }),
    merge: (stored, fresh) => ({ ...fresh, ...readChoices(stored) }),
  }),
);

/** What of `stored` is understood; anything may lie in storage. */
export function readChoices(stored: unknown): Partial<ExportChoices> {
  const { format, scale, smooth, silent } = (stored ?? {}) as Record<string, unknown>;
  return {
    ...(FORMATS.some((known) => known === format) && { format: format as Format }),
    ...(SCALES.some((known) => known === scale) && { scale: scale as Scale }),
    ...(typeof smooth === "boolean" && { smooth }),
    ...(typeof silent === "boolean" && { silent }),
  };
}
