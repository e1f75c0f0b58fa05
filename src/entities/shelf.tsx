import { ImagePlus, Scissors, Trash2 } from "lucide-react";
import { useRef } from "react";
import { useApp, useEntities } from "../app-context.ts";
import { ENTITY_MIME } from "../composer/editor.ts";
import { cutoutTexts } from "../cutout/texts.ts";
import { useAddFiles } from "../cutout/use-add-files.ts";
import { history } from "../ui/history.ts";
import { notify } from "../ui/notices.tsx";
import { useTexts } from "../ui/texts.ts";
import { shelfTexts } from "./texts.ts";
import "./shelf.css";

/** The shelf of cut-outs: press, drag, or type @ in the sentence to use one. */
export function Shelf({ onInsert }: { onInsert: (id: string) => void }) {
  const { entities: store, cutout } = useApp();
  const t = useTexts(shelfTexts);
  const cut = useTexts(cutoutTexts);
  const shelf = useEntities((state) => state.shelf);
  const entities = useEntities((state) => state.entities);
  const urls = useEntities((state) => state.urls);
  const trouble = useEntities((state) => state.trouble);
  const addFiles = useAddFiles();
  const picker = useRef<HTMLInputElement>(null);

  const remove = (id: string, index: number) => {
    store.getState().remove(id);
    const undo = () => store.getState().putBack(id, index);
    history.did({ undo, redo: () => store.getState().remove(id) });
    notify(t.removed(entities.get(id)?.label ?? t.picture), { label: t.undo, run: undo });
  };

  return (
    <section className="shelf" aria-labelledby="shelf-title">
      <h2 id="shelf-title">{t.title}</h2>
      <ul className="shelf-list">
        {shelf.map((id, index) => {
          const entity = entities.get(id);
          if (!entity) return null;
          return (
            <li key={id} className="shelf-item">
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
                  if (event.key === "Delete" || event.key === "Backspace") remove(id, index);
                }}
              >
                <img src={urls.get(id)} alt="" draggable={false} />
                <span className="visually-hidden">{t.insert} </span>
                <span className="shelf-label">{entity.label}</span>
              </button>
              <button
                type="button"
                className="shelf-edit"
                aria-label={cut.editOf(entity.label)}
                title={cut.edit}
                onClick={() => cutout.getState().openCutout(id)}
              >
                <Scissors size={14} aria-hidden />
              </button>
              <button
                type="button"
                className="shelf-remove"
                aria-label={t.removeOf(entity.label)}
                onClick={() => remove(id, index)}
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
            accept="image/*"
            multiple
            hidden
            onChange={(event) => {
              void addFiles([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
        </li>
      </ul>
      <p className="hint">{t.hint}</p>
      {trouble && <p className="hint warn">{t.notKept[trouble]}</p>}
    </section>
  );
}
