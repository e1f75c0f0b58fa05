import { Crop, Scissors } from "lucide-react";
import { useApp, useEntities } from "../app-context.ts";
import { KeptText } from "../ui/kept-text.tsx";
import { useTexts } from "../ui/texts.ts";
import { readTags } from "./match.ts";
import { entityTexts } from "./texts.ts";
import "./entity-fields.css";

interface Props {
  id: string;
  /** Enter in a text. */
  onDone: () => void;
  /** A dialog is about to open over it. */
  onLeave: () => void;
}

/** What can be changed about a picture, wherever it is used: its name and tags, its background, its crop and its cut-out. */
export function EntityFields({ id, onDone, onLeave }: Props) {
  const t = useTexts(entityTexts);
  const { entities, cutout } = useApp();
  const entity = useEntities((state) => state.entities.get(id));
  if (!entity) return null;
  const { label, tags = [] } = entity;
  const keepTags = (text: string) => {
    const read = readTags(text);
    if (read.join() !== tags.join()) entities.getState().setTags(id, read);
  };
  const cutOut = () => {
    onLeave();
    cutout.getState().openCutout(id);
  };
  return (
    <div className="entity-fields">
      <KeptText
        label={t.name}
        value={label}
        maxLength={40}
        onKeep={(text) => text.trim() !== label && entities.getState().rename(id, text)}
        onDone={onDone}
      />
      <KeptText
        label={t.tags}
        value={tags.join(", ")}
        maxLength={200}
        placeholder={t.tagsExample}
        onKeep={keepTags}
        onDone={onDone}
      />
      {entity.cutout && (
        <label className="check">
          <input
            type="checkbox"
            checked={entity.cutout.background === "kept"}
            onChange={(event) => entities.getState().setBackground(id, event.target.checked ? "kept" : "removed")}
          />
          {t.background}
        </label>
      )}
      <div className="entity-looks">
        <button
          type="button"
          className="button"
          onClick={() => {
            onLeave();
            cutout.getState().openCrop(id);
          }}
        >
          <Crop size={16} aria-hidden /> {t.crop}
        </button>
        <button type="button" className="button" onClick={cutOut}>
          <Scissors size={16} aria-hidden /> {entity.cutout ? t.editCutout : t.removeBackground}
        </button>
      </div>
    </div>
  );
}
