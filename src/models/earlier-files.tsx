import { History, X } from "lucide-react";
import { useApp, useImport, useModels } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { nameIn } from "./addresses.ts";
import { BringBack } from "./bring-back.tsx";
import type { EarlierImport } from "./earlier-imports.ts";
import { looksLikeWeights } from "./import-names.ts";
import { holdsModel } from "./models-store.ts";
import { bytesText } from "./sizes.ts";
import { modelsTexts } from "./texts.ts";

/** Files that models were made of, to be had again without choosing them; nothing where none are remembered. */
export function EarlierFiles() {
  const t = useTexts(modelsTexts);
  const earlier = useImport((state) => state.earlier);
  const isRead = useModels((state) => state.models !== null);
  if (earlier.length === 0 || !isRead) return null;
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

function Earlier({ earlier }: { earlier: EarlierImport }) {
  const t = useTexts(modelsTexts);
  const { imports } = useApp();
  const { id, name } = earlier.choice;
  const isHere = useModels((state) => holdsModel(state.models, id));
  const busy = useImport((state) => state.busy !== null);
  return (
    <li aria-label={name}>
      <div>
        <strong>{name}</strong>
        <p className="hint tabular">
          {filesOf(t, earlier)} · {isHere ? t.isHere : t.isAway}
        </p>
      </div>
      <div className="model-actions">
        {!isHere && <BringBack id={id} name={name} />}
        {isHere && earlier.kind === "files" && (
          <button
            type="button"
            className="button"
            aria-label={t.chooseAgainOf(name)}
            disabled={busy}
            onClick={() => void imports.getState().bringBack(id)}
          >
            <History size={16} aria-hidden /> {t.chooseAgain}
          </button>
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

/** The largest and how many others, how large they are, and where they come from, as far as it is known. */
function filesOf(t: (typeof modelsTexts)["en"], earlier: EarlierImport): string {
  const files =
    earlier.kind === "files"
      ? earlier.files
      : earlier.addresses.map(({ url, size }) => ({ name: nameIn(new URL(url)), size }));
  const bytes = files.reduce((sum, { size = Number.NaN }) => sum + size, 0);
  const weights = files.filter(looksLikeWeights);
  const [largest] = (weights.length > 0 ? weights : files).toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0));
  const hosts = earlier.kind === "addresses" && [...new Set(earlier.addresses.map(({ url }) => new URL(url).host))];
  return [
    t.andMore(largest?.name ?? "", files.length - 1),
    ...(hosts ? [t.fromHosts(hosts.join(", "))] : []),
    ...(Number.isNaN(bytes) ? [] : [bytesText(bytes, t.locale)]),
  ].join(", ");
}
