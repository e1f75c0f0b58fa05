/** `@` opens a list of entities by name; what is typed after it narrows the list. */
import { type EditorState, Plugin, PluginKey } from "prosemirror-state";

/** The `@word` before the caret: its range in the document and the word. */
export interface Mention {
  readonly from: number;
  readonly to: number;
  readonly query: string;
}

export interface MentionKeys {
  /** A key pressed while a mention is open; true: it was used for the list. */
  onKey: (key: "ArrowDown" | "ArrowUp" | "Enter" | "Tab" | "Escape") => boolean;
  onChange: (mention: Mention | null) => void;
}

interface MentionState {
  readonly mention: Mention | null;
  /** Where a mention was closed by Escape: it stays closed until its `@` is gone. */
  readonly dismissedAt: number | null;
}

export const mentionKey = new PluginKey<MentionState>("mention");

const PATTERN = /(?:^|\s|\ufffc)@([\p{L}\p{N}_-]*)$/u;

/** Exported for tests. */
export function findMention(state: EditorState): Mention | null {
  const { $from, empty } = state.selection;
  if (!empty) return null;
  const before = $from.parent.textBetween(0, $from.parentOffset, undefined, "\ufffc");
  const match = PATTERN.exec(before);
  if (!match) return null;
  const query = match[1] ?? "";
  return { from: $from.pos - query.length - 1, to: $from.pos, query };
}

export function mentionPlugin({ onKey, onChange }: MentionKeys): Plugin<MentionState> {
  const used = new Set(["ArrowDown", "ArrowUp", "Enter", "Tab", "Escape"]);
  return new Plugin<MentionState>({
    key: mentionKey,
    state: {
      init: () => ({ mention: null, dismissedAt: null }),
      apply: (transaction, { dismissedAt }, _old, state) => {
        const found = findMention(state);
        const closed = transaction.getMeta(mentionKey) === "dismiss" ? (found?.from ?? null) : dismissedAt;
        return found && found.from !== closed
          ? { mention: found, dismissedAt: null }
          : { mention: null, dismissedAt: found ? closed : null };
      },
    },
    props: {
      handleKeyDown(view, event) {
        if (view.composing || !mentionKey.getState(view.state)?.mention || !used.has(event.key)) return false;
        if (event.key === "Escape") {
          view.dispatch(view.state.tr.setMeta(mentionKey, "dismiss"));
          return true;
        }
        return onKey(event.key as "ArrowDown");
      },
      handleDOMEvents: {
        blur: (view) => {
          if (mentionKey.getState(view.state)?.mention) view.dispatch(view.state.tr.setMeta(mentionKey, "dismiss"));
          return false;
        },
      },
    },
    view: () => ({
      update: (view, previous) => {
        const now = mentionKey.getState(view.state)?.mention ?? null;
        const before = mentionKey.getState(previous)?.mention ?? null;
        if (now !== before) onChange(now);
      },
    }),
  });
}
