import { useApp } from "../app-context.ts";
import { messageOf, wordsNow } from "../ui/engine-messages.ts";
import { notify } from "../ui/notices.tsx";
import { labelOfResult } from "./result-drag.ts";

/** Puts a result on the shelf. @returns the entity's id, undefined where the result is gone; that is told */
export function useResultAsPicture(): (resultId: string) => Promise<string | undefined> {
  const { gallery, entities } = useApp();
  return async (resultId) => {
    try {
      const { rows, pictureOf } = gallery.getState();
      const picture = await pictureOf(resultId);
      if (!picture) return undefined;
      const caption = rows.find((row) => row.id === resultId)?.caption ?? "";
      return await entities.getState().add(picture, labelOfResult(caption));
    } catch (error) {
      notify(wordsNow(messageOf(error)));
      return undefined;
    }
  };
}
