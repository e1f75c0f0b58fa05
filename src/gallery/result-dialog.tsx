import {
  ChevronLeft,
  ChevronRight,
  Clipboard,
  Copy,
  ImagePlus,
  RotateCcw,
  Sprout,
  Star,
  Text,
  Trash2,
  X,
} from "lucide-react";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import { useApp } from "../app-context.ts";
import { labelOfResult } from "../generation/result-drag.ts";
import { useResultAsPicture } from "../generation/use-result-as-picture.ts";
import { Modal } from "../ui/modal.tsx";
import { notify } from "../ui/notices.tsx";
import { languageOf, preferences } from "../ui/preferences-store.ts";
import { useTexts } from "../ui/texts.ts";
import { dateOf } from "./dates.ts";
import { ExportPanel } from "./export-panel.tsx";
import { type Fact, fileFacts, makingFacts, settingFacts } from "./facts.ts";
import { MorePanel } from "./more-panel.tsx";
import { toPortableSentence, toPortableSettings } from "./request-format.ts";
import { restoreSentence } from "./restore.ts";
import type { ResultDetails, ResultRow } from "./result.ts";
import type { Studio } from "./studio.ts";
import { galleryTexts } from "./texts.ts";
import { useResultDetails, useResultUrl } from "./use-result.ts";
import type { RunRequest } from "./variations.ts";
import "./result-dialog.css";

interface Props {
  /** undefined: it has gone while it was looked at. */
  row: ResultRow | undefined;
  studio: Studio;
  previous: (() => void) | null;
  next: (() => void) | null;
  onDelete: (id: string) => void;
  onClose: () => void;
}

/** One result large, with everything that made it and everything that can be made of it. */
export function ResultDialog({ row, studio, previous, next, onDelete, onClose }: Props) {
  const t = useTexts(galleryTexts);
  return (
    <Modal
      label={row?.caption ?? t.missing}
      className="result-dialog"
      onClose={onClose}
      onKeyDown={(event) => {
        if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const act = { ArrowLeft: previous, ArrowRight: next, Delete: row && (() => onDelete(row.id)) }[event.key];
        if (!act) return;
        event.preventDefault();
        act();
      }}
    >
      <header className="result-head">
        <button
          type="button"
          className="button quiet icon"
          aria-label={t.previous}
          title={t.previous}
          disabled={!previous}
          onClick={() => previous?.()}
        >
          <ChevronLeft size={20} aria-hidden />
        </button>
        <button
          type="button"
          className="button quiet icon"
          aria-label={t.next}
          title={t.next}
          disabled={!next}
          onClick={() => next?.()}
        >
          <ChevronRight size={20} aria-hidden />
        </button>
        {row && <HeadActions row={row} onDelete={onDelete} />}
        <button type="button" className="button quiet" onClick={onClose}>
          <X size={18} aria-hidden /> {t.closePicture}
        </button>
      </header>
      {row ? <ResultBody key={row.id} row={row} studio={studio} /> : <p className="result-missing">{t.missing}</p>}
    </Modal>
  );
}

function HeadActions({ row, onDelete }: { row: ResultRow; onDelete: (id: string) => void }) {
  const t = useTexts(galleryTexts);
  const { gallery } = useApp();
  return (
    <>
      <button
        type="button"
        className="button quiet icon"
        aria-label={t.star}
        title={row.starred ? t.unstar : t.star}
        aria-pressed={row.starred}
        onClick={() => void gallery.getState().star([row.id], !row.starred)}
      >
        <Star size={16} aria-hidden fill={row.starred ? "currentColor" : "none"} />
      </button>
      <button type="button" className="button quiet danger" onClick={() => onDelete(row.id)}>
        <Trash2 size={16} aria-hidden /> {t.delete}
      </button>
    </>
  );
}

