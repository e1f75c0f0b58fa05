/** Short messages at the foot of the page, with at most one action; also read out by screen readers. */
import { X } from "lucide-react";
import { useRef, useSyncExternalStore } from "react";
// The order of layers, before the first of them: the bundler may put this file into a chunk that comes before the others.
import "./tokens.css";
import "./notices.css";
import { defineTexts, useTexts } from "./texts.ts";

const noticesTexts = defineTexts({ en: { close: "Close message" }, de: { close: "Meldung schließen" } });

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
  readonly lasting: boolean;
}

let notices: readonly Notice[] = [];
let serial = 0;
const listeners = new Set<() => void>();

function publish(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

const LASTS_MS = 8000;
/** Longer, while the pointer or the focus is on the messages. */
const HELD_MS = 2000;

/**
 * Shows a message for a few seconds, and as long as somebody is at it.
 * @param lasting until it is answered or closed
 * @returns takes it away
 */
export function notify(text: string, action?: Notice["action"], { lasting = false } = {}): () => void {
  const notice: Notice = { id: ++serial, text, lasting, ...(action && { action }) };
  const passing = notices.filter((other) => !other.lasting).slice(-2);
  publish([...notices.filter((other) => other.lasting || passing.includes(other)), notice]);
  const takeAway = () => publish(notices.filter((other) => other !== notice));
  const end = () => {
    if (document.querySelector(".notices:is(:hover, :focus-within)")) setTimeout(end, HELD_MS);
    else takeAway();
  };
  if (!lasting) setTimeout(end, LASTS_MS);
  return takeAway;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Notices() {
  const t = useTexts(noticesTexts);
  const shown = useSyncExternalStore(subscribe, () => notices);
  /** Where the focus came from: it goes back when its message goes. */
  const before = useRef<Element | null>(null);
  const close = (notice: Notice) => {
    publish(notices.filter((other) => other !== notice));
    if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
  };
  const cameFrom = ({ currentTarget, relatedTarget }: React.FocusEvent) => {
    if (!currentTarget.contains(relatedTarget)) before.current = relatedTarget;
  };
  return (
    <div className="notices" role="status" aria-live="polite" onFocus={cameFrom}>
      {shown.map((notice) => (
        <p key={notice.id} className="notice">
          {notice.text}
          {notice.action && (
            <button
              type="button"
              className="button quiet"
              onClick={() => {
                close(notice);
                notice.action?.run();
              }}
            >
              {notice.action.label}
            </button>
          )}
          <button type="button" className="button quiet" aria-label={t.close} onClick={() => close(notice)}>
            <X size={16} aria-hidden />
          </button>
        </p>
      ))}
    </div>
  );
}
