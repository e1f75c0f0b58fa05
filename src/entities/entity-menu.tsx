import { Trash2, X } from "lucide-react";
import { flushSync } from "react-dom";
import { useEntities } from "../app-context.ts";
import { Modal } from "../ui/modal.tsx";
import { useTexts } from "../ui/texts.ts";
import { EntityFields } from "./entity-fields.tsx";
import { entityTexts, shelfTexts } from "./texts.ts";
import "./entity-menu.css";

interface Props {
  id: string;
  onInsert: () => void;
  onRemove: () => void;
  onClose: () => void;
}

/** All that can be done with a picture of the shelf. */
export function EntityMenu({ id, onInsert, onRemove, onClose }: Props) {
  const t = useTexts(entityTexts);
  const shelf = useTexts(shelfTexts);
  const label = useEntities((state) => state.entities.get(id)?.label ?? "");
  const url = useEntities((state) => state.urls.get(id));
  const then = (act: () => void) => () => {
    // The focus is back on the shelf before what follows takes it further.
    flushSync(onClose);
    act();
  };
  return (
    <Modal label={t.menuOf(label)} className="card-dialog entity-menu" onClose={onClose} light>
      <div className="entity-menu-body">
        <header className="entity-menu-head">
          <img src={url} alt="" />
          <button type="button" className="button quiet icon" aria-label={t.close} title={t.close} onClick={onClose}>
            <X size={18} aria-hidden />
          </button>
        </header>
        <EntityFields id={id} onDone={onClose} onLeave={onClose} />
        <div className="entity-menu-actions">
          <button type="button" className="button primary" onClick={then(onInsert)}>
            {shelf.insertIt}
          </button>
          <button type="button" className="button quiet danger" onClick={then(onRemove)}>
            <Trash2 size={16} aria-hidden /> {t.takeOff}
          </button>
        </div>
      </div>
    </Modal>
  );
}
