import { useStore } from "zustand";
import { useTexts } from "../ui/texts.ts";
import type { Bench } from "./bench.ts";
import { cutoutTexts } from "./texts.ts";
import { TOOLS } from "./tools.ts";

/** The tools; one is in hand. */
export function ToolBar({ bench }: { bench: Bench }) {
  const t = useTexts(cutoutTexts);
  const inHand = useStore(bench, (state) => state.tool);
  return (
    <div className="bench-tools" role="toolbar" aria-label={t.tools}>
      {TOOLS.map(({ tool, key, icon: Icon }) => (
        <button
          key={tool}
          type="button"
          className="bench-tool"
          aria-pressed={tool === inHand}
          aria-keyshortcuts={key}
          title={`${t.tool[tool]} (${key.toUpperCase()})`}
          onClick={() => bench.pick(tool)}
        >
          <Icon size={18} aria-hidden />
          <span>{t.tool[tool]}</span>
        </button>
      ))}
    </div>
  );
}
