import { FolderOpen, Link, Save } from "lucide-react";
import { useId, useRef } from "react";
import { notify } from "../ui/notices.tsx";
import { textsNow, useTexts } from "../ui/texts.ts";
import { PROJECT_EXTENSION } from "./project-file.ts";
import { pickFile } from "./save-file.ts";
import { toShareFragment } from "./share-link.ts";
import type { Studio } from "./studio.ts";
import { galleryTexts } from "./texts.ts";
import { useProject } from "./use-project.ts";
import "./project-menu.css";

/** Save and open a project, copy a link to the settings. */
export function ProjectMenu({ studio }: { studio: Studio }) {
  const t = useTexts(galleryTexts);
  const id = useId();
  const popover = useRef<HTMLDivElement>(null);
  const { save, open } = useProject(studio);
  const chosen = (run: () => unknown) => () => {
    popover.current?.hidePopover();
    run();
  };
  return (
    <div className="project-menu">
      <button type="button" className="button quiet" popoverTarget={id}>
        {t.project}
      </button>
      <div id={id} ref={popover} popover="auto" className="popover project-popover">
        <button type="button" className="button quiet" onClick={chosen(save)}>
          <Save size={16} aria-hidden /> {t.saveProject}
        </button>
        <button
          type="button"
          className="button quiet"
          onClick={chosen(() => pickFile(`${PROJECT_EXTENSION},application/zip`, open))}
        >
          <FolderOpen size={16} aria-hidden /> {t.openProject}
        </button>
        <button type="button" className="button quiet" onClick={chosen(() => copyLink(studio))}>
          <Link size={16} aria-hidden /> {t.copyLink}
        </button>
        <p className="hint">{t.projectHint}</p>
      </div>
    </div>
  );
}

function copyLink(studio: Studio): void {
  const t = textsNow(galleryTexts);
  const fragment = toShareFragment(studio.current());
  if (!fragment) {
    notify(t.linkTooLong);
    return;
  }
  const link = new URL(fragment, location.href.replace(/#.*$/, "")).href;
  navigator.clipboard.writeText(link).then(
    () => notify(t.linkCopied),
    () => notify(t.notCopied),
  );
}
