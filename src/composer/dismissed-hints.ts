/** Hints on wording that the user has put away for good. */
import { persist } from "zustand/middleware";
import { createStore } from "zustand/vanilla";
import { pageStorage } from "../ui/page-storage.ts";
import { HINT_RULES, type HintRule } from "./hints.ts";

interface DismissedHints {
  readonly rules: ReadonlySet<HintRule>;
  readonly dismiss: (rule: HintRule) => void;
}

export const dismissedHints = createStore<DismissedHints>()(
  persist(
    (set) => ({
      rules: new Set(),
      dismiss: (rule) => set(({ rules }) => ({ rules: new Set(rules).add(rule) })),
    }),
    {
      name: "kosmosg-hints",
      version: 1,
      storage: pageStorage(),
      partialize: ({ rules }) => ({ rules: [...rules] }),
      merge: (stored, fresh) => {
        const { rules } = (stored ?? {}) as { rules?: unknown };
        const known = HINT_RULES.filter((rule) => Array.isArray(rules) && rules.includes(rule));
        return { ...fresh, rules: new Set(known) };
      },
    },
  ),
);
