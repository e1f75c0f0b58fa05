import { useApp } from "../app-context.ts";
import { history } from "../ui/history.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { galleryTexts } from "./texts.ts";

/** Deletes results; the notice and Ctrl or Cmd and Z bring them back. */
export function useDelete(): (ids: readonly string[]) => Promise<void> {
  const { gallery } = useApp();
  return async (ids) => {
    const t = textsNow(galleryTexts);
    const undo = () => void gallery.getState().putBack(ids);
    const redo = () => void gallery.getState().remove(ids);
    notify(t.deleted(ids.length), { label: t.undo, run: undo });
    history.did({ undo, redo });
    await gallery.getState().remove(ids);
  };
}
