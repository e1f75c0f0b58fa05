import { useApp, useGallery, useGeneration } from "../app-context.ts";
import type { ResultRow } from "./result.ts";
import { useResultUrl } from "./use-result.ts";
import "./filmstrip.css";

/** As many as a wide screen shows, and some to scroll to. */
const SHOWN = 40;

/** The newest pictures, newest first. */
export function Filmstrip() {
  const { generation } = useApp();
  const rows = useGallery((state) => state.rows);
  const shown = useGeneration((state) => state.shown) ?? rows[0]?.id;
  if (rows.length === 0) return null;
  return (
    <section aria-label="Results">
      <ul className="filmstrip">
        {rows.slice(0, SHOWN).map((row) => (
          <li key={row.id}>
            <Frame row={row} pressed={row.id === shown} onPress={() => generation.getState().show(row.id)} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Frame({ row, pressed, onPress }: { row: ResultRow; pressed: boolean; onPress: () => void }) {
  const url = useResultUrl(row.id, "thumbnails");
  return (
    <button
      type="button"
      aria-pressed={pressed}
      aria-label={`${row.caption}, seed ${row.settings.seed}`}
      onClick={onPress}
    >
      <img src={url} alt="" loading="lazy" />
    </button>
  );
}
