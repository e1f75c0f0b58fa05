/**
 * Undo and redo for what happens outside of the sentence (ProseMirror has its own history): settings, shelf, gallery.
 * Any room may register what it did:
 *
 *     history.did({ undo: () => putBack(id), redo: () => remove(id) });
 */
export interface UndoableAction {
  readonly undo: () => void;
  readonly redo: () => void;
  /** Actions of one key that follow each other closely, as those of a dragged slider, are undone as one. */
  readonly key?: string;
}

/** Longer pauses begin a new step. */
const TOGETHER_MS = 900;

export interface History {
  /** Registers what has just been done. */
  readonly did: (action: UndoableAction) => void;
  /** @returns whether there was anything to undo */
  readonly undo: () => boolean;
  readonly redo: () => boolean;
}

/**
 * @param limit steps that are remembered
 * @param now for tests
 */
export function createHistory(limit = 100, now: () => number = () => performance.now()): History {
  const done: UndoableAction[] = [];
  const undone: UndoableAction[] = [];
  let lastAt = Number.NEGATIVE_INFINITY;

  return {
    did: (action) => {
      const last = done.at(-1);
      const together = action.key !== undefined && last?.key === action.key && now() - lastAt < TOGETHER_MS;
      if (last && together && undone.length === 0) done[done.length - 1] = { ...action, undo: last.undo };
      else done.push(action);
      if (done.length > limit) done.shift();
      undone.length = 0;
      lastAt = now();
    },
    undo: () => {
      const action = done.pop();
      if (!action) return false;
      action.undo();
      undone.push(action);
      return true;
    },
    redo: () => {
      const action = undone.pop();
      if (!action) return false;
      action.redo();
      done.push(action);
      // What comes next is a step of its own.
      lastAt = Number.NEGATIVE_INFINITY;
      return true;
    },
  };
}

/** One per document, as its keyboard is. */
export const history = createHistory();
