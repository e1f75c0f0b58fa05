import { useEffect, useEffectEvent, useImperativeHandle, useRef, useState } from "react";
import { useApp, useEntities } from "../app-context.ts";
import { useAddFiles } from "../entities/shelf.tsx";
import { createEditor, type Editor } from "./editor.ts";
import type { Mention } from "./mention.ts";
import { MentionList, matchEntities } from "./mention-list.tsx";
import type { SentencePart } from "./prompt-doc.ts";
import "./composer.css";

export interface ComposerHandle {
  insertEntity: (id: string) => void;
  setSentence: (sentence: readonly SentencePart[]) => void;
}

interface Props {
  handle: React.Ref<ComposerHandle>;
  initial: readonly SentencePart[];
  onGenerate: () => void;
  /** The button at the right end. */
  children: React.ReactNode;
}

/** The sentence: one wide line of text in which pictures stand as words. */
export function Composer({ handle, initial, onGenerate, children }: Props) {
  const { entities: store, settings } = useApp();
  const mount = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const [mention, setMention] = useState<Mention | null>(null);
  const [active, setActive] = useState(0);
  const [announcement, setAnnouncement] = useState("");
  const [entities, urls, shelf] = [
    useEntities((s) => s.entities),
    useEntities((s) => s.urls),
    useEntities((s) => s.shelf),
  ];
  const addFiles = useAddFiles();
  const matches = mention ? matchEntities(shelf, entities, mention.query) : [];

  const insert = (id: string, range?: Mention) => {
    editor.current?.insertEntity(id, range);
    setAnnouncement(`Picture ${entities.get(id)?.label ?? ""} inserted.`);
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
  const takeFiles = useEffectEvent(addFiles);
  const start = useEffectEvent(() => initial);

  useEffect(() => {
    if (!mount.current) return;
    const made = createEditor(mount.current, "Write what you want to see, with pictures as words", start(), {
      resolve: (id) => {
        const { entities, urls } = store.getState();
        const entity = entities.get(id);
        return entity && { label: entity.label, url: urls.get(id) ?? "" };
      },
      onSentence: (sentence) => settings.getState().setSentence(sentence),
      onGenerate: () => generate(),
      onFiles: (files) => takeFiles(files),
      onSelectChip: (id) => {
        if (id)
          setAnnouncement(`Picture ${store.getState().entities.get(id)?.label ?? ""} selected. Backspace removes it.`);
      },
      onKey: (key) => onKey(key),
      onChange: (found) => {
        setMention(found);
        setActive(0);
      },
    });
    editor.current = made;
    return () => {
      editor.current = null;
      made.destroy();
    };
  }, [store, settings]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: labels and pictures of chips change with the store
  useEffect(() => editor.current?.redrawChips(), [entities, urls]);

  useImperativeHandle(handle, () => ({
    insertEntity: (id) => insert(id),
    setSentence: (sentence) => {
      editor.current?.setSentence(sentence);
      editor.current?.view.focus();
    },
  }));

  const caret = mention && editor.current?.view.coordsAtPos(mention.from);
  return (
    <section className="composer" aria-label="Sentence">
      <div className="composer-line">
        <div className="composer-text" ref={mount} />
        {children}
      </div>
      <p id="composer-help" className="visually-hidden">
        Type @ and a name to put a picture in. Control or Command and Enter generates.
      </p>
      {caret && matches.length > 0 && (
        <MentionList
          matches={matches}
          urls={urls}
          active={active}
          left={caret.left}
          top={caret.bottom}
          onChoose={(id) => mention && insert(id, mention)}
        />
      )}
      <p className="visually-hidden" aria-live="polite">
        {mention && matches.length > 0 ? `${matches[active]?.label}, ${active + 1} of ${matches.length}` : announcement}
      </p>
    </section>
  );
}
