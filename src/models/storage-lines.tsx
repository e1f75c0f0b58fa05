import { useState } from "react";
import { useApp, useModels } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { bytesText } from "./sizes.ts";
import { modelsTexts } from "./texts.ts";

/** What the models take, what the browser allows, and whether it keeps it. */
export function StorageLines() {
  const t = useTexts(modelsTexts);
  const { models } = useApp();
  const usage = useModels((state) => state.usage);
  const persisted = useModels((state) => state.persisted);
  const [asked, setAsked] = useState(false);
  if (!usage) return null;
  const size = (bytes: number) => bytesText(bytes, t.locale);
  const { originBytes, quotaBytes } = usage;
  const ask = async () => {
    await models.getState().keepStored();
    setAsked(true);
  };
  return (
    <section aria-labelledby="models-storage">
      <h3 id="models-storage">{t.storage}</h3>
      {!usage.persistent && <p className="hint warn">{t.notKept}</p>}
      <dl className="model-facts tabular">
        <div>
          <dt>{t.modelsTake}</dt>
          <dd>{size(usage.storedBytes)}</dd>
        </div>
        <div>
          <dt>{t.allTakes}</dt>
          <dd>
            {originBytes !== undefined && quotaBytes !== undefined
              ? t.allTakesLine(size(originBytes), size(quotaBytes))
              : t.unknown}
          </dd>
        </div>
        {persisted !== null && (
          <div>
            <dt>{t.kept}</dt>
            <dd>{persisted ? t.keptYes : t.keptNo}</dd>
          </div>
        )}
      </dl>
      {persisted === false && (
        <div className="model-actions">
          <button type="button" className="button" onClick={() => void ask()}>
            {t.keepAsk}
          </button>
        </div>
      )}
      <p className="hint" role="status">
        {asked && persisted === false && t.keepDenied}
      </p>
    </section>
  );
}
