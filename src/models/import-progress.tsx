import { useEffect, useRef } from "react";
import { useApp, useImport } from "../app-context.ts";
import { duration } from "../generation/progress-text.ts";
import { generationTexts } from "../generation/texts.ts";
import { useTexts } from "../ui/texts.ts";
import { bytesText } from "./sizes.ts";
import { modelsTexts } from "./texts.ts";

/** How far the import is: what it does, bytes, speed, time left. */
export function ImportProgress() {
  const t = useTexts(modelsTexts);
  const times = useTexts(generationTexts);
  const { imports } = useApp();
  const { name, progress, cancelling } = useImport((state) => state);
  const cancel = useRef<HTMLButtonElement>(null);
  // The button that began it is gone.
  useEffect(() => cancel.current?.focus(), []);

  const size = (bytes: number) => bytesText(bytes, t.locale);
  const fraction = progress && progress.totalBytes > 0 ? progress.loadedBytes / progress.totalBytes : null;
  const phase = cancelling ? t.stopping : progress ? t.phases[progress.phase] : t.starting;
  const numbers = progress && !cancelling ? numbersOf() : [];

  function numbersOf(): string[] {
    if (!progress) return [];
    const { loadedBytes, totalBytes, bytesPerSecond } = progress;
    const done = t.bytesOf(size(loadedBytes), size(totalBytes));
    if (bytesPerSecond <= 0) return [done];
    return [
      done,
      t.perSecond(size(bytesPerSecond)),
      t.left(duration(times, (totalBytes - loadedBytes) / bytesPerSecond)),
    ];
  }

  return (
    <div className="import-panel">
      <h4>{t.importing(name)}</h4>
      <progress aria-label={t.importing(name)} max={1} value={fraction ?? undefined} />
      <p className="tabular">{[phase, ...numbers].join(" · ")}</p>
      {/* Every tenth is enough to hear. */}
      <p className="visually-hidden" role="status">
        {fraction === null ? phase : `${phase}, ${t.percent(Math.floor(fraction * 10) * 10)}`}
      </p>
      <p className="hint">{t.importGoesOn}</p>
      <div className="model-actions">
        <button
          ref={cancel}
          type="button"
          className="button"
          aria-disabled={cancelling}
          onClick={() => imports.getState().cancel()}
        >
          {t.cancel}
        </button>
      </div>
    </div>
  );
}
