import { type RefObject, useEffect, useRef } from "react";
import { useStore } from "zustand";
import { useApp, useEntities, useSettings } from "../app-context.ts";
import { Composer, type ComposerHandle } from "../composer/composer.tsx";
import { Cutout } from "../cutout/cutout.tsx";
import { useAddFiles } from "../cutout/use-add-files.ts";
import { DeviceNotice, useDeviceTrouble } from "../device/device-notice.tsx";
import { Shelf } from "../entities/shelf.tsx";
import { exampleOf, useMadeExamples } from "../examples/made-examples.ts";
import { toPortableSentence, toPortableSettings } from "../gallery/request-format.ts";
import type { ResultRow } from "../gallery/result.ts";
import { Stage } from "../generation/stage.tsx";
import { useGenerate } from "../generation/use-generate.ts";
import { useModelSummary } from "../models/model-summary.ts";
import { SettingsPanel } from "../settings/settings-panel.tsx";
import { SheetBar } from "../sheet-bar.tsx";
import { Notices, notify } from "../ui/notices.tsx";
import { textsNow } from "../ui/texts.ts";
import { useDocumentPreferences } from "../ui/theme.ts";
import { useUndoKeys } from "../ui/undo-keys.ts";
import { FixedSentence } from "./fixed-sentence.tsx";
import { Foot } from "./foot.tsx";
import { GenerateButton } from "./generate-button.tsx";
import type { ModelAccess } from "./model-access.ts";
import { openInApp } from "./open-in-app.ts";
import { Refused } from "./refused.tsx";
import { reportHeight } from "./report-height.ts";
import { widgetTexts } from "./texts.ts";
import type { Returned } from "./visit.ts";
import type { WidgetStore } from "./widget-store.ts";
import "./widget.css";

interface Props {
  readonly access: ModelAccess;
  readonly view: WidgetStore;
  readonly composer: RefObject<ComposerHandle | null>;
  /** CSS pixels that the content takes. */
  readonly onHeight: (height: number) => void;
  /** A picture that was drawn in the app's own window. */
  readonly onReturned: (returned: Returned) => void;
}

/** The studio's centre alone: the picture, the sentence, and what is needed for them. */
export function Widget(props: Props) {
  const { view, onHeight } = props;
  const root = useRef<HTMLDivElement>(null);
  const admission = useStore(view, (state) => state.admission);
  const ready = useStore(view, (state) => state.ready);
  const autosize = useStore(view, (state) => state.config.autosize === true);
  const trouble = useDeviceTrouble();
  useDocumentPreferences();
  useUndoKeys();

  useEffect(() => (autosize && root.current ? reportHeight(root.current, onHeight) : undefined), [autosize, onHeight]);

  return (
    <div className={autosize ? "widget autosized" : "widget"} ref={root} aria-busy={!ready}>
      {admission === "refused" ? (
        <Refused view={view} />
      ) : (
        ready && (
          <>
            <main className="widget-main">
              <DeviceNotice trouble={trouble} here />
              <Content {...props} />
            </main>
            <Cutout />
            <Notices />
          </>
        )
      )}
    </div>
  );
}

function Content({ access, view, composer, onReturned }: Props) {
  const app = useApp();
  const readonly = useStore(view, (state) => state.config.readonly === true);
  const host = useStore(view, (state) => state.host);
  const atHand = useStore(access.store, (state) => state.atHand === true);
  const sentence = useSettings((state) => state.sentence) ?? [];
  const onShelf = useEntities((state) => state.shelf);
  const summary = useModelSummary();
  const made = useMadeExamples(summary);
  const files = useAddFiles();
  const generate = useGenerate();

  const press = () => {
    access.agree();
    generate();
  };
  const open = () => {
    const visit = () => {
      const { sentence, parameters } = app.settings.getState();
      const { entities } = app.entities.getState();
      const labelOf = (id: string) => entities.get(id)?.label;
      const named = new Set((sentence ?? []).flatMap((part) => (part.kind === "entity" ? [part.id] : [])));
      const pictures = [...named].flatMap((id) => {
        const entity = entities.get(id);
        return entity ? [{ id, label: entity.label, picture: entity.picture }] : [];
      });
      return {
        kosmosg: "visit" as const,
        host: host ? new URL(host).host : location.host,
        sentence: toPortableSentence(sentence ?? [], labelOf),
        settings: toPortableSettings(parameters ?? {}),
        pictures,
      };
    };
    const t = textsNow(widgetTexts);
    notify(openInApp(visit, onReturned) ? t.opened : t.notOpened);
  };
  const reuse = ({ sentence, settings }: ResultRow) => {
    const { seed, steps, guidanceScale, scheduler, negativePrompt } = settings;
    app.settings.getState().change({ seed, steps, guidanceScale, scheduler, negativePrompt, seedLocked: true });
    composer.current?.setSentence(sentence);
  };
  const button = <GenerateButton access={access} summary={summary} onPress={press} />;

  return (
    <>
      <Stage example={exampleOf(made, sentence, onShelf)} onReuse={readonly ? undefined : reuse} />
      {readonly ? (
        <FixedSentence>{button}</FixedSentence>
      ) : (
        <>
          <Composer handle={composer} initial={sentence} onGenerate={press} modelStored={atHand} onFiles={files}>
            {button}
          </Composer>
          <SheetBar
            shelf={(around) => (
              <Shelf onInsert={(id) => around(() => composer.current?.insertEntity(id))} onFiles={files} />
            )}
            settings={<SettingsPanel />}
          />
        </>
      )}
      <Foot access={access} view={view} onOpen={open} />
    </>
  );
}
