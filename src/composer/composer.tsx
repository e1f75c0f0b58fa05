import { useCallback, useEffect, useEffectEvent, useImperativeHandle, useRef, useState } from "react";
import { useStore } from "zustand";
import { useApp, useEntities, useSettings } from "../app-context.ts";
import { useResultAsPicture } from "../generation/use-result-as-picture.ts";
import { languageOf, preferences } from "../ui/preferences-store.ts";
import { textsNow, useTexts } from "../ui/texts.ts";
import { ChipPopover } from "./chip-popover.tsx";
import { createEditor, type Editor, type SelectedChip } from "./editor.ts";
import { FootLine } from "./foot-line.tsx";
import type { Mention } from "./mention.ts";
import { MentionList, matchEntities } from "./mention-list.tsx";
import type { SentencePart } from "./prompt-doc.ts";
import { composerTexts } from "./texts.ts";
import "./composer.css";

export interface ComposerHandle {
  insertEntity: (id: string) => void;
  /** @param focus false: whoever writes elsewhere is not interrupted */
  setSentence: (sentence: readonly SentencePart[], focus?: boolean) => void;
}

interface Props {
  handle: React.Ref<ComposerHandle>;
  initial: readonly SentencePart[];
  onGenerate: () => void;
  /** Whether the model is stored: its tokenizer counts then. */
  modelStored: boolean;
  /** Files that are dropped or pasted into the sentence. @returns ids of the pictures that they became */
  onFiles: (files: readonly File[]) => Promise<string[]>;
  /** The button at the right end. */
  children: React.ReactNode;
}

const NOTHING: readonly SentencePart[] = [];

/** The sentence: one wide line of text in which pictures stand as words. */
export function Composer({ handle, initial, onGenerate, modelStored, onFiles, children }: Props) {
  const { entities: store, settings } = useApp();
  const t = useTexts(composerTexts);
  const language = useStore(preferences, languageOf);
  const mount = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor | null>(null);
  /** The same at once: what is written from elsewhere may come before the state. */
  const latest = useRef<Editor | null>(null);
  const [mention, setMention] = useState<Mention | null>(null);
  const [active, setActive] = useState(0);
  const [chip, setChip] = useState<SelectedChip | null>(null);
  const [chipOpen, setChipOpen] = useState(false);
  const [announcement, setAnnouncement] = useState("");
  const [entities, urls, shelf] = [
    useEntities((s) => s.entities),
    useEntities((s) => s.urls),
    useEntities((s) => s.shelf),
  ];
  const sentence = useSettings((state) => state.sentence) ?? NOTHING;
  const resultAsPicture = useResultAsPicture();
  const matches = mention ? matchEntities(shelf, entities, mention.query) : [];

  const insert = (id: string, range?: Mention) => {
    editor?.insertEntity(id, range);
    setAnnouncement(t.inserted(entities.get(id)?.label ?? ""));
  };

  const onKey = useEffectEvent((key: "ArrowDown" | "ArrowUp" | "Enter" | "Tab" | "Escape") => {
    const chosen = matches[active];
    if (!mention || !chosen) return false;
    if (key === "ArrowDown") setActive((active + 1) % matches.length);
    else if (key === "ArrowUp") setActive((active + matches.length - 1) % matches.length);
    else insert(chosen.id, mention);
    return true;
  });
  const generate = useEffectEvent(onGenerate);
  const takeFiles = useEffectEvent(onFiles);
  const takeResult = useEffectEvent(resultAsPicture);
  // What was written from elsewhere before there was an editor is in the settings.
  const start = useEffectEvent(() => settings.getState().sentence ?? initial);

  useEffect(() => {
    if (!mount.current) return;
    const made = createEditor(mount.current, start(), {
      resolve: (id) => {
        const { entities, urls } = store.getState();
        const entity = entities.get(id);
        return entity && { label: entity.label, url: urls.get(id) ?? "" };
      },
      describe: (label, strength) => {
        const now = textsNow(composerTexts);
        const name = label ?? now.missing;
        return strength === 1 ? now.picture(name) : now.pictureWithStrength(name, strength.toLocaleString(now.locale));
      },
      texts: () => {
        const { sentence: label, placeholder } = textsNow(composerTexts);
        return { label, placeholder };
      },
      onSentence: (sentence) => settings.getState().setSentence(sentence),
      onGenerate: () => generate(),
      onFiles: (files) => takeFiles(files),
      onResult: (id) => takeResult(id),
      onSelectChip: (selected) => {
        setChip(selected);
        if (!selected) return setChipOpen(false);
        setAnnouncement(textsNow(composerTexts).selected(store.getState().entities.get(selected.id)?.label ?? ""));
      },
      onOpenChip: () => setChipOpen(true),
      onKey: (key) => onKey(key),
      onChange: (found) => {
        setMention(found);
        setActive(0);
      },
    });
    setEditor(made);
    latest.current = made;
    return () => {
      setEditor(null);
      latest.current = null;
      made.destroy();
    };
  }, [store, settings]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: labels and pictures of chips change with the store, words with the language
  useEffect(() => editor?.redraw(), [editor, entities, urls, language]);

  useImperativeHandle(handle, () => ({
    insertEntity: (id) => insert(id),
    setSentence: (sentence, focus = true) => {
      latest.current?.setSentence(sentence);
      if (focus) latest.current?.view.focus();
    },
  }));

  const closeChip = useCallback(
    (refocus: boolean) => {
      setChipOpen(false);
      if (refocus) editor?.view.focus();
    },
    [editor],
  );

  const caret = mention && editor?.view.coordsAtPos(mention.from);
  return (
    <section className="composer" aria-label={t.sentence}>
      <div className="composer-line">
        <div className="composer-text" ref={mount} />
        {children}
      </div>
      <FootLine
        sentence={sentence}
        modelStored={modelStored}
        onFix={(fixed) => {
          editor?.setSentence(fixed);
          editor?.view.focus();
        }}
      />
      <p id="composer-help" className="visually-hidden">
        {t.help}
      </p>
      {caret && matches.length > 0 && (
        <MentionList
          matches={matches}
          urls={urls}
          active={active}
          caret={caret}
          onChoose={(id) => mention && insert(id, mention)}
        />
      )}
      {chip && chipOpen && editor && <ChipPopover chip={chip} editor={editor} onClose={closeChip} />}
      <p className="visually-hidden" aria-live="polite">
        {mention && matches.length > 0
          ? t.mention(matches[active]?.label ?? "", active + 1, matches.length)
          : announcement}
      </p>
    </section>
  );
}
