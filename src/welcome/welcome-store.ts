/** Whether the page explains itself: on a first visit, until it is put away, and whenever it is asked to. */
import { persist } from "zustand/middleware";
import { createStore } from "zustand/vanilla";
import { pageStorage } from "../ui/page-storage.ts";

interface WelcomeState {
  readonly open: boolean;
  /** Rises with each time that a person asks for it: then it is brought into sight. */
  readonly asked: number;
  readonly ask: () => void;
  readonly dismiss: () => void;
}

export const welcome = createStore<WelcomeState>()(
  persist(
    (set) => ({
      open: true,
      asked: 0,
      ask: () => set(({ asked }) => ({ open: true, asked: asked + 1 })),
      dismiss: () => set({ open: false }),
    }),
    {
      name: "kosmosg-welcome",
      version: 1,
      storage: pageStorage(),
      partialize: ({ open }) => ({ open }),
      merge: (stored, fresh) => ({ ...fresh, open: (stored as { open?: unknown } | undefined)?.open !== false }),
    },
  ),
);
