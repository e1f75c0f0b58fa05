import { X } from "lucide-react";
import { useRef } from "react";
import { Modal } from "./modal.tsx";
import { sheetTexts } from "./sheet-texts.ts";
import { useTexts } from "./texts.ts";
import "./sheet.css";

interface Props {
  title: string;
  /** Where it stands on a tablet; on a phone it always rises from the foot of the page. */
  side: "start" | "end";
  onClose: () => void;
  children: React.ReactNode;
}

/** So far down, in CSS pixels, a swipe closes it. */
const FAR_ENOUGH = 72;

/** What stands in a column on a wide window, over the page on a narrow one. Escape, its button, a swipe or a press beside it close it. */
export function Sheet({ title, side, onClose, children }: Props) {
  const t = useTexts(sheetTexts);
  const head = useRef<HTMLElement>(null);
  const start = useRef<number | null>(null);

  const move = (event: React.PointerEvent) => {
    if (start.current === null || !head.current) return;
    const sheet = head.current.closest("dialog");
    const down = Math.max(0, event.clientY - start.current);
    sheet?.style.setProperty("--pulled", `${down}px`);
  };
  const end = (event: React.PointerEvent) => {
    if (start.current === null) return;
    const down = event.clientY - start.current;
    start.current = null;
    head.current?.closest("dialog")?.style.removeProperty("--pulled");
    if (event.type === "pointerup" && down > FAR_ENOUGH) onClose();
  };

  return (
    <Modal label={title} className={`sheet ${side}`} onClose={onClose} light>
      <div className="sheet-frame">
        <header
          ref={head}
          className="sheet-head"
          onPointerDown={(event) => {
            if ((event.target as Element).closest("button")) return;
            start.current = event.clientY;
            event.currentTarget.setPointerCapture(event.pointerId);
          }}
          onPointerMove={move}
          onPointerUp={end}
          onPointerCancel={end}
        >
          {/* The dialog's label already; what it holds has a heading of its own. */}
          <span className="sheet-title" aria-hidden>
            {title}
          </span>
          <button type="button" className="button quiet icon" aria-label={t.close} onClick={onClose}>
            <X size={20} aria-hidden />
          </button>
        </header>
        <div className="sheet-body">{children}</div>
      </div>
    </Modal>
  );
}
