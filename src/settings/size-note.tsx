import { Shrink } from "lucide-react";
import { useApp } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { settingsTexts } from "./texts.ts";
import { useEstimate } from "./use-estimate.ts";

/** Below the size: what the picture takes of the graphics device, or why it will not fit and what would. */
export function SizeNote() {
  const t = useTexts(settingsTexts);
  const { settings } = useApp();
  const estimated = useEstimate();
  if (!estimated) return null;
  const { estimate, instead } = estimated;
  const amount = (bytes: number) =>
    bytes < 1e9
      ? `${Math.round(bytes / 1e6)} MB`
      : `${(bytes / 1e9).toLocaleString(t.locale, { maximumFractionDigits: 1 })} GB`;
  if (estimate.largestBuffer <= estimate.bufferLimit) {
    return <p className="hint">{t.takes(amount(estimate.weights + estimate.activations))}</p>;
  }
  return (
    <div role="status">
      <p className="hint warn">{t.tooLarge(amount(estimate.largestBuffer), amount(estimate.bufferLimit))}</p>
      {instead && (
        <button
          type="button"
          className="button quiet"
          onClick={() => settings.getState().change({ width: instead.width, height: instead.height })}
        >
          <Shrink size={16} aria-hidden /> {t.takeSize(instead.width, instead.height)}
        </button>
      )}
    </div>
  );
}
