import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useApp, useEntities, useSettings } from "./app-context.ts";
import { Composer, type ComposerHandle } from "./composer/composer.tsx";
import type { SentencePart } from "./composer/prompt-doc.ts";
import { CrashBoundary } from "./crash/crash-boundary.tsx";
import { Cutout } from "./cutout/cutout.tsx";
import { useAddFiles } from "./cutout/use-add-files.ts";
import { DeviceNotice, useDeviceTrouble } from "./device/device-notice.tsx";
import { DeviceView } from "./device/device-view.tsx";
import { Shelf } from "./entities/shelf.tsx";
import { shelfTexts } from "./entities/texts.ts";
import { firstSentence } from "./examples/example-sentences.ts";
import { Examples } from "./examples/examples.tsx";
import { exampleOf, useMadeExamples } from "./examples/made-examples.ts";
import { Filmstrip } from "./gallery/filmstrip.tsx";
import { GalleryMastheadItems } from "./gallery/masthead-items.tsx";
import { toPortableSettings } from "./gallery/request-format.ts";
import { useStudio } from "./gallery/studio.ts";
import { Trouble } from "./gallery/trouble.tsx";
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
import { looksLikeWeights } from "./models/import-names.ts";
import { LostModels } from "./models/lost-models.tsx";
import { useModelSummary } from "./models/model-summary.ts";
import { modelNewsTexts } from "./models/news-texts.ts";
import { droppedFiles } from "./models/picked-files.ts";
import { useLaunches } from "./offline/use-launches.ts";
import { restoreAll } from "./restore.ts";
import { SettingsPanel } from "./settings/settings-panel.tsx";
import { SheetBar } from "./sheet-bar.tsx";
import { Notices } from "./ui/notices.tsx";
import { usePageDrop } from "./ui/page-drop.ts";
import { useTexts } from "./ui/texts.ts";
import { useDocumentPreferences } from "./ui/theme.ts";
import { useUndoKeys } from "./ui/undo-keys.ts";
import { useMedia } from "./ui/use-media.ts";
import { openView, useView } from "./ui/view.ts";
import { Welcome } from "./welcome/welcome.tsx";
import { WelcomeLink } from "./welcome/welcome-link.tsx";
import { VISIT_HASH } from "./widget/visit-hash.ts";
import "./app.css";

/** From here on shelf and settings have columns of their own; app.css names the same width. */
const COLUMNS = "(min-width: 1100px)";

const ModelsView = lazy(async () => ({ default: (await import("./models/models-view.tsx")).ModelsView }));

const GalleryView = lazy(async () => ({ default: (await import("./gallery/gallery.tsx")).GalleryView }));

const WidgetVisit = lazy(async () => ({ default: (await import("./widget/widget-visit.tsx")).WidgetVisit }));

/** The page: shelf, picture and sentence, settings. */
export function App() {
  const app = useApp();
  const composer = useRef<ComposerHandle>(null);
  const [ready, setReady] = useState(false);
  const [isVisit] = useState(() => location.hash === VISIT_HASH);
  const t = useTexts(generationTexts);
  const shelf = useTexts(shelfTexts);
  const modelNews = useTexts(modelNewsTexts);
  const model = useModelSummary();
  const view = useView();
  const columns = useMedia(COLUMNS);
  const trouble = useDeviceTrouble();
  const made = useMadeExamples(model);
  const sentence = useSettings((state) => state.sentence);
  const onShelf = useEntities((state) => state.shelf);
  useDocumentPreferences();
  const studio = useStudio(composer);
  const files = useOpenFiles(studio, useAddFiles());
  const dropping = usePageDrop((dropped, transfer) => {
    if (view !== "models" && !dropped.some(looksLikeWeights)) return files.open(dropped);
    openView("models");
    void app.imports.getState().choose(droppedFiles(transfer));
  });
  useShareLink(studio, ready);
  useLaunches(files, ready);

  useEffect(() => {
    void restoreAll(app).finally(() => setReady(true));
  }, [app]);

  const generate = useGenerate();
  useTabFace();
  useResultDrop();
  useUndoKeys();

  const shelfPanel = (around: (insert: () => void) => void) => (
    <Shelf onInsert={(id) => around(() => composer.current?.insertEntity(id))} onFiles={files.take} />
  );
  const settingsPanel = (
    <>
      <SettingsPanel />
      {model && <p className="hint">{model.description}</p>}
    </>
  );

  if (!ready) return <main className="app" aria-busy />;
  return (
    <>
      <Masthead help={<WelcomeLink />}>
        <GalleryMastheadItems studio={studio} />
      </Masthead>
      {view === "gallery" && (
        <CrashBoundary of="part">
          <Suspense fallback={null}>
            <GalleryView studio={studio} />
          </Suspense>
        </CrashBoundary>
      )}
      {view === "models" && (
        <CrashBoundary of="part">
          <Suspense fallback={null}>
            <ModelsView />
          </Suspense>
        </CrashBoundary>
      )}
      {view === "device" && <DeviceView />}
      <main className="app" hidden={view !== "studio"}>
        {columns && (
          <aside className="side">
            {shelfPanel((insert) => insert())}
            <Welcome model={model} />
          </aside>
        )}
        <div className="centre">
          <DeviceNotice trouble={trouble} />
          <Trouble />
          <LostModels />
          <Stage
            example={exampleOf(made, sentence ?? [], onShelf)}
            onReuse={({ sentence, settings }) => studio.apply({ sentence, settings: toPortableSettings(settings) })}
          />
          <StoredSentence>
            {(initial) => (
              <Composer
                handle={composer}
                initial={initial}
                onGenerate={generate}
                modelStored={model?.stored ?? false}
                onFiles={files.take}
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
          {!columns && <SheetBar shelf={shelfPanel} settings={settingsPanel} />}
          <QueuePanel />
          <Examples made={made} onPick={(sentence) => composer.current?.setSentence(sentence)} />
          <Filmstrip />
          {!columns && <Welcome model={model} />}
        </div>
        {columns && <aside className="side">{settingsPanel}</aside>}
      </main>
      {dropping && (
        <div className="drop-zone" aria-hidden>
          {view === "models" ? modelNews.drop : shelf.drop}
        </div>
      )}
      {isVisit && (
        <Suspense fallback={null}>
          <WidgetVisit studio={studio} />
        </Suspense>
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
