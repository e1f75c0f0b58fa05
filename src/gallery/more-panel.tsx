import { Dices, Grid3x3 } from "lucide-react";
import { useId, useState } from "react";
import { randomSeed } from "../engine/index.ts";
import { useTexts } from "../ui/texts.ts";
import type { ResultRow } from "./result.ts";
import { galleryTexts } from "./texts.ts";
import { grid, parseValues, type RunRequest, type VariedSetting, variations } from "./variations.ts";

const COUNTS = [1, 2, 4, 8];
const SUGGESTED: Record<VariedSetting, string> = { guidance: "1 2.5 4 7", steps: "5 10 20 40", seeds: "1 2 3 4" };

/** Further pictures from this one: other seeds, or one setting in steps. */
export function MorePanel({ row, onRun }: { row: ResultRow; onRun: (requests: readonly RunRequest[]) => void }) {
  const t = useTexts(galleryTexts);
  const id = useId();
  const [count, setCount] = useState(4);
  const [setting, setSetting] = useState<VariedSetting>("guidance");
  const [text, setText] = useState(SUGGESTED.guidance);
  const values = parseValues(text, setting);
  return (
    <details>
      <summary>{t.more}</summary>
      <div className="result-form">
        <label>
          {t.variations}
          <select value={count} aria-label={t.howMany} onChange={(event) => setCount(Number(event.target.value))}>
            {COUNTS.map((choice) => (
              <option key={choice} value={choice}>
                {choice}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="button"
          onClick={() => onRun(variations(row, Array.from({ length: count }, randomSeed), crypto.randomUUID()))}
        >
          <Dices size={16} aria-hidden /> {t.makeVariations(count)}
        </button>
      </div>
      <div className="result-form">
        <label>
          {t.vary}
          <select
            value={setting}
            onChange={(event) => {
              const chosen = event.target.value as VariedSetting;
              setSetting(chosen);
              setText(SUGGESTED[chosen]);
            }}
          >
            {(Object.keys(SUGGESTED) as VariedSetting[]).map((kind) => (
              <option key={kind} value={kind}>
                {t.groups[kind]}
              </option>
            ))}
          </select>
        </label>
        <label className="wide">
          {t.values}
          <input
            type="text"
            inputMode="decimal"
            className="tabular"
            value={text}
            maxLength={400}
            aria-invalid={values === null}
            aria-describedby={id}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <button
          type="button"
          className="button"
          disabled={values === null}
          onClick={() => values && onRun(grid(row, setting, values, crypto.randomUUID()))}
        >
          <Grid3x3 size={16} aria-hidden /> {t.makeGrid(values?.length ?? 0)}
        </button>
        <p id={id} className={values === null ? "hint warn" : "hint"}>
          {t.badValues[setting]}
        </p>
      </div>
    </details>
  );
}
