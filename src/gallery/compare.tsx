import { Columns2, X } from "lucide-react";
import { type CSSProperties, type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import { Modal } from "../ui/modal.tsx";
import { useTexts } from "../ui/texts.ts";
import { differences, settingFacts } from "./facts.ts";
import type { ResultRow } from "./result.ts";
import { galleryTexts } from "./texts.ts";
import { useResultUrl } from "./use-result.ts";
import "./compare.css";

/** Two results over each other with a dividing line, or side by side, and what differs between them. */
export function Compare({ left, right, onClose }: { left: ResultRow; right: ResultRow; onClose: () => void }) {
  const t = useTexts(galleryTexts);
  const [beside, setBeside] = useState(false);
  const facts = (row: ResultRow) => [[t.sentence, row.caption] as const, ...settingFacts(t, row.settings)];
  const differing = differences(facts(left), facts(right));
  return (
    <Modal label={t.compareTitle} className="compare-dialog" onClose={onClose}>
      <header className="result-head">
        <h2>{t.compareTitle}</h2>
        <button type="button" className="button" aria-pressed={beside} onClick={() => setBeside(!beside)}>
          <Columns2 size={16} aria-hidden /> {t.sideBySide}
        </button>
        <button type="button" className="button quiet" onClick={onClose}>
          <X size={18} aria-hidden /> {t.closePicture}
        </button>
      </header>
      {beside ? (
        <div className="compare-beside">
          <Picture row={left} />
          <Picture row={right} />
        </div>
      ) : (
        <Overlay left={left} right={right} />
      )}
      {differing.length === 0 ? (
        <p className="hint">{t.same}</p>
      ) : (
        <table className="compare-table tabular">
          <caption>{t.differs}</caption>
          <thead>
            <tr>
              <td />
              <th scope="col">{t.left}</th>
              <th scope="col">{t.right}</th>
            </tr>
          </thead>
          <tbody>
            {differing.map((difference) => (
              <tr key={difference.name}>
                <th scope="row">{difference.name}</th>
                <td>{difference.left}</td>
                <td>{difference.right}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Modal>
  );
}

function Picture({ row, className }: { row: ResultRow; className?: string }) {
  const url = useResultUrl(row.id, "pictures");
  return <img className={className} src={url} alt={row.caption} draggable={false} />;
}

/** The right picture lies over the left one, from the dividing line on. */
function Overlay({ left, right }: { left: ResultRow; right: ResultRow }) {
  const t = useTexts(galleryTexts);
  const [percent, setPercent] = useState(50);
  const stage = useRef<HTMLDivElement>(null);
  const handle = useRef<HTMLDivElement>(null);
  const move = (value: number) => setPercent(Math.min(100, Math.max(0, Math.round(value))));

  const onPointer = (event: PointerEvent) => {
    const box = stage.current?.getBoundingClientRect();
    if (!box || (event.type === "pointermove" && event.buttons === 0)) return;
    if (event.type === "pointerdown") {
      stage.current?.setPointerCapture(event.pointerId);
      handle.current?.focus();
      event.preventDefault();
    }
    move(((event.clientX - box.left) / box.width) * 100);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.shiftKey ? 10 : 2;
    const to = {
      ArrowLeft: percent - step,
      ArrowDown: percent - step,
      ArrowRight: percent + step,
      ArrowUp: percent + step,
      PageUp: percent + 10,
      PageDown: percent - 10,
      Home: 0,
      End: 100,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    move(to);
  };

  const { width, height } = left.settings;
  return (
    <div
      ref={stage}
      className="compare-stage"
      style={{ "--ratio": width / height } as CSSProperties}
      onPointerDown={onPointer}
      onPointerMove={onPointer}
    >
      <Picture row={left} />
      <div className="compare-right" style={{ clipPath: `inset(0 0 0 ${percent}%)` }}>
        <Picture row={right} />
      </div>
      <div
        ref={handle}
        role="slider"
        tabIndex={0}
        className="compare-handle"
        aria-label={t.slider}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={t.sliderValue(percent)}
        aria-orientation="horizontal"
        style={{ insetInlineStart: `${percent}%` }}
        onKeyDown={onKeyDown}
      />
    </div>
  );
}
