import { useEffect, useState } from "react";
import { EngineError, requireAdapter } from "../engine/index.ts";
import { messageOf, useWords } from "../ui/engine-messages.ts";
import { useTexts } from "../ui/texts.ts";
import { openView } from "../ui/view.ts";
import { deviceTexts } from "./texts.ts";

/** What keeps this browser from drawing: null when nothing does, or before it is known. */
export function useDeviceTrouble(): EngineError | null {
  const [trouble, setTrouble] = useState<EngineError | null>(null);
  useEffect(() => {
    let current = true;
    requireAdapter().catch((error: unknown) => {
      const known = error instanceof EngineError ? error : new EngineError("no-adapter", String(error));
      if (current) setTrouble(known);
    });
    return () => {
      current = false;
    };
  }, []);
  return trouble;
}

/** Says at once, and why, when this browser cannot draw, and what to do about it. */
export function DeviceNotice({ trouble, here = false }: { trouble: EngineError | null; here?: boolean }) {
  const t = useTexts(deviceTexts);
  const words = useWords();
  if (!trouble) return null;
  return (
    <div className="trouble" role="alert">
      <h2>{t.cannotDraw}</h2>
      <p>{t.trouble(trouble.code, words(messageOf(trouble)))}</p>
      <p className="hint">{t.stillWorks}</p>
      <div className="trouble-actions">
        <button type="button" className="button" onClick={() => location.reload()}>
          {t.reload}
        </button>
        {!here && (
          <button type="button" className="button quiet" onClick={() => openView("device")}>
            {t.toDevice}
          </button>
        )}
      </div>
    </div>
  );
}
