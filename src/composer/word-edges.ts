import type { Node } from "prosemirror-model";
import type { Transaction } from "prosemirror-state";

const LETTER = /[\p{L}\p{N}]/u;

/** The nearest place at or beside `position` that is not inside of a word. */
export function wordEdge(doc: Node, position: number): number {
  const inside = (at: number) => {
    if (at <= 0 || at >= doc.content.size) return false;
    const around = doc.textBetween(at - 1, at + 1, "", "\ufffc");
    return around.length === 2 && [...around].every((letter) => LETTER.test(letter));
  };
  let [left, right] = [position, position];
  while (inside(left)) left--;
  while (inside(right)) right++;
  return position - left <= right - position ? left : right;
}

/** Where something was taken out between two spaces, one of them goes. */
export function tidySpaces(tr: Transaction, position: number): void {
  if (position < 1 || position >= tr.doc.content.size) return;
  if (tr.doc.textBetween(position - 1, position + 1, "", "\ufffc") === "  ") tr.delete(position, position + 1);
}
