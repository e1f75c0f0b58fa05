import { MonitorDown } from "lucide-react";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { useModels } from "../app-context.ts";
import { canDraw } from "../models/models-store.ts";
import { useTexts } from "../ui/texts.ts";
import { install, installOffer } from "./install-offer.ts";
import { offlineTexts } from "./texts.ts";

/** On the device page: what works without a network, and the browser's offer to install. */
export function OfflineSection() {
  const t = useTexts(offlineTexts);
  const { offer, installed } = useStore(installOffer);
  const stored = useModels((state) => state.models?.some(canDraw) ?? false);
  const kept = useControlled();
  return (
    <section aria-labelledby="offline-title">
      <h3 id="offline-title">{t.title}</h3>
      <dl className="facts-table">
        <div>
          <dt>{t.page}</dt>
          <dd>{kept ? t.pageKept : t.pageNotKept}</dd>
        </div>
        {kept && (
          <div>
            <dt>{t.drawing}</dt>
            <dd>{stored ? t.drawsOffline : t.drawsAfterFirst}</dd>
          </div>
        )}
      </dl>
      {offer && (
        <div className="actions">
          <button type="button" className="button" onClick={() => void install()}>
            <MonitorDown size={16} aria-hidden /> {t.install}
          </button>
        </div>
      )}
      <p className="hint" role="status">
        {installed && t.installed}
      </p>
    </section>
  );
}

const hasController = () => Boolean(navigator.serviceWorker?.controller);

/** Whether a service worker answers for this page. */
function useControlled(): boolean {
  const [controlled, setControlled] = useState(hasController);
  useEffect(() => {
    const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
    const look = () => setControlled(hasController());
    container?.addEventListener("controllerchange", look);
    return () => container?.removeEventListener("controllerchange", look);
  }, []);
  return controlled;
}
