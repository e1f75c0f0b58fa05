import { useApp } from "../app-context.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { PROJECT_EXTENSION, type ProjectEntity, ProjectError, packProject, unpackProject } from "./project-file.ts";
import { restoreSentence } from "./restore.ts";
import { saveFile } from "./save-file.ts";
import type { Studio } from "./studio.ts";
import { galleryTexts } from "./texts.ts";

/** Saves the studio as one file, and opens such a file. */
export function useProject(studio: Studio) {
  const app = useApp();
  const tell = (error: unknown) => {
    const t = textsNow(galleryTexts);
    notify(t.projectTroubles[error instanceof ProjectError ? error.trouble : "damaged"]);
  };

  const save = async () => {
    const t = textsNow(galleryTexts);
    const request = studio.current();
    const { entities, shelf } = app.entities.getState();
    const inSentence = request.sentence.flatMap((part) => (part.kind === "entity" ? [part.id] : []));
    const ids = [...new Set([...shelf, ...inSentence])];
    try {
      const file = await packProject({ ...request, entities: ids.flatMap((id) => entities.get(id) ?? []) });
      saveFile(file, `kosmosg-${new Date().toISOString().slice(0, 10)}${PROJECT_EXTENSION}`);
      notify(t.projectSaved);
    } catch (error) {
      tell(error);
    }
  };

  const open = async (file: File) => {
    const t = textsNow(galleryTexts);
    try {
      const project = await unpackProject(file);
      const { ids, added, unreadable } = await takeEntities(project.entities);
      const parts = project.sentence.map((part) =>
        part.kind === "entity" ? { ...part, id: ids.get(part.id) ?? part.id } : part,
      );
      const { sentence, missing } = await restoreSentence(app, parts, () => undefined);
      const undo = studio.apply({ sentence, settings: project.settings });
      const notes = [
        t.projectOpened(file.name),
        ...(unreadable > 0 ? [t.picturesLeftOut(unreadable)] : []),
        ...(missing ? [t.placeholders] : []),
      ];
      notify(notes.join(" "), {
        label: t.undo,
        run: () => {
          undo();
          for (const id of added) app.entities.getState().remove(id);
        },
      });
    } catch (error) {
      tell(error);
    }
  };

  /** Puts a project's pictures on the shelf. One that is here already, byte for byte, stays what it is; others get ids of their own. */
  const takeEntities = async (entities: readonly ProjectEntity[]) => {
    const ids = new Map<string, string>();
    const added: string[] = [];
    let unreadable = 0;
    for (const { id, label, picture, tags } of entities) {
      const { entities: here, shelf, add, putBack } = app.entities.getState();
      const known = here.get(id);
      if (known && (await sameBytes(known.picture, picture))) {
        if (!shelf.includes(id)) putBack(id, shelf.length);
        ids.set(id, id);
        continue;
      }
      try {
        const fresh = await add(picture, label, tags);
        ids.set(id, fresh);
        added.push(fresh);
      } catch {
        unreadable++;
      }
    }
    return { ids, added, unreadable };
  };

  return { save, open };
}

async function sameBytes(a: Blob, b: Blob): Promise<boolean> {
  if (a.size !== b.size) return false;
  const [left, right] = await Promise.all([a.arrayBuffer(), b.arrayBuffer()]);
  const bytes = new Uint8Array(right);
  return new Uint8Array(left).every((byte, i) => byte === bytes[i]);
}
