import { Ellipsis, ImagePlus, Trash2 } from "lucide-react";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useApp, useEntities } from "../app-context.ts";
import { ENTITY_MIME } from "../composer/editor.ts";
import { PROJECT_EXTENSION } from "../gallery/project-file.ts";
import { history } from "../ui/history.ts";
import { watchLongPress } from "../ui/long-press.ts";
import { notify } from "../ui/notices.tsx";
import { useTexts } from "../ui/texts.ts";
import { EntityMenu } from "./entity-menu.tsx";
import { matchesQuery } from "./match.ts";
import { shelfTexts } from "./texts.ts";
import "./shelf.css";

/** From so many pictures on, there is something to search. */
const SEARCHED_FROM = 8;

interface Props {
  onInsert: (id: string) => void;
  /** Files that were chosen. */
  onFiles: (files: readonly File[]) => unknown;
}

/** The shelf of cut-outs: press, drag, or type @ in the sentence to use one; a resting finger, F2 or its button open its menu. */
export function Shelf({ onInsert, onFiles }: Props) {
  const { entities: store } = useApp();
  const t = useTexts(shelfTexts);
  const shelf = useEntities((state) => state.shelf);
  const entities = useEntities((state) => state.entities);
  const urls = useEntities((state) => state.urls);
  const trouble = useEntities((state) => state.trouble);
  const picker = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [query, setQuery] = useState("");
  const [menu, setMenu] = useState<string | null>(null);
  const searched = shelf.length >= SEARCHED_FROM;
  const shown = shelf.filter((id) => {
    const entity = entities.get(id);
    return entity && (!searched || matchesQuery(entity, query));
  });

  const openMenu = useEffectEvent((target: Element) => {
    const id = target.closest<HTMLElement>("[data-entity]")?.dataset.entity;
    if (id) setMenu(id);
    return id !== undefined;
  });
  useEffect(() => (list.current ? watchLongPress(list.current, openMenu) : undefined), []);

  const remove = (id: string) => {
    const index = shelf.indexOf(id);
    const item = list.current?.querySelector(`[data-entity="${CSS.escape(id)}"]`);
    // The keyboard goes on where it is: with the next picture, or with the button behind the last.
    if (item?.contains(document.activeElement)) item.nextElementSibling?.querySelector("button")?.focus();
    store.getState().remove(id);
    const undo = () => store.getState().putBack(id, index);
    history.did({ undo, redo: () => store.getState().remove(id) });
    notify(t.removed(entities.get(id)?.label ?? t.picture), { label: t.undo, run: undo });
  };

  return (
    <section className="shelf" aria-labelledby="shelf-title">
      <h2 id="shelf-title">{t.title}</h2>
      {searched && (
        <input
          type="search"
          className="shelf-search"
          aria-label={t.find}
          placeholder={t.find}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
      )}
      {shown.length === 0 && query && <p className="hint">{t.noneFound}</p>}
      <ul className="shelf-list" ref={list}>
        {shown.map((id) => {
          const entity = entities.get(id);
          if (!entity) return null;
          return (
            <li key={id} className="shelf-item" data-entity={id}>
              <button
                type="button"
                className="shelf-picture"
                draggable
                title={t.insertTitle(entity.label)}
                onClick={() => onInsert(id)}
                onDragStart={(event) => {
                  event.dataTransfer.effectAllowed = "copyMove";
                  event.dataTransfer.setData(ENTITY_MIME, id);
                  event.dataTransfer.setData("text/plain", entity.label);
                  const image = event.currentTarget.querySelector("img");
                  if (image) event.dataTransfer.setDragImage(image, 32, 32);
                }}
                onKeyDown={(event) => {
                  if (event.key === "Delete" || event.key === "Backspace") remove(id);
                  if (event.key === "F2") setMenu(id);
                }}
              >
                <img src={urls.get(id)} alt="" draggable={false} />
                <span className="visually-hidden">{t.insert} </span>
                <span className="shelf-label">{entity.label}</span>
              </button>
              <button
                type="button"
                className="shelf-edit"
                aria-label={t.editOf(entity.label)}
                title={t.editOf(entity.label)}
                onClick={() => setMenu(id)}
              >
                <Ellipsis size={14} aria-hidden />
              </button>
              <button
                type="button"
                className="shelf-remove"
                aria-label={t.removeOf(entity.label)}
                onClick={() => remove(id)}
              >
                <Trash2 size={14} aria-hidden />
              </button>
            </li>
          );
        })}
        <li className="shelf-item">
          <button type="button" className="shelf-add" onClick={() => picker.current?.click()}>
            <ImagePlus size={20} aria-hidden />
            <span>{t.add}</span>
          </button>
          <input
            ref={picker}
            type="file"
            accept={`image/*,${PROJECT_EXTENSION}`}
            multiple
            hidden
            onChange={(event) => {
              void onFiles([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
        </li>
      </ul>
      {menu && (
        <EntityMenu
          id={menu}
          onInsert={() => onInsert(menu)}
          onRemove={() => remove(menu)}
          onClose={() => setMenu(null)}
        />
      )}
      <p className="hint">{t.hint}</p>
      {trouble && <p className="hint warn">{t.notKept[trouble]}</p>}
    </section>
  );
}
