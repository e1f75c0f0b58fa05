import { Check, CircleAlert, Star } from "lucide-react";
import {
  type FocusEvent,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type RefObject,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useStore } from "zustand";
import { useGallery } from "../app-context.ts";
import { startResultDrag } from "../generation/result-drag.ts";
import { languageOf, preferences } from "../ui/preferences-store.ts";
import { useTexts } from "../ui/texts.ts";
import { dateOf, dayName } from "./dates.ts";
import {
  type Heading,
  type Line,
  layOut,
  linesBetween,
  type Move,
  moved,
  type Section,
  variedValue,
} from "./grid-layout.ts";
import type { ResultRow } from "./result.ts";
import { galleryTexts } from "./texts.ts";
import { useResultUrl } from "./use-result.ts";

export interface GridHandle {
  /** Focuses a result, or the one that had the focus last. */
  readonly focus: (id?: string) => void;
}

interface Props {
  handle: RefObject<GridHandle | null>;
  sections: readonly Section[];
  /** All results of the sections, in their order. */
  rows: readonly ResultRow[];
  selected: ReadonlySet<string>;
  /** A press selects instead of opening. */
  selecting: boolean;
  onPress: (id: string, event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }) => void;
  onToggle: (id: string) => void;
  /** Selects up to `to`: from where the selection began, or from `from`. */
  onExtend: (from: string, to: string) => void;
  onSelectAll: () => void;
  onOpen: (id: string) => void;
  onDelete: (id: string) => void;
  onStar: (id: string) => void;
}

const GAP = 12;
const CAPTION = 26;
const HEADING = 38;
/** Drawn above and below what is in sight, so that a quick scroll meets no empty page. */
const OVERSCAN = 500;

const MOVES: Record<string, Move> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  PageUp: "pageUp",
  PageDown: "pageDown",
  Home: "home",
  End: "end",
};

/** The results, of which only those in sight are in the document. */
export function GalleryGrid(props: Props) {
  const { handle, sections, rows, selected, selecting } = props;
  const t = useTexts(galleryTexts);
  const helpId = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ width: 0, height: 0, top: 0 });
  const [activeId, setActiveId] = useState<string | null>(null);
  /** The result that is to get the focus. */
  const focusWanted = useRef<string | null>(null);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let frame = 0;
    const look = () => {
      frame = 0;
      const { clientWidth: width, clientHeight: height, scrollTop } = element;
      // In coarse steps: between them the same lines are in sight.
      const top = Math.floor(scrollTop / 120) * 120;
      setView((old) =>
        old.width === width && old.height === height && old.top === top ? old : { width, height, top },
      );
    };
    const lookSoon = () => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    element.addEventListener("scroll", lookSoon, { passive: true });
    const resized = new ResizeObserver(lookSoon);
    resized.observe(element);
    return () => {
      cancelAnimationFrame(frame);
      element.removeEventListener("scroll", lookSoon);
      resized.disconnect();
    };
  }, []);

  const metrics = useMemo(() => {
    const padding = 8;
    const width = Math.max(1, view.width - 2 * padding);
    const smallest = width < 520 ? 98 : 148;
    const columns = Math.max(2, Math.floor((width + GAP) / (smallest + GAP)));
    const cellWidth = (width - GAP * (columns - 1)) / columns;
    return { columns, cellHeight: Math.round(cellWidth + CAPTION), headingHeight: HEADING, gap: GAP };
  }, [view.width]);
  const layout = useMemo(() => layOut(sections, metrics), [sections, metrics]);

  const activeIndex = Math.max(
    0,
    rows.findIndex((row) => row.id === activeId),
  );
  const [first, end] = linesBetween(layout, view.top - OVERSCAN, view.top + view.height + 120 + OVERSCAN);
  const drawn = layout.lines.slice(first, end);
  // The one that has the focus stays in the document wherever it is scrolled to, or the focus would be lost.
  const activeLine = layout.lineOf[activeIndex];
  const far =
    activeLine !== undefined && (activeLine < first || activeLine >= end) ? layout.lines[activeLine] : undefined;

  const reveal = (index: number) => {
    const element = scroller.current;
    const line = layout.lines[layout.lineOf[index] ?? -1];
    if (!element || !line) return;
    if (line.top < element.scrollTop) element.scrollTop = Math.max(0, line.top - HEADING);
    else if (line.top + line.height > element.scrollTop + element.clientHeight) {
      element.scrollTop = line.top + line.height - element.clientHeight + GAP;
    }
  };
  const activate = (index: number) => {
    const row = rows[index];
    if (!row) return;
    focusWanted.current = row.id;
    setActiveId(row.id);
    reveal(index);
  };

  // After every drawing: the wanted cell may only be there after the second, and an effect of the drawing before may come late.
  useEffect(() => {
    const cell = scroller.current?.querySelector<HTMLElement>('[role="option"][tabindex="0"]');
    if (!cell || cell.dataset.id !== focusWanted.current) return;
    focusWanted.current = null;
    cell.focus({ preventScroll: true });
  });

  useImperativeHandle(handle, () => ({
    focus: (id) => {
      const index = id === undefined ? activeIndex : rows.findIndex((row) => row.id === id);
      activate(index < 0 ? activeIndex : index);
      // The same result may be active already: nothing is drawn anew then.
      scroller.current?.querySelector<HTMLElement>('[role="option"][tabindex="0"]')?.focus({ preventScroll: true });
    },
  }));

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[activeIndex];
    if (!row || event.altKey) return;
    const move = MOVES[event.key];
    const command = event.ctrlKey || event.metaKey;
    if (move) {
      const page = Math.max(1, Math.floor(view.height / (metrics.cellHeight + GAP)) - 1);
      const next = moved(layout, activeIndex, move, page);
      const target = rows[next];
      if (event.shiftKey && target) {
        props.onExtend(row.id, target.id);
      }
      activate(next);
    } else if (event.key === " ") {
      if (event.shiftKey) props.onExtend(row.id, row.id);
      else props.onToggle(row.id);
    } else if (event.key === "Enter") props.onOpen(row.id);
    else if (event.key === "Delete" || event.key === "Backspace") {
      const left = rows.find((other, index) => index > activeIndex && !selected.has(other.id)) ?? rows[activeIndex - 1];
      props.onDelete(row.id);
      if (left) {
        focusWanted.current = left.id;
        setActiveId(left.id);
      }
    } else if (command && event.key.toLowerCase() === "a") props.onSelectAll();
    else if (!command && event.key.toLowerCase() === "s") props.onStar(row.id);
    else return;
    event.preventDefault();
  };

  const onClick = (event: MouseEvent) => {
    const target = event.target as Element;
    const id = target.closest<HTMLElement>('[role="option"]')?.dataset.id;
    if (id === undefined) return;
    setActiveId(id);
    if (target.closest(".gallery-check")) props.onToggle(id);
    else props.onPress(id, event);
  };

  /** However a result got the focus, keys act on it: screen readers move it themselves. */
  const onFocus = (event: FocusEvent) => {
    const id = (event.target as Element).closest<HTMLElement>('[role="option"]')?.dataset.id;
    if (id !== undefined) setActiveId(id);
  };

  const cellsOf = (line: Line & { kind: "cells" }) =>
    rows
      .slice(line.start, line.start + line.count)
      .map((row, i) => (
        <Cell
          key={row.id}
          row={row}
          index={line.start + i}
          count={rows.length}
          tabbable={line.start + i === activeIndex}
          selected={selected.has(row.id)}
          selecting={selecting}
        />
      ));
  const cells = [...drawn, ...(far ? [far] : [])].filter((line) => line.kind === "cells");

  return (
    <div className="gallery-scroller" ref={scroller}>
      <div className="gallery-sheet" style={{ blockSize: layout.height }}>
        {drawn.map((line) => line.kind === "heading" && <GridHeading key={`h${line.top}`} {...line} />)}
        <div
          role="listbox"
          aria-multiselectable
          aria-label={t.gallery}
          aria-describedby={helpId}
          tabIndex={-1}
          onKeyDown={onKeyDown}
          onClick={onClick}
          onFocus={onFocus}
        >
          {cells.map((line) => (
            <div
              key={line.start}
              role="presentation"
              className="gallery-line"
              style={{
                insetBlockStart: line.top,
                blockSize: line.height,
                gridTemplateColumns: `repeat(${metrics.columns}, minmax(0, 1fr))`,
              }}
            >
              {cellsOf(line)}
            </div>
          ))}
        </div>
      </div>
      <p id={helpId} className="visually-hidden">
        {t.gridHelp}
      </p>
    </div>
  );
}

