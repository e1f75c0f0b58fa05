import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useApp, useSettings } from "./app-context.ts";
import { Composer, type ComposerHandle } from "./composer/composer.tsx";
import type { SentencePart } from "./composer/prompt-doc.ts";
import { ChipBackground } from "./cutout/chip-background.tsx";
import { Cutout } from "./cutout/cutout.tsx";
import { useAddFiles } from "./cutout/use-add-files.ts";
import { DeviceNotice } from "./device/device-notice.tsx";
import { DeviceView } from "./device/device-view.tsx";
import { Shelf } from "./entities/shelf.tsx";
import { shelfTexts } from "./entities/texts.ts";
import { firstSentence } from "./examples/example-sentences.ts";
import { Examples } from "./examples/examples.tsx";
import { Filmstrip } from "./gallery/filmstrip.tsx";
import { GalleryMastheadItems } from "./gallery/masthead-items.tsx";
import { toPortableSettings } from "./gallery/request-format.ts";
import { useStudio } from "./gallery/studio.ts";
import { useOpenFiles } from "./gallery/use-open-files.ts";
import { useShareLink } from "./gallery/use-share-link.ts";
import { megabytes } from "./generation/progress-text.ts";
import { QueuePanel } from "./generation/queue-panel.tsx";
import { Stage } from "./generation/stage.tsx";
import { generationTexts } from "./generation/texts.ts";
import { useGenerate } from "./generation/use-generate.ts";
import { useResultDrop } from "./generation/use-result-drop.ts";
import { useTabFace } from "./generation/use-tab-face.ts";
import { Masthead } from "./masthead/masthead.tsx";
import { useModelSummary } from "./models/model-summary.ts";
import { restoreAll } from "./restore.ts";
import { SettingsPanel } from "./settings/settings-panel.tsx";
import { Notices } from "./ui/notices.tsx";
import { usePageDrop } from "./ui/page-drop.ts";
import { useTexts } from "./ui/texts.ts";
import { useDocumentPreferences } from "./ui/theme.ts";
import { useUndoKeys } from "./ui/undo-keys.ts";
import { useView } from "./ui/view.ts";
import "./app.css";

const GalleryView = lazy(async () => ({ default: (await import("./gallery/gallery.tsx")).GalleryView }));

/** The page: shelf, picture and sentence, settings. */
export function App() {
  const app = useApp();
  const composer = useRef<ComposerHandle>(null);
  const [ready, setReady] = useState(false);
  const t = useTexts(generationTexts);
  const shelf = useTexts(shelfTexts);
  const model = useModelSummary();
  const addFiles = useAddFiles();
  const view = useView();
  useDocumentPreferences();
  const studio = useStudio(composer);
  const dropping = usePageDrop(useOpenFiles(studio, addFiles));
  useShareLink(studio, ready);

  useEffect(() => {
    void restoreAll(app).finally(() => setReady(true));
  }, [app]);

  const generate = useGenerate();
  useTabFace();
  useResultDrop();
  useUndoKeys();

  if (!ready) return <main className="app" aria-busy />;
  return (
    <>
      <Masthead>
        <GalleryMastheadItems studio={studio} />
      </Masthead>
      {view === "gallery" && (
        <Suspense fallback={null}>
          <GalleryView studio={studio} />
        </Suspense>
      )}
      {view === "device" && <DeviceView />}
      <main className="app" hidden={view !== "studio"}>
        <aside className="side">
          <Shelf onInsert={(id) => composer.current?.insertEntity(id)} />
        </aside>
        <div className="centre">
          <DeviceNotice />
          <Stage
            onReuse={({ sentence, settings }) => studio.apply({ sentence, settings: toPortableSettings(settings) })}
          />
          <StoredSentence>
            {(initial) => (
              <Composer
                handle={composer}
                initial={initial}
                onGenerate={generate}
                modelStored={model?.stored ?? false}
                onEditCutout={(id) => app.cutout.getState().openCutout(id)}
                chipExtras={(id) => <ChipBackground entityId={id} />}
              >
                <button
                  type="button"
                  className="button primary"
                  onClick={generate}
                  aria-keyshortcuts="Control+Enter Meta+Enter"
                >
                  {model && !model.stored ? t.getThenGenerate(megabytes(model.bytes, t.locale)) : t.generate}
                </button>
              </Composer>
            )}
          </StoredSentence>
          <QueuePanel />
          <Examples onPick={(sentence) => composer.current?.setSentence(sentence)} />
          <Filmstrip />
        </div>
        <aside className="side">
          <SettingsPanel />
          {model && <p className="hint">{model.description}</p>}
        </aside>
      </main>
      {dropping && (
        <div className="drop-zone" aria-hidden>
          {shelf.drop}
        </div>
      )}
      <Cutout />
      <Notices />
    </>
  );
}

/** The sentence of the last visit, or the first example: read once, the editor owns it from then on. */
function StoredSentence({ children }: { children: (initial: readonly SentencePart[]) => React.ReactNode }) {
  const { entities, settings } = useApp();
  const stored = useSettings((state) => state.sentence);
  const [initial] = useState(() => {
    const sentence = stored ?? firstSentence(entities.getState().shelf);
    if (!stored) settings.getState().setSentence(sentence);
    return sentence;
  });
  return children(initial);
}