function ResultBody({ row, studio }: { row: ResultRow; studio: Studio }) {
  const t = useTexts(galleryTexts);
  const language = useStore(preferences, languageOf);
  const app = useApp();
  const url = useResultUrl(row.id, "pictures");
  const details = useResultDetails(row.id);
  const asPicture = useResultAsPicture();
  const settings = settingFacts(t, row.settings);
  const making = details ? makingFacts(t, details.metadata, dateOf(language, row.madeAt)) : [];
  const files = details ? fileFacts(details.metadata) : [];

  /** The sentence with pictures of this machine: small copies stand in for those that have gone. */
  const restore = () => {
    const notes = new Map((details?.entities ?? []).map((note) => [note.id, note]));
    const known = app.entities.getState().entities;
    const parts = toPortableSentence(row.sentence, (id) => notes.get(id)?.label ?? known.get(id)?.label);
    return restoreSentence(app, parts, (id) => notes.get(id)?.thumbnail);
  };
  const use = async (what: "all" | "sentence" | "seed") => {
    const restored = what === "seed" ? null : await restore();
    const { seed } = row.settings;
    const undo = studio.apply({
      ...(restored && { sentence: restored.sentence }),
      ...(what === "all" && { settings: toPortableSettings(row.settings) }),
      ...(what === "seed" && { settings: { seed } }),
    });
    const done = { all: t.usedAll, sentence: t.usedSentence, seed: t.usedSeed(seed) }[what];
    notify(restored?.missing ? `${done} ${t.placeholders}` : done, {
      label: t.undo,
      run: () => {
        undo();
        for (const id of restored?.added ?? []) app.entities.getState().remove(id);
      },
    });
  };
  const run = async (requests: readonly RunRequest[]) => {
    const { sentence } = await restore();
    studio.run(requests.map((request) => ({ ...request, sentence })));
    notify(t.queued(requests.length));
  };
  const putOnShelf = async () => {
    if (await asPicture(row.id)) notify(t.usedAsPicture(labelOfResult(row.caption)));
  };

  return (
    <div className="result-body">
      <div className="result-picture">{url && <img src={url} alt={row.caption} />}</div>
      <div className="result-side">
        <Sentence row={row} details={details} />
        <div className="result-actions">
          <button type="button" className="button" onClick={() => void use("all")}>
            <RotateCcw size={16} aria-hidden /> {t.useAll}
          </button>
          <button type="button" className="button" onClick={() => void use("sentence")}>
            <Text size={16} aria-hidden /> {t.useSentence}
          </button>
          <button type="button" className="button" onClick={() => void use("seed")}>
            <Sprout size={16} aria-hidden /> {t.useSeed}
          </button>
          <button type="button" className="button" onClick={() => void putOnShelf()}>
            <ImagePlus size={16} aria-hidden /> {t.useAsPicture}
          </button>
        </div>
        <Facts facts={settings} />
        <MorePanel row={row} onRun={(requests) => void run(requests)} />
        <ExportPanel row={row} details={details ?? undefined} />
        <details>
          <summary>{t.facts}</summary>
          <Facts facts={making} />
          <Facts facts={files} long />
          <CopyButtons row={row} facts={[...settings, ...making, ...files]} />
        </details>
      </div>
    </div>
  );
}

/** The sentence with its pictures as they were when the result was made. */
function Sentence({ row, details }: { row: ResultRow; details: ResultDetails | null | undefined }) {
  const [urls, setUrls] = useState<ReadonlyMap<string, string>>(new Map());
  useEffect(() => {
    const made = new Map<string, string>();
    for (const { id, thumbnail } of details?.entities ?? []) {
      if (thumbnail) made.set(id, URL.createObjectURL(thumbnail));
    }
    setUrls(made);
    return () => {
      for (const url of made.values()) URL.revokeObjectURL(url);
    };
  }, [details]);
  const labels = new Map((details?.entities ?? []).map(({ id, label }) => [id, label]));
  return (
    <p className="result-sentence">
      {row.sentence.map((part, i) => {
        // A part has no id of its own, and the sentence of a result never changes.
        const key = `${i}`;
        if (part.kind === "text") return <span key={key}>{part.text}</span>;
        const label = labels.get(part.id) ?? "";
        const url = urls.get(part.id);
        return url ? (
          <img key={key} className="result-chip" src={url} alt={label} title={label} />
        ) : (
          <span key={key}>‹{label}›</span>
        );
      })}
    </p>
  );
}

function Facts({ facts, long = false }: { facts: readonly Fact[]; long?: boolean }) {
  if (facts.length === 0) return null;
  return (
    <dl className={long ? "result-facts long" : "result-facts tabular"}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function CopyButtons({ row, facts }: { row: ResultRow; facts: readonly Fact[] }) {
  const t = useTexts(galleryTexts);
  const { gallery } = useApp();
  const tell = (copying: Promise<void>) =>
    copying.then(
      () => notify(t.copied),
      () => notify(t.notCopied),
    );
  const text = [row.caption, ...facts.map(([name, value]) => `${name}: ${value}`)].join("\n");
  const copyPicture = () => {
    // Safari wants the item in the click itself, its contents may come later.
    const picture = gallery
      .getState()
      .pictureOf(row.id)
      .then((blob) => blob ?? Promise.reject(new Error("gone")));
    return navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
  };
  return (
    <div className="result-actions">
      <button type="button" className="button quiet" onClick={() => void tell(navigator.clipboard.writeText(text))}>
        <Clipboard size={16} aria-hidden /> {t.copyDetails}
      </button>
      <button type="button" className="button quiet" onClick={() => void tell(copyPicture())}>
        <Copy size={16} aria-hidden /> {t.copyPicture}
      </button>
    </div>
  );
}
