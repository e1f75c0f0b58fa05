/** Short messages at the foot of the page, with at most one action; also read out by screen readers. */
import { X } from "lucide-react";
import { useSyncExternalStore } from "react";
// The order of layers, before the first of them: the bundler may put this file into a chunk that comes before the others.
import "./tokens.css";
import "./notices.css";

interface Notice {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

let notices: readonly Notice[] = [];
let serial = 0;
const listeners = new Set<() => void>();

function publish(next: readonly Notice[]): void {
  notices = next;
  for (const listener of listeners) listener();
}

const LASTS_MS = 8000;

/** Shows a message for a few seconds. */
export function notify(text: string, action?: Notice["action"]): void {
  const notice = { id: ++serial, text, ...(action && { action }) };
  publish([...notices.slice(-2), notice]);
  setTimeout(() => publish(notices.filter((other) => other !== notice)), LASTS_MS);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Notices() {
  const shown = useSyncExternalStore(subscribe, () => notices);
  const close = (notice: Notice) => publish(notices.filter((other) => other !== notice));
  return (
    <div className="notices" role="status" aria-live="polite">
      {shown.map((notice) => (
        <p key={notice.id} className="notice">
          {notice.text}
          {notice.action && (
            <button
              type="button"
              className="button quiet"
              onClick={() => {
                notice.action?.run();
                close(notice);
              }}
            >
              {notice.action.label}
            </button>
          )}
          <button type="button" className="button quiet" aria-label="Close message" onClick={() => close(notice)}>
            <X size={16} aria-hidden />
          </button>
        </p>
      ))}
    </div>
  );
}
