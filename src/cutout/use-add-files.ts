import { useApp } from "../app-context.ts";
import { EngineError } from "../engine/index.ts";
import { labelFromFileName } from "../entities/label.ts";
import { messageOf, wordsNow } from "../ui/engine-messages.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { groundOfFile } from "./photo-files.ts";
import { cutoutTexts } from "./texts.ts";

/**
 * Puts picture files on the shelf: photos by way of the cut-out dialog, what is cut out already or has a plain ground as it is.
 * @returns the ids of what came of them, when all are decided; files that cannot be read are told
 */
export function useAddFiles(): (files: readonly File[]) => Promise<string[]> {
  const { entities, cutout } = useApp();

  const addAsItIs = async (file: File, label: string, tell: boolean): Promise<string> => {
    const id = await entities.getState().add(file, label);
    const t = textsNow(cutoutTexts);
    if (tell) notify(t.added(label), { label: t.edit, run: () => cutout.getState().openCutout(id) });
    return id;
  };

  return async (files) => {
    const ids: Promise<string | null>[] = [];
    for (const file of files) {
      try {
        const label = labelFromFileName(file.name);
        const ground = await groundOfFile(file);
        // The dialog is not waited for: it opens on the first photo while the others are read.
        if (ground === "photo") ids.push(cutout.getState().open(file, label));
        else ids.push(Promise.resolve(await addAsItIs(file, label, files.length === 1)));
      } catch (error) {
        notify(
          error instanceof EngineError
            ? `${file.name}: ${wordsNow(messageOf(error))}`
            : textsNow(cutoutTexts).notAdded(file.name),
        );
      }
    }
    return (await Promise.all(ids)).filter((id) => id !== null);
  };
}
