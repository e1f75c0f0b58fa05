import { useApp, useGallery } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { galleryTexts } from "./texts.ts";

/** What storage did not take, and what to do. */
export function Trouble() {
  const t = useTexts(galleryTexts);
  const { gallery } = useApp();
  const trouble = useGallery((state) => state.trouble);
  const unsaved = useGallery((state) => state.unsaved.size);
  if (!trouble) return null;
  const quota = unsaved > 0 ? t.quota(unsaved) : t.quotaPlain;
  return (
    <div className="trouble" role="alert">
      <p>{trouble === "quota" ? quota : t.closed}</p>
      <div className="trouble-actions">
        <button type="button" className="button" onClick={() => void gallery.getState().retry()}>
          {t.retry}
        </button>
      </div>
    </div>
  );
}
