/** The sentence editor: ProseMirror on one paragraph of text and entity chips. */
import { baseKeymap } from "prosemirror-commands";
import { dropCursor } from "prosemirror-dropcursor";
import { closeHistory, history, redo, undo } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { Fragment, type Node, Slice } from "prosemirror-model";
import { EditorState, NodeSelection, Plugin, TextSelection, type Transaction } from "prosemirror-state";
import { Decoration, DecorationSet, EditorView } from "prosemirror-view";
import { RESULT_MIME } from "../generation/result-drag.ts";
import { watchLongPress } from "../ui/long-press.ts";
import { moveToLineEdge } from "./line-edges.ts";
import { type Mention, type MentionKeys, mentionKey, mentionPlugin } from "./mention.ts";
import { moveChip } from "./move-chip.ts";
import { type SentencePart, toDoc, toSentence } from "./prompt-doc.ts";
import { createSchema, type DescribeChip, type ResolveChip } from "./schema.ts";
import { tidySpaces, wordEdge } from "./word-edges.ts";

/** Type of a dragged shelf entity; the data is its id. */
export const ENTITY_MIME = "application/x-kosmosg-entity";

/** The chip that is selected. */
export interface SelectedChip {
  readonly id: string;
  readonly strength: number;
}

export interface EditorTexts {
  readonly label: string;
  readonly placeholder: string;
}

export interface EditorHooks extends MentionKeys {
  readonly resolve: ResolveChip;
  readonly describe: DescribeChip;
  /** Asked anew each time the editor is drawn: the page may change its language. */
  readonly texts: () => EditorTexts;
  readonly onSentence: (sentence: SentencePart[]) => void;
  readonly onGenerate: () => void;
  /** Pictures pasted or dropped into the sentence; the returned ids become chips. */
  readonly onFiles: (files: File[]) => Promise<string[]>;
  /** A result dropped into the sentence; the returned id becomes a chip. */
  readonly onResult: (resultId: string) => Promise<string | undefined>;
  /** A chip was selected, or none. */
  readonly onSelectChip: (chip: SelectedChip | null) => void;
  /** The selected chip's menu is asked for, by click, a resting finger, Enter or F2. */
  readonly onOpenChip: () => void;
}

export interface Editor {
  readonly view: EditorView;
  readonly getSentence: () => SentencePart[];
  /** Replaces the sentence; one step of undo. */
  readonly setSentence: (sentence: readonly SentencePart[]) => void;
  /** Puts a chip at the caret (or in the place of `range`), with spaces where words would touch it. */
  readonly insertEntity: (id: string, range?: Mention) => void;
  /** Changes the selected chip; it stays selected. */
  readonly changeChip: (change: Partial<SelectedChip>) => void;
  readonly moveSelectedChip: (direction: "left" | "right") => void;
  readonly removeSelectedChip: () => void;
  readonly undo: () => void;
  readonly redo: () => void;
  /** Where the selected chip stands on the screen. */
  readonly chipBox: () => DOMRect | undefined;
  /** Draws everything again: a picture was renamed or changed, or the page's language. */
  readonly redraw: () => void;
  readonly destroy: () => void;
}

const MAX_PASTE = 4000;

/** One line only: Enter is for generating, with Control or Command. */
const swallow = () => true;

