import { Minus, Plus, Redo2, RotateCcw, Scan, Undo2 } from "lucide-react";
import { useEffect, useEffectEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApp, useEntities } from "../app-context.ts";
import { EngineError } from "../engine/index.ts";
import type { Background } from "../entities/entity.ts";
import { readTags } from "../entities/match.ts";
import { messageOf, useWords, wordsNow } from "../ui/engine-messages.ts";
import { Notices, notify } from "../ui/notices.tsx";
import { textsNow, useTexts } from "../ui/texts.ts";
import { type Bench, createBench } from "./bench.ts";
import { BenchStage } from "./bench-stage.tsx";
import type { CutoutRequest } from "./cutout-store.ts";
import { makeCutout, readDraft, readPhoto } from "./photo-files.ts";
import { cutoutTexts } from "./texts.ts";
import { ToolBar } from "./tool-bar.tsx";
import { Choice, Slider, ToolOptions } from "./tool-options.tsx";
import { FEATHER, PREVIEWS, TOOLS } from "./tools.ts";
import "./cutout.css";

/** One picture being cut out. */
export function CutoutDialog({ request }: { request: CutoutRequest }) {
  const t = useTexts(cutoutTexts);
  const { cutout } = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [bench, setBench] = useState<Bench | null>(null);

  // Before the dialog leaves the document: only an open dialog that is closed gives the focus back.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => {
    let here = true;
    const open = async () => {
      const photo = await readPhoto(request.photo);
      const draft = request.draft && (await readDraft(request.draft, photo));
      if (here) setBench(createBench(photo, draft));
    };
    open().catch((cause: unknown) => {
      if (!here) return;
      notify(
        cause instanceof EngineError
          ? `${request.label}: ${wordsNow(messageOf(cause))}`
          : textsNow(cutoutTexts).notAdded(request.label),
      );
      cutout.getState().cancel();
    });
    return () => {
      here = false;
    };
  }, [request, cutout]);

  const leave = useEffectEvent(() => {
    bench?.stop();
    cutout.getState().cancel();
    if (!bench || request.entityId || !bench.getState().canUndo) return;
    const { box, feather, method } = bench.getState();
    const said = textsNow(cutoutTexts);
    notify(said.discarded(request.label), {
      label: said.takeUp,
      run: () => void cutout.getState().open(request.photo, request.label, { mask: bench.mask, box, feather, method }),
    });
  });

  return (
    <dialog
      ref={dialog}
      className="cutout-dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        // Escape stops what runs, and only then leaves.
        event.preventDefault();
        if (bench?.getState().busy) bench.stop();
        else leave();
      }}
      onKeyDown={(event) => bench && shortcuts(event, bench)}
    >
      <header className="cutout-head">
        <h2 id={titleId}>{t.title}</h2>
        <Waiting />
        {bench && <HistoryButtons bench={bench} />}
      </header>
      {bench ? (
        <Workplace bench={bench} request={request} onLeave={leave} />
      ) : (
        <p className="cutout-opening">{t.opening}</p>
      )}
      {/* Those of the page lie behind the dialog and cannot be reached. */}
      <Notices />
    </dialog>
  );
}

/** Undo and the tools' letters, wherever the focus is but in a text. */
function shortcuts(event: React.KeyboardEvent, bench: Bench): void {
  const target = event.target as HTMLElement;
  const key = event.key.toLowerCase();
  const writing = target instanceof HTMLInputElement && target.type === "text";
  if (event.ctrlKey || event.metaKey) {
    if (writing || (key !== "z" && key !== "y")) return;
    if (key === "y" || event.shiftKey) bench.redo();
    else bench.undo();
  } else {
    const found = TOOLS.find((tool) => tool.key === key);
    if (writing || event.altKey || !found) return;
    bench.pick(found.tool);
  }
  event.preventDefault();
  event.stopPropagation();
}

function Waiting() {
  const t = useTexts(cutoutTexts);
  const { cutout } = useApp();
  const others = useStore(cutout, (state) => state.queue.length - 1);
  return others > 0 ? <p className="hint">{t.waiting(others)}</p> : null;
}

function HistoryButtons({ bench }: { bench: Bench }) {
  const t = useTexts(cutoutTexts);
  const canUndo = useStore(bench, (state) => state.canUndo);
  const canRedo = useStore(bench, (state) => state.canRedo);
  return (
    <div className="bench-history">
      <IconButton label={t.undo} keys="Control+Z Meta+Z" disabled={!canUndo} onPress={() => bench.undo()}>
        <Undo2 size={18} aria-hidden />
      </IconButton>
      <IconButton label={t.redo} keys="Control+Shift+Z Meta+Shift+Z" disabled={!canRedo} onPress={() => bench.redo()}>
        <Redo2 size={18} aria-hidden />
      </IconButton>
      <IconButton label={t.reset} onPress={() => bench.reset()}>
        <RotateCcw size={18} aria-hidden />
      </IconButton>
    </div>
  );
}

interface WorkplaceProps {
  bench: Bench;
  request: CutoutRequest;
  onLeave: () => void;
}

