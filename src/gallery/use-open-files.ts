import { useApp } from "../app-context.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { PROJECT_EXTENSION } from "./project-file.ts";
import { type RestoredRequest, restoreFromPng, restoreSentence } from "./restore.ts";
import type { Studio } from "./studio.ts";
import { galleryTexts } from "./texts.ts";
import { useProject } from "./use-project.ts";

/**
 * Files that were dropped on the page: projects are opened, pictures of this app bring back what made them.
 * @param rest takes the others
 */
export function useOpenFiles(
  studio: Studio,
  rest: (files: readonly File[]) => unknown,
): (files: readonly File[]) => void {
  const app = useApp();
  const project = useProject(studio);

  const apply = async (name: string, { sentence: parts, settings, copies }: RestoredRequest) => {
    const t = textsNow(galleryTexts);
    const { sentence, added, missing } = await restoreSentence(app, parts, (id) => copies.get(id));
    const undo = studio.apply({ sentence, settings });
    const notes = [
      t.restored(name),
      ...(added.length > 0 ? [t.restoredFromCopies] : []),
      ...(missing ? [t.placeholders] : []),
    ];
    notify(notes.join(" "), {
      label: t.undo,
      run: () => {
        undo();
        for (const id of added) app.entities.getState().remove(id);
      },
    });
  };

  const open = async (files: readonly File[]) => {
    const others: File[] = [];
    for (const file of files) {
      if (file.name.toLowerCase().endsWith(PROJECT_EXTENSION)) {
        await project.open(file);
        continue;
      }
      const restored = await restoreFromPng(file).catch(() => null);
      if (restored) await apply(file.name, restored);
      else others.push(file);
    }
    if (others.length > 0) rest(others);
  };
  return (files) => void open(files);
}
