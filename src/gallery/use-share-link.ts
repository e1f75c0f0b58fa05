import { useEffect, useEffectEvent } from "react";
import { useApp } from "../app-context.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { fromPortableSentence } from "./request-format.ts";
import { fromShareFragment, isShareFragment } from "./share-link.ts";
import type { Studio } from "./studio.ts";
import { galleryTexts } from "./texts.ts";

/** Applies the link that the page was opened with, or one that is pasted into its address. */
export function useShareLink(studio: Studio, ready: boolean): void {
  const { entities } = useApp();
  const open = useEffectEvent(() => {
    if (!isShareFragment(location.hash)) return;
    const t = textsNow(galleryTexts);
    const request = fromShareFragment(location.hash);
    // Once: a reload must not undo what was changed since.
    history.replaceState(null, "", location.pathname + location.search);
    if (!request) return notify(t.linkDamaged);
    const here = entities.getState().entities;
    const sentence = fromPortableSentence(request.sentence, (id) => (here.has(id) ? id : undefined));
    const undo = studio.apply({ sentence, settings: request.settings });
    notify(t.linkOpened, { label: t.undo, run: undo });
  });
  useEffect(() => {
    if (!ready) return;
    open();
    addEventListener("hashchange", open);
    return () => removeEventListener("hashchange", open);
  }, [ready]);
}
