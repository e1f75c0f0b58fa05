import { useStore } from "zustand";
import { useModels } from "../app-context.ts";
import { megabytes } from "../generation/progress-text.ts";
import { generationTexts } from "../generation/texts.ts";
import type { ModelSummary } from "../models/model-summary.ts";
import { useTexts } from "../ui/texts.ts";
import type { ModelAccess } from "./model-access.ts";
import { runtimeBytes } from "./runtime-size.ts";
import { widgetTexts } from "./texts.ts";

/** Names what it fetches, where it fetches anything. Waits until that is known. */
export function GenerateButton({
  access,
  summary,
  onPress,
}: {
  access: ModelAccess;
  summary: ModelSummary | null;
  onPress: () => void;
}) {
  const t = useTexts(widgetTexts);
  const draw = useTexts(generationTexts);
  const inUse = useModels((state) => state.inUse);
  const { atHand, trouble } = useStore(access.store);
  // A model that the app may have stored: the press asks the browser for leave to look, and fetches nothing.
  const isAsked = trouble?.code === "not-loaded" && !inUse.includes("/");
  const label = atHand
    ? draw.generate
    : isAsked
      ? t.takeStored(inUse)
      : summary
        ? draw.getThenGenerate(megabytes(summary.bytes + runtimeBytes(), t.locale))
        : draw.generate;
  return (
    <button
      type="button"
      className="button primary"
      disabled={!atHand && !summary && !isAsked}
      onClick={onPress}
      aria-keyshortcuts="Control+Enter Meta+Enter"
    >
      {label}
    </button>
  );
}
