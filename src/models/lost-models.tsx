import { useApp, useImport, useModels } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { openView } from "../ui/view.ts";
import { BringBack } from "./bring-back.tsx";
import { MINI } from "./models-store.ts";
import { modelNewsTexts } from "./news-texts.ts";

/** Says which models the browser has lost, until it was seen. */
export function LostModels({ here = false }: { here?: boolean }) {
  const t = useTexts(modelNewsTexts);
  const { models } = useApp();
  const lost = useModels((state) => state.lost);
  const earlier = useImport((state) => state.earlier);
  const mini = useModels((state) => state.inUse === MINI.source);
  if (lost.length === 0) return null;
  return (
    <div className="trouble" role="alert">
      <p>
        {t.lost(t.list(lost), lost.length)} {mini && t.miniInstead}
      </p>
      <div className="trouble-actions">
        {!here && (
          <button type="button" className="button" onClick={() => openView("models")}>
            {t.toModels}
          </button>
        )}
        {earlier
          .filter(({ choice }) => here && lost.includes(choice.name))
          .map(({ choice: { id, name } }) => (
            <BringBack key={id} id={id} name={name} />
          ))}
        <button type="button" className="button quiet" onClick={() => models.getState().dismissLost()}>
          {t.understood}
        </button>
      </div>
    </div>
  );
}
