import { ExternalLink } from "lucide-react";
import { useStore } from "zustand";
import { megabytes } from "../generation/progress-text.ts";
import { messageOf, useWords } from "../ui/engine-messages.ts";
import { useTexts } from "../ui/texts.ts";
import type { ModelAccess } from "./model-access.ts";
import { runtimeBytes } from "./runtime-size.ts";
import { widgetTexts } from "./texts.ts";
import type { WidgetStore } from "./widget-store.ts";

/** Under the sentence: in whose page this is, where the model lies, and the way out. */
export function Foot({ access, view, onOpen }: { access: ModelAccess; view: WidgetStore; onOpen: () => void }) {
  const t = useTexts(widgetTexts);
  const words = useWords();
  const host = useStore(view, (state) => state.host);
  const { place, atHand, model, trouble } = useStore(access.store);
  const where =
    place &&
    {
      app: atHand ? t.app : t.appNext,
      site: atHand ? t.site : t.siteNext,
      memory: t.memory,
    }[place];
  return (
    <footer className="widget-foot">
      {trouble && trouble.code !== "not-loaded" && (
        <p className="widget-trouble" role="alert">
          {t.noModel(words(messageOf(trouble)))}
        </p>
      )}
      <p className="hint" aria-live="polite">
        {!atHand && model && `${t.sizes(megabytes(model.bytes, t.locale), megabytes(runtimeBytes(), t.locale))} `}
        {where}
      </p>
      <div className="widget-line">
        {host && <p className="hint">{t.embedded(new URL(host).host)}</p>}
        {host && (
          <button type="button" className="button quiet" onClick={onOpen}>
            <ExternalLink size={14} aria-hidden /> {t.openInApp}
          </button>
        )}
      </div>
    </footer>
  );
}
