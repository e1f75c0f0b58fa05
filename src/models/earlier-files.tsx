import { History, X } from "lucide-react";
import { useApp, useImport, useModels } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { BringBack } from "./bring-back.tsx";
import type { EarlierImport } from "./earlier-imports.ts";
import { canDraw } from "./models-store.ts";
import { bytesText } from "./sizes.ts";
import { modelsTexts } from "./texts.ts";

/** Files that models were made of, to be had again without choosing them; nothing where the browser remembers none. */
export function EarlierFiles() {
  const t = useTexts(modelsTexts);
  const earlier = useImport((state) => state.earlier);
  if (earlier.length === 0) return null;
  return (
    <section aria-labelledby="models-earlier">
      <h4 id="models-earlier">{t.earlier}</h4>
      <p className="hint">{t.earlierHint}</p>
      <ul className="earlier-files">
        {earlier.map((one) => (
          <Earlier key={one.choice.id} earlier={one} />
        ))}
      </ul>
    </section>
  );
}

function Earlier({ earlier: { choice, files } }: { earlier: EarlierImport }) {
  const t = useTexts(modelsTexts);
  const { imports } = useApp();
  const { id, name } = choice;
  const isHere = useModels((state) => state.models?.some((model) => model.id === id && canDraw(model)) ?? false);
  const busy = useImport((state) => state.busy !== null);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const [largest] = files.toSorted((a, b) => b.size - a.size);
  return (
    <li aria-label={name}>
      <div>
        <strong>{name}</strong>
        <p className="hint tabular">
          {t.earlierOf(largest?.name ?? "", files.length - 1, bytesText(bytes, t.locale))} ·{" "}
          {isHere ? t.isHere : t.isAway}
        </p>
      </div>
      <div className="model-actions">
        {isHere ? (
          <button
            type="button"
            className="button"
            aria-label={t.chooseAgainOf(name)}
            disabled={busy}
            onClick={() => void imports.getState().bringBack(id)}
          >
            <History size={16} aria-hidden /> {t.chooseAgain}
          </button>
        ) : (
          <BringBack id={id} name={name} />
        )}
        <button
          type="button"
          className="button quiet"
          aria-label={t.forgetIt(name)}
          onClick={() => void imports.getState().forget(id)}
        >
          <X size={16} aria-hidden /> {t.forget}
        </button>
      </div>
    </li>
  );
}
