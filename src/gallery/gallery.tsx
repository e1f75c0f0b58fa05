import { CheckSquare, Search, Star, X } from "lucide-react";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApp, useGallery } from "../app-context.ts";
import { languageOf, preferences } from "../ui/preferences-store.ts";
import { useTexts } from "../ui/texts.ts";
import { openView } from "../ui/view.ts";
import { Compare } from "./compare.tsx";
import { dateOf } from "./dates.ts";
import { GalleryGrid, type GridHandle } from "./gallery-grid.tsx";
import { sectionsOf } from "./grid-layout.ts";
import type { ResultRow } from "./result.ts";
import { ResultDialog } from "./result-dialog.tsx";
import { filterRows } from "./search.ts";
import { extendedTo, NOTHING, type Selection, toggled, within } from "./selection.ts";
import { SelectionBar } from "./selection-bar.tsx";
import type { Studio } from "./studio.ts";
import { galleryTexts } from "./texts.ts";
import { Trouble } from "./trouble.tsx";
import { useDelete } from "./use-delete.ts";
import "./gallery.css";

/** Every picture that was made: a view over the studio. */
export function GalleryView({ studio }: { studio: Studio }) {
  const t = useTexts(galleryTexts);
  const language = useStore(preferences, languageOf);
  const { gallery } = useApp();
  const rows = useGallery((state) => state.rows);
  const [text, setText] = useState("");
  const [starredOnly, setStarredOnly] = useState(false);
  const [selecting, setSelecting] = useState(false);
  const [chosen, setChosen] = useState<Selection>(NOTHING);
  const [openId, setOpenId] = useState<string | null>(null);
  const [comparing, setComparing] = useState(false);
  const grid = useRef<GridHandle>(null);
  const remove = useDelete();

  const searched = useDeferredValue(text);
  const found = useMemo(
    () => filterRows(rows, { text: searched, starredOnly }, (time) => dateOf(language, time)),
    [rows, searched, starredOnly, language],
  );
  const sections = useMemo(() => sectionsOf(found), [found]);
  const ordered = useMemo(() => sections.flatMap((section) => section.rows), [sections]);
  const order = useMemo(() => ordered.map((row) => row.id), [ordered]);
  const selection = useMemo(() => within(chosen, order), [chosen, order]);
  const selected = useMemo(() => ordered.filter((row) => selection.ids.has(row.id)), [ordered, selection]);
  const openAt = openId === null ? -1 : order.indexOf(openId);

  const clear = () => {
    setChosen(NOTHING);
    setSelecting(false);
  };
  const deleteRows = (ids: readonly string[]) => {
    if (ids.length > 0) void remove(ids);
  };
  const star = (targets: readonly ResultRow[]) => {
    const ids = targets.map((row) => row.id);
    if (ids.length > 0) void gallery.getState().star(ids, !targets.every((row) => row.starred));
  };
  const press = (id: string, event: { shiftKey: boolean; ctrlKey: boolean; metaKey: boolean }) => {
    if (event.shiftKey) setChosen(extendedTo(selection, order, id));
    else if (event.ctrlKey || event.metaKey || selecting) setChosen(toggled(selection, id));
    else setOpenId(id);
  };
  /** Keys of the grid act on the selection, or on the result that has the focus. */
  const targetsOf = (id: string) => (selection.ids.size > 0 ? selected : ordered.filter((row) => row.id === id));

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      if (event.target instanceof HTMLInputElement && event.target.value !== "") return;
      if (document.querySelector(":popover-open")) return;
      if (selection.ids.size > 0 || selecting) {
        setChosen(NOTHING);
        setSelecting(false);
      } else openView("studio");
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, [selection, selecting]);

  return (
    <main className="gallery-view" aria-labelledby="gallery-title">
      <header className="gallery-head">
        <div className="gallery-title">
          <h2 id="gallery-title">{t.gallery}</h2>
          <p className="hint tabular" aria-live="polite">
            {found.length === rows.length ? t.count(rows.length) : t.found(found.length, rows.length)}
          </p>
        </div>
        <div className="gallery-tools" hidden={rows.length === 0}>
          <label className="gallery-search">
            <Search size={16} aria-hidden />
            <input
              type="search"
              value={text}
              placeholder={t.search}
              aria-label={t.search}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key !== "ArrowDown" && event.key !== "Enter") return;
                event.preventDefault();
                grid.current?.focus();
              }}
            />
          </label>
          <button
            type="button"
            className="button"
            aria-pressed={starredOnly}
            onClick={() => setStarredOnly(!starredOnly)}
          >
            <Star size={16} aria-hidden /> {t.starredOnly}
          </button>
          <button
            type="button"
            className="button"
            aria-pressed={selecting}
            onClick={() => (selecting ? clear() : setSelecting(true))}
          >
            <CheckSquare size={16} aria-hidden /> {selecting ? t.selectDone : t.select}
          </button>
        </div>
        <button type="button" className="button quiet" onClick={() => openView("studio")}>
          <X size={18} aria-hidden /> {t.close}
        </button>
      </header>
      <Trouble />
      {found.length === 0 ? (
        <div className="gallery-empty">
          <p>{rows.length === 0 ? t.empty : t.nothingFound}</p>
          {rows.length === 0 ? (
            <button type="button" className="button primary" onClick={() => openView("studio")}>
              {t.makeFirst}
            </button>
          ) : (
            <button
              type="button"
              className="button"
              onClick={() => {
                setText("");
                setStarredOnly(false);
              }}
            >
              {t.showAll}
            </button>
          )}
        </div>
      ) : (
        <GalleryGrid
          handle={grid}
          sections={sections}
          rows={ordered}
          selected={selection.ids}
          selecting={selecting || selection.ids.size > 0}
          onPress={press}
          onToggle={(id) => setChosen(toggled(selection, id))}
          onExtend={(from, to) => {
            const begun = selection.ids.size > 0 ? selection : { ids: selection.ids, anchor: from };
            setChosen(extendedTo(begun, order, to));
          }}
          onSelectAll={() => setChosen({ ids: new Set(order), anchor: order[0] ?? null })}
          onOpen={setOpenId}
          onDelete={(id) => deleteRows(targetsOf(id).map((row) => row.id))}
          onStar={(id) => star(targetsOf(id))}
        />
      )}
      {selected.length > 0 && (
        <SelectionBar
          selected={selected}
          onCompare={() => setComparing(true)}
          onStar={() => star(selected)}
          onDelete={() => {
            deleteRows(selected.map((row) => row.id));
            clear();
          }}
          onClear={clear}
        />
      )}
      {openId !== null && (
        <ResultDialog
          key="result"
          row={ordered[openAt]}
          studio={studio}
          previous={openAt > 0 ? () => setOpenId(order[openAt - 1] as string) : null}
          next={openAt >= 0 && openAt < order.length - 1 ? () => setOpenId(order[openAt + 1] as string) : null}
          onDelete={(id) => {
            setOpenId(order[openAt + 1] ?? order[openAt - 1] ?? null);
            deleteRows([id]);
          }}
          onClose={() => {
            const last = openId;
            setOpenId(null);
            grid.current?.focus(last);
          }}
        />
      )}
      {comparing && selected.length === 2 && (
        <Compare left={selected[0] as ResultRow} right={selected[1] as ResultRow} onClose={() => setComparing(false)} />
      )}
    </main>
  );
}
