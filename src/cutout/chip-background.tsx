import { useApp, useEntities } from "../app-context.ts";
import { composerTexts } from "../composer/texts.ts";
import { useTexts } from "../ui/texts.ts";

/** In the menu of a picture in the sentence: whether it keeps the background that it was cut from. */
export function ChipBackground({ entityId }: { entityId: string }) {
  const t = useTexts(composerTexts);
  const { entities } = useApp();
  const cutout = useEntities((state) => state.entities.get(entityId)?.cutout);
  if (!cutout) return null;
  return (
    <label className="check">
      <input
        type="checkbox"
        checked={cutout.background === "kept"}
        onChange={(event) => entities.getState().setBackground(entityId, event.target.checked ? "kept" : "removed")}
      />
      {t.background}
    </label>
  );
}
