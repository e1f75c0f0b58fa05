import { useEffect, useRef, useState } from "react";
import { useApp, useGeneration, useSettings } from "./app-context.ts";
import { Composer, type ComposerHandle } from "./composer/composer.tsx";
import { isBlank, type SentencePart, toPlainText } from "./composer/prompt-doc.ts";
import { DeviceNotice } from "./device/device-notice.tsx";
import { DeviceView } from "./device/device-view.tsx";
import type { PromptSegment } from "./engine/index.ts";
import { Shelf, useAddFiles } from "./entities/shelf.tsx";
import { Examples, firstSentence } from "./examples/examples.tsx";
import { Filmstrip } from "./gallery/filmstrip.tsx";
import type { ResultRow } from "./gallery/result.ts";
import { megabytes } from "./generation/progress-text.ts";
import { Stage } from "./generation/stage.tsx";
import { Masthead } from "./masthead/masthead.tsx";
import { useModelSummary } from "./models/model-summary.ts";
import { SettingsPanel } from "./settings/settings-panel.tsx";
import { Notices, notify } from "./ui/notices.tsx";
import { usePageDrop } from "./ui/page-drop.ts";
import { useDocumentPreferences } from "./ui/theme.ts";
import { useView } from "./ui/view.ts";
import "./app.css";

/** The page: shelf, picture and sentence, settings. */
export function App() {
  const { entities, settings, gallery, generation } = useApp();
  const composer = useRef<ComposerHandle>(null);
  const [ready, setReady] = useState(false);
  const running = useGeneration((state) => state.run.state === "running");
  const cancelling = useGeneration((state) => state.run.state === "running" && state.run.cancelling);
  const model = useModelSummary();
  const addFiles = useAddFiles();
  const view = useView();
  useDocumentPreferences();
  const dropping = usePageDrop((files) => void addFiles(files));

  useEffect(() => {
    void Promise.all([entities.getState().restore(), gallery.getState().restore()]).finally(() => setReady(true));
  }, [entities, gallery]);

  const generate = () => {
    if (generation.getState().run.state === "running") return;
    const sentence = settings.getState().sentence ?? [];
    if (isBlank(sentence)) {
      notify("The sentence is empty. Write a few words or put a picture in.");
      return;
    }
    const known = entities.getState().entities;
    const labelOf = (id: string) => known.get(id)?.label ?? "picture";
    const missing = sentence.some((part) => part.kind === "entity" && !known.has(part.id));
    if (missing) {
      notify("A picture of this sentence is not on this machine any more. Remove its chip or put another in.");
      return;
    }
    settings.getState().rollSeed();
    const prompt: PromptSegment[] = sentence.map((part) =>
      part.kind === "text" ? part : { kind: "entity", image: (known.get(part.id) as { picture: Blob }).picture },
    );
    const { parameters } = settings.getState();
    const caption = toPlainText(sentence, labelOf);
    const inSentence = [...new Set(sentence.flatMap((part) => (part.kind === "entity" ? [part.id] : [])))];
    const used = inSentence.flatMap((id) => known.get(id) ?? []);
    void generation.getState().generate({ prompt, sentence, caption, entities: used, parameters });
  };

  const reuse = ({ sentence, settings: made }: ResultRow) => {
    const { seed, steps, guidanceScale, scheduler, negativePrompt } = made;
    settings.getState().change({ seed, seedLocked: true, steps, guidanceScale, scheduler, negativePrompt });
    composer.current?.setSentence(sentence);
  };

  if (!ready) return <main className="app" aria-busy />;
  return (
    <>
      <Masthead />
      {view === "device" && <DeviceView />}
      <main className="app" hidden={view !== "studio"}>
        <aside className="side">
          <Shelf onInsert={(id) => composer.current?.insertEntity(id)} />
        </aside>
        <div className="centre">
          <DeviceNotice />
          <Stage onRetry={generate} onReuse={reuse} />
          <StoredSentence>
            {(initial) => (
              <Composer handle={composer} initial={initial} onGenerate={generate}>
                {running ? (
                  <button
                    type="button"
                    className="button primary"
                    disabled={cancelling}
                    onClick={() => generation.getState().cancel()}
                  >
                    {cancelling ? "Stopping" : "Cancel"}
                  </button>
                ) : (
                  <button
                    type="button"
                    className="button primary"
                    onClick={generate}
                    aria-keyshortcuts="Control+Enter Meta+Enter"
                  >
                    {model && !model.stored ? `Get the model, ${megabytes(model.bytes)}, then generate` : "Generate"}
                  </button>
                )}
              </Composer>
            )}
          </StoredSentence>
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
          Drop pictures to put them on the shelf
        </div>
      )}
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