function GridHeading({ top, height, heading }: { top: number; height: number; heading: Heading }) {
  const t = useTexts(galleryTexts);
  const language = useStore(preferences, languageOf);
  const text =
    heading.kind === "day"
      ? dayName(t, language, heading.time)
      : t.groupHeading(t.groups[heading.group.kind], heading.caption, heading.count);
  return (
    <h3 className="gallery-heading" style={{ insetBlockStart: top, blockSize: height }}>
      {text}
    </h3>
  );
}

interface CellProps {
  row: ResultRow;
  index: number;
  count: number;
  tabbable: boolean;
  selected: boolean;
  selecting: boolean;
}

/** Its listbox takes presses and keys: nothing of a cell changes while the page scrolls. */
const Cell = memo(function Cell({ row, index, count, tabbable, selected, selecting }: CellProps) {
  const t = useTexts(galleryTexts);
  const language = useStore(preferences, languageOf);
  const url = useResultUrl(row.id, "thumbnails");
  const unsaved = useGallery((state) => state.unsaved.has(row.id));
  const { caption, settings, madeAt, starred, group } = row;
  const shown = group
    ? `${t.varied[group.kind]} ${group.kind === "guidance" ? t.number(variedValue(group, row), 2) : variedValue(group, row)}`
    : caption;
  return (
    <div
      role="option"
      aria-selected={selected}
      aria-setsize={count}
      aria-posinset={index + 1}
      aria-label={t.cell(group ? `${shown}, ${caption}` : caption, settings.seed, dateOf(language, madeAt), starred)}
      tabIndex={tabbable ? 0 : -1}
      className="gallery-cell"
      draggable
      data-id={row.id}
      onDragStart={(event) => startResultDrag(event, row)}
    >
      <span className="gallery-picture">
        {url && <img src={url} alt="" draggable={false} decoding="async" />}
        {/* For the mouse alone: keys and touch have ways of their own. */}
        <span className="gallery-check" aria-hidden data-on={selecting || undefined}>
          {selected && <Check size={16} />}
        </span>
        {starred && <Star className="gallery-star" size={16} fill="currentColor" aria-hidden />}
        {unsaved && <CircleAlert className="gallery-unsaved" size={16} aria-hidden />}
      </span>
      <span className="gallery-caption tabular">{shown}</span>
    </div>
  );
});
