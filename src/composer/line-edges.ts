import { TextSelection } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";

/**
 * Home and End on the visual line. Chromium's own stop at a chip that lies at the line's edge.
 * @returns whether the key was handled
 */
export function moveToLineEdge(view: EditorView, event: KeyboardEvent): boolean {
  if ((event.key !== "Home" && event.key !== "End") || event.ctrlKey || event.metaKey || view.composing) return false;
  const { selection } = view.state;
  const line = view.coordsAtPos(selection.head);
  const box = view.dom.getBoundingClientRect();
  const left = event.key === "Home" ? box.left + 1 : box.right - 2;
  const found = view.posAtCoords({ left, top: (line.top + line.bottom) / 2 });
  if (!found) return false;
  const { doc, tr } = view.state;
  // Before a chip that begins the line, the place found may lie outside of the paragraph.
  const head = doc.resolve(found.pos);
  const anchor = event.shiftKey ? selection.$anchor : head;
  view.dispatch(tr.setSelection(TextSelection.between(anchor, head)).scrollIntoView());
  return true;
}
