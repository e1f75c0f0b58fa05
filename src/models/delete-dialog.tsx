import { Trash2 } from "lucide-react";
import { Modal } from "../ui/modal.tsx";
import { useTexts } from "../ui/texts.ts";
import { modelsTexts } from "./texts.ts";

interface Props {
  name: string;
  size: string;
  /** The app fetches it again by itself. */
  comesBack: boolean;
  onDelete: () => void;
  onClose: () => void;
}

/** Gigabytes that took an hour to come are not kept for an undo: it is asked before. */
export function DeleteDialog({ name, size, comesBack, onDelete, onClose }: Props) {
  const t = useTexts(modelsTexts);
  return (
    <Modal label={t.removeAsk(name)} className="card-dialog delete-dialog" onClose={onClose} light>
      <div className="delete-body">
        <h2>{t.removeAsk(name)}</h2>
        <p>
          {t.removeNote(size)} {comesBack && t.removeMiniNote}
        </p>
        <div className="model-actions">
          <button type="button" className="button" onClick={onClose}>
            {t.keep}
          </button>
          <button type="button" className="button danger" onClick={onDelete}>
            <Trash2 size={16} aria-hidden /> {t.remove}
          </button>
        </div>
      </div>
    </Modal>
  );
}
