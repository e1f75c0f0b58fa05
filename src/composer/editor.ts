/** The sentence editor: ProseMirror on one paragraph of text and entity chips. */
import { baseKeymap } from "prosemirror-commands";
import { dropCursor } from "prosemirror-dropcursor";
import { history, redo, undo } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { Fragment, Slice } from "prosemirror-model";
import { EditorState, NodeSelection, Plugin, TextSelection, type Transaction } from "prosemirror-state";
import { Decoration, DecorationSet, EditorView } from "prosemirror-view";
import { moveToLineEdge } from "./line-edges.ts";
import { type Mention, type MentionKeys, mentionKey, mentionPlugin } from "./mention.ts";
import { type SentencePart, toDoc, toSentence } from "./prompt-doc.ts";
import { createSchema, type ResolveChip } from "./schema.ts";

/** Type of a dragged shelf entity; the data is its id. */
export const ENTITY_MIME = "application/x-kosmosg-entity";

export interface EditorHooks extends MentionKeys {
  readonly resolve: ResolveChip;
  readonly onSentence: (sentence: SentencePart[]) => void;
  readonly onGenerate: () => void;
  /** Pictures pasted or dropped into the sentence; the returned ids become chips. */
  readonly onFiles: (files: File[]) => Promise<string[]>;
  /** A chip was selected (its id), or none. */
  readonly onSelectChip: (id: string | null) => void;
}

export interface Editor {
  readonly view: EditorView;
  readonly getSentence: () => SentencePart[];
  /** Replaces the sentence; one step of undo. */
  readonly setSentence: (sentence: readonly SentencePart[]) => void;
  /** Puts a chip at the caret (or in the place of `range`), with spaces where words would touch it. */
  readonly insertEntity: (id: string, range?: Mention) => void;
  /** Draws the chips again, after a rename or a new picture. */
  readonly redrawChips: () => void;
  readonly destroy: () => void;
}

const MAX_PASTE = 4000;

/** One line only: Enter is for generating, with Control or Command. */
const swallow = () => true;

export function createEditor(
  mount: HTMLElement,
  placeholder: string,
  start: readonly SentencePart[],
  hooks: EditorHooks,
): Editor {
  const schema = createSchema(hooks.resolve);

  const insertIds = (ids: readonly string[], at?: number) => {
    const { state } = view;
    const position = at ?? state.selection.from;
    const content = ids.flatMap((id) => [schema.node("entity", { id })]);
    const tr =
      at === undefined
        ? state.tr.replaceSelection(new Slice(Fragment.from(content), 0, 0))
        : state.tr.insert(position, content);
    view.dispatch(tr.scrollIntoView());
  };

  const takeFiles = (list: FileList | undefined, at?: number): boolean => {
    const files = [...(list ?? [])];
    if (files.length === 0) return false;
    void hooks.onFiles(files).then((ids) => {
      if (ids.length > 0 && !view.isDestroyed)
        insertIds(ids, at === undefined ? undefined : Math.min(at, view.state.doc.content.size - 1));
    });
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
          Enter: swallow,
          "Mod-z": undo,
          "Mod-Shift-z": redo,
          "Mod-y": redo,
        }),
        keymap(baseKeymap),
        dropCursor({ class: "drop-cursor", width: 2 }),
        placeholderPlugin(placeholder),
      ],
    }),
    attributes: {
      role: "textbox",
      "aria-multiline": "false",
      "aria-label": "Sentence",
      "aria-describedby": "composer-help",
      spellcheck: "true",
      autocapitalize: "off",
    },
    dispatchTransaction(this: EditorView, transaction: Transaction) {
      const state = this.state.apply(transaction);
      this.updateState(state);
      if (transaction.docChanged) hooks.onSentence(toSentence(state.doc));
      if (transaction.selectionSet || transaction.docChanged) {
        const { selection } = state;
        const chip = selection instanceof NodeSelection && selection.node.type.name === "entity";
        hooks.onSelectChip(chip ? (selection.node.attrs.id as string) : null);
      }
    },
    handleKeyDown: (view, event) => moveToLineEdge(view, event),
    handlePaste: (_view, event) => takeFiles(event.clipboardData?.files),
    handleDrop: (view, event, _slice, moved) => {
      if (moved) return false;
      const at = view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos;
      const id = event.dataTransfer?.getData(ENTITY_MIME);
      if (id && hooks.resolve(id)) insertIds([id], at);
      else if (!takeFiles(event.dataTransfer?.files, at)) return false;
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

  return {
    view,
    getSentence: () => toSentence(view.state.doc),
    setSentence: (sentence) => {
      const doc = toDoc(schema, sentence);
      view.dispatch(view.state.tr.replaceWith(0, view.state.doc.content.size, doc.content));
    },
    insertEntity: (id, range) => {
      const { state } = view;
      const from = range?.from ?? state.selection.from;
      const to = range?.to ?? state.selection.to;
      const before = state.doc.textBetween(Math.max(0, from - 1), from, "", "\ufffc");
      const after = state.doc.textBetween(to, Math.min(state.doc.content.size, to + 1), "", "\ufffc");
      const nodes = [
        ...(before && /\S/.test(before) ? [schema.text(" ")] : []),
        schema.node("entity", { id }),
        ...(after && /[\s,.;:!?']/.test(after) ? [] : [schema.text(" ")]),
      ];
      const tr = state.tr.replaceWith(from, to, nodes);
      // Behind what came in, also where all was selected: that selection would stay, and the next chip replace this one.
      const end = tr.doc.resolve(tr.mapping.map(to));
      view.dispatch(tr.setSelection(TextSelection.near(end, -1)).setMeta(mentionKey, "dismiss").scrollIntoView());
      view.focus();
    },
    redrawChips: () => {
      // New node types would be needed to redraw through the schema; the face is all that changes.
      for (const chip of view.dom.querySelectorAll<HTMLImageElement>("img[data-entity]")) {
        const face = hooks.resolve(chip.dataset.entity ?? "");
        if (!face) continue;
        if (chip.src !== face.url) chip.src = face.url;
        chip.alt = `Picture: ${face.label}`;
        chip.title = face.label;
      }
    },
    destroy: () => view.destroy(),
  };
}

function placeholderPlugin(text: string): Plugin {
  return new Plugin({
    props: {
      decorations: ({ doc }) =>
        doc.firstChild && doc.firstChild.content.size === 0
          ? DecorationSet.create(doc, [
              Decoration.node(0, doc.firstChild.nodeSize, { class: "is-empty", "data-placeholder": text }),
            ])
          : null,
    },
  });
}
