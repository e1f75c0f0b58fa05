import { useEffect } from "react";
import { history } from "./history.ts";

/** Where the browser or the sentence has an undo of its own. */
const OWN_UNDO = "textarea, [contenteditable], input:not([type]), input[type=text], input[type=search]";

/** Mod-Z, Mod-Shift-Z and Mod-Y outside of texts undo and redo what the page's rooms registered. */
export function useUndoKeys(): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || !(event.ctrlKey || event.metaKey)) return;
      if (event.target instanceof Element && event.target.closest(OWN_UNDO)) return;
      const key = event.key.toLowerCase();
      const handled =
        key === "z" ? (event.shiftKey ? history.redo() : history.undo()) : key === "y" ? history.redo() : false;
      if (handled) event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}