export function createEditor(mount: HTMLElement, start: readonly SentencePart[], hooks: EditorHooks): Editor {
  const schema = createSchema(hooks.resolve, hooks.describe);
  const chipNode = (id: string, strength = 1) => schema.node("entity", { id, strength });

  /** Chips in place of a range, with spaces where words would touch them; the caret goes behind them. */
  const place = (tr: Transaction, nodes: readonly Node[], from: number, to = from): Transaction => {
    const { doc } = tr;
    const steps = tr.mapping.maps.length;
    const before = doc.textBetween(Math.max(0, from - 1), from, "", "\ufffc");
    const after = doc.textBetween(to, Math.min(doc.content.size, to + 1), "", "\ufffc");
    tr.replaceWith(from, to, [
      ...(before && /[^\s("‘“]/.test(before) ? [schema.text(" ")] : []),
      ...nodes.flatMap((node, i) => (i > 0 ? [schema.text(" "), node] : [node])),
      ...(after && /[\s,.;:!?')’”]/.test(after) ? [] : [schema.text(" ")]),
    ]);
    // Behind what came in, also where all was selected: that selection would stay, and the next chip replace this one.
    const end = tr.doc.resolve(tr.mapping.slice(steps).map(to));
    return tr.setSelection(TextSelection.near(end, -1)).scrollIntoView();
  };
  /** One thing done, one thing undone: quick as it may follow on another. */
  const dispatchAlone = (tr: Transaction) => view.dispatch(closeHistory(tr));
  const insertIds = (ids: readonly string[], at?: number) => {
    const { selection, tr } = view.state;
    const nodes = ids.map((id) => chipNode(id));
    dispatchAlone(at === undefined ? place(tr, nodes, selection.from, selection.to) : place(tr, nodes, at));
  };

  /** Pictures that take a while to arrive go where they were dropped, whatever was typed meanwhile. */
  const insertLater = (arriving: Promise<readonly string[]>, at?: number) => {
    const bookmark = at === undefined ? undefined : watchPosition(at);
    void arriving.then((ids) => {
      const position = bookmark?.();
      if (ids.length > 0 && !view.isDestroyed) insertIds(ids, position);
    });
  };
  const watched = new Set<{ position: number }>();
  const watchPosition = (position: number) => {
    const mark = { position };
    watched.add(mark);
    return () => {
      watched.delete(mark);
      return mark.position;
    };
  };
  const takeFiles = (list: FileList | undefined, at?: number): boolean => {
    const files = [...(list ?? [])];
    if (files.length > 0) insertLater(hooks.onFiles(files), at);
    return files.length > 0;
  };

  const selectedChip = (): NodeSelection | undefined => {
    const { selection } = view.state;
    return selection instanceof NodeSelection && selection.node.type.name === "entity" ? selection : undefined;
  };
  const openChip = () => {
    if (!selectedChip()) return false;
    hooks.onOpenChip();
    return true;
  };
  const openChipAt = (position: number) => {
    view.dispatch(view.state.tr.setSelection(NodeSelection.create(view.state.doc, position)));
    view.focus();
    hooks.onOpenChip();
  };
  /** Where the chip stands that is being dragged; ProseMirror tells only what it is. */
  let dragged: (() => number) | undefined;
  /** The chip that is being dragged goes to the nearest edge of a word, and leaves no double space behind. */
  const moveDragged = (at: number): boolean => {
    const from = dragged?.();
    dragged = undefined;
    const node = from === undefined ? null : view.state.doc.nodeAt(from);
    if (from === undefined || node?.type.name !== "entity") return false;
    const chip = { from, to: from + node.nodeSize, node };
    const target = wordEdge(view.state.doc, at);
    if (target === chip.from || target === chip.to) return true;
    const tr = view.state.tr.delete(chip.from, chip.to);
    tidySpaces(tr, chip.from);
    place(tr, [chip.node], tr.mapping.map(target));
    dispatchAlone(tr.setMeta("uiEvent", "drop"));
    return true;
  };

  const view: EditorView = new EditorView(mount, {
    state: EditorState.create({
      doc: toDoc(schema, start),
      plugins: [
        mentionPlugin(hooks),
        history(),
        keymap({
          "Mod-Enter": () => {
            hooks.onGenerate();
            return true;
          },
          Enter: () => openChip() || swallow(),
          F2: openChip,
          "Mod-z": undo,
          "Mod-Shift-z": redo,
          "Mod-y": redo,
        }),
        keymap(baseKeymap),
        dropCursor({ class: "drop-cursor", width: 2 }),
        placeholderPlugin(() => hooks.texts().placeholder),
      ],
    }),
    attributes: () => ({
      role: "textbox",
      "aria-multiline": "false",
      "aria-label": hooks.texts().label,
      "aria-describedby": "composer-help",
      spellcheck: "true",
      autocapitalize: "off",
    }),
    dispatchTransaction(this: EditorView, transaction: Transaction) {
      for (const mark of watched) mark.position = transaction.mapping.map(mark.position);
      const state = this.state.apply(transaction);
      this.updateState(state);
      if (transaction.docChanged) hooks.onSentence(toSentence(state.doc));
      if (transaction.selectionSet || transaction.docChanged) {
        const { selection } = state;
        const chip = selection instanceof NodeSelection && selection.node.type.name === "entity";
        hooks.onSelectChip(chip ? (selection.node.attrs as SelectedChip) : null);
      }
    },
    handleKeyDown: (view, event) => moveToLineEdge(view, event),
    handleClickOn: (_view, _pos, node, nodePos, event) => {
      if (node.type.name !== "entity" || event.shiftKey) return false;
      openChipAt(nodePos);
      return true;
    },
    handleDOMEvents: {
      dragstart: (view, { target }) => {
        const chip = target instanceof Element && target.matches("img[data-entity]") ? target : null;
        dragged = chip ? watchPosition(view.posAtDOM(chip, 0)) : undefined;
        return false;
      },
      dragend: () => {
        dragged?.();
        dragged = undefined;
        return false;
      },
    },
    handlePaste: (_view, event) => takeFiles(event.clipboardData?.files),
    handleDrop: (view, event, _slice, moved) => {
      const found = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos;
      if (moved) {
        if (found === undefined || !moveDragged(found)) return false;
      } else {
        const at = found === undefined ? undefined : wordEdge(view.state.doc, found);
        const id = event.dataTransfer?.getData(ENTITY_MIME);
        const result = event.dataTransfer?.getData(RESULT_MIME);
        if (id && hooks.resolve(id)) insertIds([id], at);
        else if (result)
          insertLater(
            hooks.onResult(result).then((made) => (made ? [made] : [])),
            at,
          );
        else if (!takeFiles(event.dataTransfer?.files, at)) return false;
      }
      event.preventDefault();
      view.focus();
      return true;
    },
    // Only our own chips and plain words come in by the clipboard.
    clipboardTextParser: (text) => {
      const clean = text.replace(/\s+/g, " ").slice(0, MAX_PASTE);
      return new Slice(clean ? Fragment.from(schema.text(clean)) : Fragment.empty, 0, 0);
    },
    clipboardTextSerializer: (slice) => slice.content.textBetween(0, slice.content.size, " "),
  });

  const stopWatching = watchLongPress(mount, (target) => {
    if (!target.matches("img[data-entity]")) return false;
    openChipAt(view.posAtDOM(target, 0));
    return true;
  });

  const replaceAll = (sentence: readonly SentencePart[]) =>
    view.state.tr.replaceWith(0, view.state.doc.content.size, toDoc(schema, sentence).content);

  return {
    view,
    getSentence: () => toSentence(view.state.doc),
    setSentence: (sentence) => dispatchAlone(replaceAll(sentence)),
    insertEntity: (id, range) => {
      const { tr, selection } = view.state;
      const { from, to } = range ?? selection;
      dispatchAlone(place(tr, [chipNode(id)], from, to).setMeta(mentionKey, "dismiss"));
      view.focus();
    },
    changeChip: (change) => {
      const chip = selectedChip();
      if (!chip) return;
      const tr = view.state.tr.setNodeMarkup(chip.from, undefined, { ...chip.node.attrs, ...change });
      view.dispatch(tr.setSelection(NodeSelection.create(tr.doc, chip.from)));
    },
    moveSelectedChip: (direction) => {
      const chip = selectedChip();
      if (!chip) return;
      const moved = moveChip(toSentence(view.state.doc), chipsBefore(view.state.doc, chip.from), direction);
      if (!moved) return;
      const tr = replaceAll(moved.sentence);
      dispatchAlone(tr.setSelection(NodeSelection.create(tr.doc, positionOfChip(tr.doc, moved.index))));
    },
    removeSelectedChip: () => {
      const chip = selectedChip();
      if (!chip) return;
      const tr = view.state.tr.delete(chip.from, chip.to);
      tidySpaces(tr, chip.from);
      dispatchAlone(tr);
      view.focus();
    },
    undo: () => void undo(view.state, view.dispatch),
    redo: () => void redo(view.state, view.dispatch),
    chipBox: () => {
      const chip = selectedChip();
      const dom = chip && view.nodeDOM(chip.from);
      return dom instanceof Element ? dom.getBoundingClientRect() : undefined;
    },
    redraw: () => {
      // New node types would be needed to redraw through the schema; the face is all that changes.
      for (const chip of view.dom.querySelectorAll<HTMLImageElement>("img[data-entity]")) {
        const face = hooks.resolve(chip.dataset.entity ?? "");
        if (face && chip.src !== face.url) chip.src = face.url;
        chip.alt = hooks.describe(face?.label, Number(chip.dataset.strength ?? 1));
        chip.title = chip.alt;
      }
      view.setProps({});
    },
    destroy: () => {
      stopWatching();
      view.destroy();
    },
  };
}

function chipsBefore(doc: Node, position: number): number {
  let count = 0;
  doc.nodesBetween(0, position, (node) => {
    if (node.type.name === "entity") count += 1;
  });
  return count;
}

function positionOfChip(doc: Node, index: number): number {
  let count = 0;
  let found = 0;
  doc.descendants((node, position) => {
    if (node.type.name === "entity" && count++ === index) found = position;
  });
  return found;
}

function placeholderPlugin(text: () => string): Plugin {
  return new Plugin({
    props: {
      decorations: ({ doc }) =>
        doc.firstChild && doc.firstChild.content.size === 0
          ? DecorationSet.create(doc, [
              Decoration.node(0, doc.firstChild.nodeSize, { class: "is-empty", "data-placeholder": text() }),
            ])
          : null,
    },
  });
}
