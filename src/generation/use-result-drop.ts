import { useEffect, useEffectEvent } from "react";
import { useApp } from "../app-context.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { RESULT_MIME } from "./result-drag.ts";
import { generationTexts } from "./texts.ts";
import { useResultAsPicture } from "./use-result-as-picture.ts";

/** A result that is dropped outside of the sentence, on the shelf say, goes onto the shelf. */
export function useResultDrop(): void {
  const { entities } = useApp();
  const asPicture = useResultAsPicture();
  const take = useEffectEvent(async (resultId: string) => {
    const id = await asPicture(resultId);
    const label = id && entities.getState().entities.get(id)?.label;
    if (label) notify(textsNow(generationTexts).onShelf(label));
  });
  useEffect(() => {
    const onShelf = (event: DragEvent) => event.target instanceof Element && event.target.closest(".shelf") !== null;
    const carriesResult = (event: DragEvent) => event.dataTransfer?.types.includes(RESULT_MIME) ?? false;
    const onDragOver = (event: DragEvent) => {
      if (carriesResult(event) && onShelf(event)) event.preventDefault();
    };
    const onDrop = (event: DragEvent) => {
      if (event.defaultPrevented || !carriesResult(event) || !onShelf(event)) return;
      event.preventDefault();
      void take(event.dataTransfer?.getData(RESULT_MIME) ?? "");
    };
    window.addEventListener("dragover", onDragOver);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("dragover", onDragOver);
      window.removeEventListener("drop", onDrop);
    };
  }, []);
}
