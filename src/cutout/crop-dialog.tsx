import { Minus, Plus } from "lucide-react";
import { useEffect, useState } from "react";
import type { Box } from "../../workers/segmentation/mask.ts";
import { useApp } from "../app-context.ts";
import { EngineError } from "../engine/index.ts";
import { messageOf, wordsNow } from "../ui/engine-messages.ts";
import { Modal } from "../ui/modal.tsx";
import { notify } from "../ui/notices.tsx";
import { textsNow, useTexts } from "../ui/texts.ts";
import { resizeFrame, sideOf } from "./crop-frame.ts";
import { CropStage } from "./crop-stage.tsx";
import { cropTexts } from "./crop-texts.ts";
import { cropPicture, readUncropped, reframe, type Uncropped } from "./photo-files.ts";
import "./crop.css";

/** A press on a button, of the frame's side. */
const PRESS = 0.1;

/** Chooses what of its photo a picture shows. */
export function CropDialog({ entityId }: { entityId: string }) {
  const t = useTexts(cropTexts);
  const { cutout, entities } = useApp();
  const [entity] = useState(() => entities.getState().entities.get(entityId));
  const [uncropped, setUncropped] = useState<Uncropped | null>(null);
  const [frame, setFrame] = useState<Box | null>(null);
  const [saving, setSaving] = useState(false);
  const close = cutout.getState().closeCrop;

  useEffect(() => {
    let here = true;
    const open = async () => {
      if (!entity) return close();
      const read = await readUncropped(entity);
      if (!here) return;
      setUncropped(read);
      setFrame(read.frame);
    };
    open().catch((cause: unknown) => {
      if (!here) return;
      notify(cause instanceof EngineError ? wordsNow(messageOf(cause)) : textsNow(cropTexts).failed);
      close();
    });
    return () => {
      here = false;
    };
  }, [entity, close]);

  const save = async () => {
    if (!entity || !uncropped || !frame) return;
    setSaving(true);
    try {
      const { recut, crop } = entities.getState();
      const photo = entity.cropped?.photo ?? entity.picture;
      const undo = entity.cutout
        ? await recut(entityId, { ...(await reframe(entity.cutout, uncropped, frame)), label: "" })
        : frame === uncropped.whole
          ? await crop(entityId, photo, undefined)
          : await crop(entityId, await cropPicture(uncropped, frame), { photo, frame });
      close();
      notify(t.cropped(entity.label), { label: t.undo, run: undo });
    } catch {
      setSaving(false);
      notify(t.failed);
    }
  };

  return (
    <Modal label={t.title(entity?.label ?? "")} className="card-dialog crop-dialog" onClose={close}>
      <div className="crop-body">
        {uncropped && frame ? (
          <CropStage uncropped={uncropped} frame={frame} onFrame={setFrame} />
        ) : (
          <p className="crop-opening">{t.opening}</p>
        )}
        <div className="crop-actions">
          <button
            type="button"
            className="button quiet icon"
            aria-label={t.smaller}
            title={t.smaller}
            onClick={() => frame && uncropped && setFrame(resizeFrame(frame, -PRESS * sideOf(frame), uncropped.photo))}
          >
            <Minus size={16} aria-hidden />
          </button>
          <button
            type="button"
            className="button quiet icon"
            aria-label={t.larger}
            title={t.larger}
            onClick={() => frame && uncropped && setFrame(resizeFrame(frame, PRESS * sideOf(frame), uncropped.photo))}
          >
            <Plus size={16} aria-hidden />
          </button>
          <button type="button" className="button quiet" onClick={() => uncropped && setFrame(uncropped.whole)}>
            {entity?.cutout ? t.around : t.whole}
          </button>
        </div>
        <div className="crop-actions end">
          <button type="button" className="button quiet" onClick={close}>
            {t.cancel}
          </button>
          <button type="button" className="button primary" disabled={!frame || saving} onClick={() => void save()}>
            {t.confirm}
          </button>
        </div>
      </div>
    </Modal>
  );
}
