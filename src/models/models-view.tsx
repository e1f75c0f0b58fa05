import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useApp, useModels } from "../app-context.ts";
import { useWords } from "../ui/engine-messages.ts";
import { useTexts } from "../ui/texts.ts";
import { openView } from "../ui/view.ts";
import { ImportRoom } from "./import-room.tsx";
import { LostModels } from "./lost-models.tsx";
import { MiniAway, ModelCard } from "./model-card.tsx";
import { cutsOut, type HeldModel, MINI } from "./models-store.ts";
import { StorageLines } from "./storage-lines.tsx";
import { modelsTexts } from "./texts.ts";
import "./models-view.css";

/** Every model in the browser, what can be done with it, and how another one comes in. */
export function ModelsView() {
  const t = useTexts(modelsTexts);
  const words = useWords();
  const { models, imports } = useApp();
  const listed = useModels((state) => state.models);
  const trouble = useModels((state) => state.trouble);
  const title = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    void models.getState().refresh();
    void imports.getState().recall();
  }, [models, imports]);

  return (
    <main className="models-view" aria-labelledby="models-title">
      <header>
        <h2 id="models-title" ref={title} tabIndex={-1}>
          {t.title}
        </h2>
        <button type="button" className="button quiet" onClick={() => openView("studio")}>
          <X size={18} aria-hidden /> {t.close}
        </button>
      </header>
      <p>{t.intro}</p>
      <LostModels here />
      {trouble && (
        <div className="trouble" role="alert">
          <p>{words(trouble)}</p>
          <p className="hint">{t.troubleHint}</p>
          <div className="trouble-actions">
            <button type="button" className="button" onClick={() => void models.getState().refresh()}>
              {t.retry}
            </button>
          </div>
        </div>
      )}
      <section aria-labelledby="models-stored">
        <h3 id="models-stored">{t.stored}</h3>
        {!listed && !trouble && <p className="hint">{t.reading}</p>}
        {listed && (
          <ul className="model-cards">
            {!listed.some(({ id }) => id === MINI.id) && <MiniAway />}
            {inOrder(listed).map((model) => (
              <ModelCard key={model.id} model={model} onRemoved={() => title.current?.focus()} />
            ))}
          </ul>
        )}
      </section>
      <ImportRoom onDone={() => title.current?.focus()} />
      <StorageLines />
    </main>
  );
}

/** The mini first, what cuts out last. */
function inOrder(models: readonly HeldModel[]): HeldModel[] {
  const rank = (model: HeldModel) => (model.id === MINI.id ? 0 : cutsOut(model) ? 2 : 1);
  return models.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}