function Workplace({ bench, request, onLeave }: WorkplaceProps) {
  const t = useTexts(cutoutTexts);
  const { cutout } = useApp();
  const zoom = useRef<(factor: number | undefined) => void>(() => {});
  const [nameId, tagsId] = [useId(), useId()];
  const [name, setName] = useState(request.label);
  const known = useEntities((state) => (request.entityId ? state.entities.get(request.entityId)?.tags : undefined));
  const [tags, setTags] = useState(known?.join(", ") ?? "");
  const stored = request.draft && "stored" in request.draft ? request.draft.stored.background : undefined;
  const [background, setBackground] = useState<Background>(stored ?? "removed");
  const [saving, setSaving] = useState(false);
  const empty = useStore(bench, (state) => state.part === 0);
  const busy = useStore(bench, (state) => state.busy !== null);
  const preview = useStore(bench, (state) => state.preview);
  const queue = useStore(cutout, (state) => state.queue);

  const run = async (task: () => Promise<void>) => {
    setSaving(true);
    try {
      await task();
    } catch (cause) {
      bench.setState({ error: messageOf(cause) });
    } finally {
      setSaving(false);
    }
  };
  const confirm = () =>
    run(async () => {
      const made = await makeCutout(bench, name, background, t.tooSmall);
      await cutout.getState().confirm({ ...made, tags: readTags(tags) });
    });
  const takeAll = () =>
    run(async () => {
      bench.stop();
      for (const { label } of cutout.getState().queue) await cutout.getState().takeAsItIs(label);
    });

  return (
    <>
      <div className="cutout-body">
        <ToolBar bench={bench} />
        <div className="bench">
          <BenchStage bench={bench} zoom={zoom} />
          <div className="bench-zoom">
            <IconButton label={t.zoomOut} onPress={() => zoom.current(1 / 1.4)}>
              <Minus size={16} aria-hidden />
            </IconButton>
            <IconButton label={t.zoomFit} onPress={() => zoom.current(undefined)}>
              <Scan size={16} aria-hidden />
            </IconButton>
            <IconButton label={t.zoomIn} onPress={() => zoom.current(1.4)}>
              <Plus size={16} aria-hidden />
            </IconButton>
          </div>
          <Busy bench={bench} />
        </div>
        <div className="cutout-side">
          <ToolOptions bench={bench} />
          <Said bench={bench} />
          <div className="cutout-finish">
            <Slider bench={bench} name="feather" label={t.feather} range={FEATHER} shown={(value) => `${value} px`} />
            <Choice
              legend={t.background}
              options={["removed", "kept"] as const}
              names={t.backgrounds}
              value={background}
              onChange={setBackground}
            />
            <Choice
              legend={t.preview}
              options={PREVIEWS}
              names={t.previews}
              value={preview}
              onChange={(chosen) => bench.setState({ preview: chosen })}
            />
          </div>
        </div>
      </div>
      <footer className="cutout-foot">
        <label htmlFor={nameId}>{t.name}</label>
        <input id={nameId} type="text" maxLength={40} value={name} onChange={(event) => setName(event.target.value)} />
        <label htmlFor={tagsId}>{t.tags}</label>
        <input
          id={tagsId}
          type="text"
          maxLength={200}
          placeholder={t.tagsExample}
          value={tags}
          onChange={(event) => setTags(event.target.value)}
        />
        <div className="cutout-actions">
          <button type="button" className="button quiet" onClick={onLeave}>
            {t.cancel}
          </button>
          {queue.length > 1 && (
            <button type="button" className="button quiet" disabled={saving} onClick={() => void takeAll()}>
              {t.allAsTheyAre(queue.length)}
            </button>
          )}
          {!request.entityId && (
            <button
              type="button"
              className="button"
              disabled={saving}
              onClick={() => void run(() => cutout.getState().takeAsItIs(name, readTags(tags)))}
            >
              {t.asItIs}
            </button>
          )}
          <button
            type="button"
            className="button primary"
            disabled={saving || busy || empty}
            onClick={() => void confirm()}
          >
            {saving ? t.saving : t.confirm}
          </button>
        </div>
      </footer>
    </>
  );
}

function Busy({ bench }: { bench: Bench }) {
  const t = useTexts(cutoutTexts);
  const busy = useStore(bench, (state) => state.busy);
  if (!busy) return null;
  const [value, max] = busy.kind === "work" ? [busy.fraction, 1] : [busy.loadedBytes, busy.totalBytes];
  return (
    <div className="bench-busy">
      <span>{t.working}</span>
      <progress max={max || 1} value={value} aria-label={t.working} />
      <button type="button" className="button quiet" onClick={() => bench.stop()}>
        {t.stop}
      </button>
    </div>
  );
}

/** What was done, also for screen readers. */
function Said({ bench }: { bench: Bench }) {
  const t = useTexts(cutoutTexts);
  const words = useWords();
  const said = useStore(bench, (state) => state.said);
  const error = useStore(bench, (state) => state.error);
  const part = useStore(bench, (state) => state.part);
  const line = () => {
    if (!said) return part > 0 ? t.said.cut(part) : t.nothingYet;
    switch (said.kind) {
      case "cut":
        return t.said.cut(said.part);
      case "nothing-found":
        return t.said.nothingFound;
      case "brush-down":
        return t.said.brushDown;
      case "brush-up":
        return t.said.brushUp;
      case "corner":
        return t.said.corner(said.count);
      default:
        return t.said[said.kind];
    }
  };
  return (
    <>
      <p className="cutout-said" role="status">
        {line()}
      </p>
      {error && (
        <p className="hint warn" role="alert">
          {words(error)}
        </p>
      )}
    </>
  );
}

interface IconButtonProps {
  label: string;
  keys?: string;
  disabled?: boolean;
  onPress: () => void;
  children: React.ReactNode;
}

function IconButton({ label, keys, disabled = false, onPress, children }: IconButtonProps) {
  return (
    <button
      type="button"
      className="button quiet bench-icon"
      aria-label={label}
      title={label}
      aria-keyshortcuts={keys}
      disabled={disabled}
      onClick={onPress}
    >
      {children}
    </button>
  );
}
