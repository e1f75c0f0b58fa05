/** What the tab's title and icon say while the page is in the background. */
const NAME = "Kosmos-G";

export interface TabFacts {
  readonly hidden: boolean;
  /** Of all pictures that were asked for, 0 to 1; null: nothing runs. */
  readonly fraction: number | null;
  /** Something ended while nobody looked. */
  readonly outcome: "done" | "failed" | null;
}

export interface TabFace {
  readonly title: string;
  /** An image as a data URL; null: the page's own icon. */
  readonly icon: string | null;
}

/** @param words what to call an end */
export function tabFace({ hidden, fraction, outcome }: TabFacts, words: { done: string; failed: string }): TabFace {
  if (!hidden) return { title: NAME, icon: null };
  if (fraction !== null) return { title: `${Math.floor(fraction * 100)} % · ${NAME}`, icon: ringIcon(fraction) };
  if (outcome) return { title: `${words[outcome]} · ${NAME}`, icon: ringIcon(1) };
  return { title: NAME, icon: null };
}

/** Steps that the ring shows: a new icon for each, not for each step of the solver. */
const NOTCHES = 24;

/** A ring that closes clockwise from the top, as an SVG in a data URL. */
export function ringIcon(fraction: number): string {
  const notch = Math.round(Math.min(1, Math.max(0, fraction)) * NOTCHES) / NOTCHES;
  const length = 2 * Math.PI * 12;
  const drawn = (notch * length).toFixed(2);
  const circle = (stroke: string, dash = "") =>
    `<circle cx="16" cy="16" r="12" fill="none" stroke="${stroke}" stroke-width="6"${dash}/>`;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">` +
    circle("#9aa5a6") +
    circle("#1f6f78", ` stroke-dasharray="${drawn} ${length.toFixed(2)}" transform="rotate(-90 16 16)"`) +
    "</svg>";
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
