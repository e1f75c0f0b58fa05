/** A finger that stays where it is for so long asks for a menu. */
const LONG_MS = 500;
/** CSS pixels that a resting finger may tremble. */
const TREMBLE = 10;

/**
 * Tells where a finger rests on something inside `root`. The browser's own answers to it (its menu, a drag, the click that follows)
 * are held back where `onLong` used it.
 * @param onLong what was touched; true: it was used
 * @returns what ends it
 */
export function watchLongPress(root: HTMLElement, onLong: (target: Element) => boolean): () => void {
  const over = new AbortController();
  let down: { readonly target: Element; readonly x: number; readonly y: number; timer: number } | null = null;
  let used = false;

  const lift = () => {
    clearTimeout(down?.timer);
    down = null;
  };
  const listen = <K extends keyof HTMLElementEventMap>(type: K, on: (event: HTMLElementEventMap[K]) => void) =>
    root.addEventListener(type, on, { signal: over.signal, capture: true });

  listen("pointerdown", (event) => {
    lift();
    used = false;
    if (event.pointerType !== "touch" || !event.isPrimary) return;
    const target = event.target as Element;
    const timer = window.setTimeout(() => {
      used = onLong(target);
    }, LONG_MS);
    down = { target, x: event.clientX, y: event.clientY, timer };
  });
  listen("pointermove", ({ clientX, clientY }) => {
    if (down && Math.hypot(clientX - down.x, clientY - down.y) > TREMBLE) lift();
  });
  listen("pointerup", lift);
  listen("pointercancel", lift);
  const holdBack = (event: Event) => {
    if (!used) return;
    event.preventDefault();
    event.stopPropagation();
  };
  listen("dragstart", holdBack);
  listen("click", holdBack);
  listen("contextmenu", (event) => {
    // Some browsers notice a resting finger sooner than we do.
    if (down && !used) {
      clearTimeout(down.timer);
      used = onLong(down.target);
    }
    holdBack(event);
  });
  return () => {
    lift();
    over.abort();
  };
}
