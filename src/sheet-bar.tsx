import { SlidersHorizontal } from "lucide-react";
import { useState } from "react";
import { flushSync } from "react-dom";
import { useEntities, useSettings } from "./app-context.ts";
import { shelfTexts } from "./entities/texts.ts";
import { settingsTexts } from "./settings/texts.ts";
import { Sheet } from "./ui/sheet.tsx";
import { useTexts } from "./ui/texts.ts";
import "./sheet-bar.css";

interface Props {
  /** @param insertion runs what puts a picture into the sentence, once the sheet has made room */
  shelf: (insertion: (insert: () => void) => void) => React.ReactNode;
  settings: React.ReactNode;
}

/** So many faces tell what is on the shelf. */
const FACES = 3;

/** Where there are no columns: two buttons for what stands in them, each with a word on what is there. */
export function SheetBar({ shelf, settings }: Props) {
  const [open, setOpen] = useState<"shelf" | "settings" | null>(null);
  const t = { shelf: useTexts(shelfTexts), settings: useTexts(settingsTexts) };
  const ids = useEntities((state) => state.shelf);
  const urls = useEntities((state) => state.urls);
  const parameters = useSettings((state) => state.parameters);
  const count = useSettings((state) => state.choices.count);
  const close = () => setOpen(null);
  const afterClosing = (insert: () => void) => {
    flushSync(close);
    insert();
  };
  return (
    <div className="sheet-bar">
      <button type="button" className="button" aria-haspopup="dialog" onClick={() => setOpen("shelf")}>
        {t.shelf.title}
        <span className="sheet-faces" aria-hidden>
          {ids.slice(0, FACES).map((id) => (
            <img key={id} src={urls.get(id)} alt="" />
          ))}
        </span>
        {ids.length > FACES && <span className="sheet-summary tabular">{ids.length}</span>}
      </button>
      <button type="button" className="button" aria-haspopup="dialog" onClick={() => setOpen("settings")}>
        <SlidersHorizontal size={16} aria-hidden /> {t.settings.title}
        {parameters && <span className="sheet-summary tabular">{t.settings.summary(parameters.steps, count)}</span>}
      </button>
      {open === "shelf" && (
        <Sheet title={t.shelf.title} side="start" onClose={close}>
          {shelf(afterClosing)}
        </Sheet>
      )}
      {open === "settings" && (
        <Sheet title={t.settings.title} side="end" onClose={close}>
          {settings}
        </Sheet>
      )}
    </div>
  );
}
