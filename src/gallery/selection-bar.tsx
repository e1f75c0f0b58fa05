import { Columns2, Download, Star, Trash2, X } from "lucide-react";
import { useState } from "react";
import { useApp } from "../app-context.ts";
import { notify } from "../ui/notices.tsx";
import { useTexts } from "../ui/texts.ts";
import { exportChoices } from "./export-choices.ts";
import { exportPicture } from "./export-picture.ts";
import type { ResultRow } from "./result.ts";
import { saveFile } from "./save-file.ts";
import { galleryTexts } from "./texts.ts";

interface Props {
  selected: readonly ResultRow[];
  onCompare: () => void;
  onStar: () => void;
  onDelete: () => void;
  onClear: () => void;
}

/** What can be done with all that is selected. */
export function SelectionBar({ selected, onCompare, onStar, onDelete, onClear }: Props) {
  const t = useTexts(galleryTexts);
  const { gallery } = useApp();
  const [packed, setPacked] = useState<number | null>(null);
  const starred = selected.every((row) => row.starred);

  const download = async () => {
    const { pictureOf, detailsOf } = gallery.getState();
    const choices = exportChoices.getState();
    setPacked(0);
    try {
      const [only] = selected;
      if (only && selected.length === 1) {
        const [picture, details] = await Promise.all([pictureOf(only.id), detailsOf(only.id)]);
        if (!picture) throw new Error("gone");
        const { file, name } = await exportPicture(only, picture, details, choices);
        saveFile(file, name);
      } else {
        // Few visitors pack a zip: its code comes when it is needed.
        const { zipResults } = await import("./export-zip.ts");
        saveFile(await zipResults(selected, { pictureOf, detailsOf }, choices, setPacked), "kosmosg.zip");
      }
    } catch {
      notify(t.notSaved);
    }
    setPacked(null);
  };

  return (
    <div className="selection-bar" role="toolbar" aria-label={t.selected(selected.length)}>
      <span className="tabular" aria-live="polite">
        {packed !== null && selected.length > 1 ? t.packing(packed, selected.length) : t.selected(selected.length)}
      </span>
      <button
        type="button"
        className="button quiet"
        disabled={selected.length !== 2}
        title={t.compareTitle}
        onClick={onCompare}
      >
        <Columns2 size={16} aria-hidden /> {t.compare}
      </button>
      <button type="button" className="button quiet" onClick={onStar}>
        <Star size={16} aria-hidden fill={starred ? "currentColor" : "none"} /> {starred ? t.unstar : t.star}
      </button>
      <button type="button" className="button quiet" disabled={packed !== null} onClick={() => void download()}>
        <Download size={16} aria-hidden /> {selected.length === 1 ? t.download : t.downloadZip}
      </button>
      <button type="button" className="button quiet danger" onClick={onDelete}>
        <Trash2 size={16} aria-hidden /> {t.delete}
      </button>
      <button type="button" className="button quiet" aria-label={t.clear} title={t.clear} onClick={onClear}>
        <X size={18} aria-hidden />
      </button>
    </div>
  );
}
