import { FilePlus, FolderPlus } from "lucide-react";
import { useEffect, useRef } from "react";
import { useApp, useImport } from "../app-context.ts";
import { useTexts } from "../ui/texts.ts";
import { EarlierFiles } from "./earlier-files.tsx";
import { FromWeb } from "./from-web.tsx";
import { ImportPanel } from "./import-panel.tsx";
import { ImportProgress } from "./import-progress.tsx";
import { pickFiles } from "./picked-files.ts";
import { modelsTexts } from "./texts.ts";

/** Where files become a model. `onDone`: one was imported. */
export function ImportRoom({ onDone }: { onDone: () => void }) {
  const t = useTexts(modelsTexts);
  const busy = useImport((state) => state.busy);
  const chosen = useImport((state) => state.files.length > 0 || state.failure !== null);
  const title = useRef<HTMLHeadingElement>(null);
  const section = useRef<HTMLElement>(null);

  // What was chosen is looked at here; what was imported stands above.
  const before = useRef(busy);
  useEffect(() => {
    if (before.current === null && busy === "preview") {
      title.current?.focus({ preventScroll: true });
      section.current?.scrollIntoView({ block: "nearest" });
    }
    if (before.current === "import" && busy === null && !chosen) onDone();
    before.current = busy;
  }, [busy, chosen, onDone]);

  return (
    <section ref={section} className="import-room" aria-labelledby="models-add">
      <h3 id="models-add" ref={title} tabIndex={-1}>
        {t.add}
      </h3>
      {busy !== "import" && <Choose />}
      {busy === "import" ? <ImportProgress /> : <ImportPanel />}
      {busy !== "import" && <EarlierFiles />}
      {/* Kept as it is: what was typed there goes on after a failure. */}
      <div hidden={busy === "import"}>
        <FromWeb />
      </div>
    </section>
  );
}

function Choose() {
  const t = useTexts(modelsTexts);
  const { imports } = useApp();
  const pick = (folder: boolean) => pickFiles(folder, (picked) => void imports.getState().choose(picked));
  return (
    <div className="import-choose">
      <p>{t.addHint}</p>
      <div className="model-actions">
        <button type="button" className="button" onClick={() => pick(false)}>
          <FilePlus size={16} aria-hidden /> {t.chooseFiles}
        </button>
        <button type="button" className="button" onClick={() => pick(true)}>
          <FolderPlus size={16} aria-hidden /> {t.chooseFolder}
        </button>
      </div>
    </div>
  );
}
