import { RotateCcw } from "lucide-react";
import { useApp, useImport } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { modelNewsTexts } from "./news-texts.ts";

/** Brings a model back of the files that it was made of; nothing where they are not remembered. */
export function BringBack({ id, name }: { id: string; name: string }) {
  const t = useTexts(modelNewsTexts);
  const { imports } = useApp();
  const busy = useImport((state) => state.busy !== null);
  const isKnown = useImport((state) => state.earlier.some(({ choice }) => choice.id === id));
  if (!isKnown) return null;
  return (
    <button
      type="button"
      className="button"
      aria-label={t.bringBackIt(name)}
      disabled={busy}
      onClick={() => void imports.getState().bringBack(id)}
    >
      <RotateCcw size={16} aria-hidden /> {t.bringBack}
    </button>
  );
}
