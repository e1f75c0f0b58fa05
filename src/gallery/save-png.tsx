import { Download } from "lucide-react";
import { useApp } from "../app-context.ts";
import { notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { exportChoices } from "./export-choices.ts";
import { exportPicture } from "./export-picture.ts";
import { fileNameOf } from "./file-name.ts";
import type { ResultRow } from "./result.ts";
import { saveFile } from "./save-file.ts";
import { galleryTexts } from "./texts.ts";

/**
 * Saves a result as PNG, with what made it unless the visitor wants that left out.
 * @param url the plain picture, for the browser's own "save as" and for dragging
 */
export function SavePng({ row, url }: { row: ResultRow; url: string }) {
  const { gallery } = useApp();
  const save = async () => {
    try {
      const { pictureOf, detailsOf } = gallery.getState();
      const [picture, details] = await Promise.all([pictureOf(row.id), detailsOf(row.id)]);
      if (!picture) throw new Error("gone");
      const { file, name } = await exportPicture(row, picture, details, {
        ...exportChoices.getState(),
        format: "png",
        scale: 1,
      });
      saveFile(file, name);
    } catch {
      notify(textsNow(galleryTexts).notSaved);
    }
  };
  return (
    <a
      className="button"
      href={url}
      download={fileNameOf(row.caption, row.settings.seed, "png")}
      onClick={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Download size={16} aria-hidden /> PNG
    </a>
  );
}
