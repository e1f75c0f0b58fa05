import { Images } from "lucide-react";
import { useApp, useGallery, useGeneration } from "../app-context.ts";
import { startResultDrag } from "../generation/result-drag.ts";
import { useTexts } from "../ui/texts.ts";
import type { ResultRow } from "./result.ts";
import { galleryTexts } from "./texts.ts";
import { useResultUrl } from "./use-result.ts";
import "./filmstrip.css";

/** As many as a wide screen shows, and some to scroll to. */
const SHOWN = 40;

/** The newest pictures, newest first; behind them the gallery. */
export function Filmstrip() {
  const t = useTexts(galleryTexts);
  const { generation } = useApp();
  const rows = useGallery((state) => state.rows);
  const shown = useGeneration((state) => state.shown) ?? rows[0]?.id;
  if (rows.length === 0) return null;
  return (
    <section className="filmstrip-frame" aria-label={t.results}>
      <ul className="filmstrip">
        {rows.slice(0, SHOWN).map((row) => (
          <li key={row.id}>
            <Frame row={row} pressed={row.id === shown} onPress={() => generation.getState().show(row.id)} />
          </li>
        ))}
      </ul>
      <a className="button quiet" href="#gallery">
        <Images size={16} aria-hidden /> {t.openGallery(rows.length)}
      </a>
    </section>
  );
}

function Frame({ row, pressed, onPress }: { row: ResultRow; pressed: boolean; onPress: () => void }) {
  const t = useTexts(galleryTexts);
  const url = useResultUrl(row.id, "thumbnails");
  return (
    <button
      type="button"
      aria-pressed={pressed}
      aria-label={t.frame(row.caption, row.settings.seed)}
      draggable
      onDragStart={(event) => startResultDrag(event, row)}
      onClick={onPress}
    >
      <img src={url} alt="" draggable={false} />
    </button>
  );
}
