import { useApp } from "../app-context.ts";
import { labelFromFileName } from "../entities/label.ts";
import { type MadeWith, whereIs } from "../models/made-with.ts";
import { modelNewsTexts } from "../models/news-texts.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { PROJECT_EXTENSION } from "./project-file.ts";
import { type RestoredRequest, restoreFromPng, restoreSentence } from "./restore.ts";
import type { Studio } from "./studio.ts";
import { galleryTexts } from "./texts.ts";
import { useProject } from "./use-project.ts";

export interface OpenFiles {
  /** Files dropped on the page: projects are opened, pictures of this app bring back what made them, others are taken as pictures. */
  readonly open: (files: readonly File[]) => void;
  /**
   * Files meant as pictures, dropped into the sentence or chosen for the shelf: projects are opened all the same, and what made a
   * picture of this app is offered.
   * @returns ids of the pictures
   */
  readonly take: (files: readonly File[]) => Promise<string[]>;
}

/** @param addFiles puts pictures on the shelf */
export function useOpenFiles(studio: Studio, addFiles: (files: readonly File[]) => Promise<string[]>): OpenFiles {
  const app = useApp();
  const project = useProject(studio);

  const apply = async (name: string, { sentence: parts, settings, copies, model }: RestoredRequest) => {
    const t = textsNow(galleryTexts);
    const { sentence, added, missing } = await restoreSentence(app, parts, (id) => copies.get(id));
    const undo = studio.apply({ sentence, settings });
    const notes = [
      t.restored(name),
      ...(added.length > 0 ? [t.restoredFromCopies] : []),
      ...(missing ? [t.placeholders] : []),
      ...(model ? await otherModel(model) : []),
    ];
    notify(notes.join(" "), {
      label: t.undo,
      run: () => {
        undo();
        for (const id of added) app.entities.getState().remove(id);
      },
    });
  };

  /** What to say where the picture's model is not the one that draws. */
  const otherModel = async (model: MadeWith): Promise<string[]> => {
    const t = textsNow(modelNewsTexts);
    // Where it cannot be known, as without a network, nothing is said.
    const where = await whereIs(model, app.models.getState()).catch(() => "in-use");
    if (where === "in-use") return [];
    return [where === "stored" ? t.madeWithOther(model.name) : t.madeWithMissing(model.name)];
  };

  /** Opens projects. @returns the other files, with what they carry */
  const readFiles = async (files: readonly File[]) => {
    const others: { readonly file: File; readonly carried: RestoredRequest | null }[] = [];
    for (const file of files) {
      if (file.name.toLowerCase().endsWith(PROJECT_EXTENSION)) await project.open(file);
      else others.push({ file, carried: await restoreFromPng(file).catch(() => null) });
    }
    return others;
  };

  return {
    open: async (files) => {
      const pictures: File[] = [];
      for (const { file, carried } of await readFiles(files)) {
        if (carried) await apply(file.name, carried);
        else pictures.push(file);
      }
      if (pictures.length > 0) await addFiles(pictures);
    },
    take: async (files) => {
      const read = await readFiles(files);
      const ids: string[] = [];
      const t = textsNow(galleryTexts);
      for (const { file, carried } of read) {
        if (!carried) continue;
        // As with a result that is used as a picture: there is nothing to cut out.
        ids.push(await app.entities.getState().add(file, labelFromFileName(file.name)));
        notify(t.madeHere(file.name), { label: t.restore, run: () => void apply(file.name, carried) });
      }
      const others = read.filter(({ carried }) => !carried).map(({ file }) => file);
      if (others.length > 0) ids.push(...(await addFiles(others)));
      return ids;
    },
  };
}
