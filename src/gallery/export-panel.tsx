import { Download } from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import { useApp } from "../app-context.ts";
import { notify } from "../ui/notices.tsx";
import { useTexts } from "../ui/texts.ts";
import { exportChoices, FORMATS, type Format, SCALES, type Scale } from "./export-choices.ts";
import { exportPicture } from "./export-picture.ts";
import type { ResultDetails, ResultRow } from "./result.ts";
import { saveFile } from "./save-file.ts";
import { galleryTexts } from "./texts.ts";

const NAMES: Record<Format, string> = { png: "PNG", jpeg: "JPEG", webp: "WebP" };

/** Saves one result, as chosen. The choices hold for zips as well. */
export function ExportPanel({ row, details }: { row: ResultRow; details: ResultDetails | undefined }) {
  const t = useTexts(galleryTexts);
  const { gallery } = useApp();
  const choices = useStore(exportChoices);
  const { format, scale, smooth, silent, change } = choices;
  const [busy, setBusy] = useState(false);

  const save = async () => {
    setBusy(true);
    try {
      const picture = await gallery.getState().pictureOf(row.id);
      if (!picture) throw new Error("gone");
      const { file, name } = await exportPicture(row, picture, details, choices);
      saveFile(file, name);
    } catch {
      notify(t.notSaved);
    }
    setBusy(false);
  };

  return (
    <details>
      <summary>{t.save}</summary>
      <div className="result-form">
        <label>
          {t.format}
          <select value={format} onChange={(event) => change({ format: event.target.value as Format })}>
            {FORMATS.map((name) => (
              <option key={name} value={name}>
                {NAMES[name]}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t.scale}
          <select value={scale} onChange={(event) => change({ scale: Number(event.target.value) as Scale })}>
            {SCALES.map((times) => (
              <option key={times} value={times}>
                {t.times(times, row.settings.width * times, row.settings.height * times)}
              </option>
            ))}
          </select>
        </label>
        {scale > 1 && (
          <label>
            {t.enlarge}
            <select
              value={smooth ? "smooth" : "nearest"}
              onChange={(event) => change({ smooth: event.target.value === "smooth" })}
            >
              <option value="smooth">{t.smooth}</option>
              <option value="nearest">{t.nearest}</option>
            </select>
          </label>
        )}
        <label className="check wide">
          <input
            type="checkbox"
            checked={silent || format !== "png"}
            disabled={format !== "png"}
            onChange={(event) => change({ silent: event.target.checked })}
          />
          {t.silent}
        </label>
        <button type="button" className="button" disabled={busy} onClick={() => void save()}>
          <Download size={16} aria-hidden /> {t.download}
        </button>
        <p className="hint">{format !== "png" ? t.carriesMark : silent ? t.silentMark : t.carries}</p>
      </div>
    </details>
  );
}
