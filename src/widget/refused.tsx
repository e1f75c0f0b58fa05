import { useStore } from "zustand";
import { useTexts } from "../ui/texts.ts";
import { widgetTexts } from "./texts.ts";
import type { WidgetStore } from "./widget-store.ts";

/** In a page that may not hold the widget. */
export function Refused({ view }: { view: WidgetStore }) {
  const t = useTexts(widgetTexts);
  const host = useStore(view, (state) => state.host);
  return (
    <main className="widget-main">
      <div className="trouble" role="alert">
        <h2>{t.refused(host ?? "")}</h2>
        <p>{t.refusedHint}</p>
        <div className="trouble-actions">
          <a className="button" href="./" target="_blank" rel="noopener">
            {t.openInApp}
          </a>
        </div>
      </div>
    </main>
  );
}
