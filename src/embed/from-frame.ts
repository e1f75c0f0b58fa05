/** What comes out of the frame, checked field by field: the frame may have been led elsewhere. */
import { clampHeight } from "./clamp-height.ts";
import type { EventMessage, Reply, WireError } from "./protocol.ts";

type Fields = Readonly<Record<string, unknown>>;

const fields = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const text = (value: unknown, most: number): string => (typeof value === "string" ? value.slice(0, most) : "");
const number = (value: unknown): number => (typeof value === "number" ? value : 0);

export const readError = (value: unknown): WireError => ({
  code: text(fields(value).code, 64) || "internal",
  message: text(fields(value).message, 2000),
});

/** null: no reply. */
export function readReply(data: unknown): Reply | null {
  const { rid, ok, value, err } = fields(data);
  if (typeof rid !== "number") return null;
  return ok === true ? { v: 1, rid, ok, value } : { v: 1, rid, ok: false, err: readError(err) };
}

/** null: none that this version knows, or none that makes sense. */
export function readEvent(data: unknown): EventMessage | null {
  const { t, detail } = fields(data);
  const d = fields(detail);
  const event = (checked: unknown) => ({ v: 1, t, detail: checked }) as EventMessage;
  switch (t) {
    case "ready":
      return event(detail);
    case "resize": {
      const height = clampHeight(d.height);
      return height === null ? null : event({ height });
    }
    case "progress": {
      const fraction = typeof d.fraction === "number" ? Math.min(1, Math.max(0, d.fraction)) : null;
      return event({ phase: text(d.phase, 16), fraction, text: text(d.text, 500) });
    }
    case "preview":
      return d.pixels instanceof ArrayBuffer && d.pixels.byteLength === number(d.width) * number(d.height) * 4
        ? event(detail)
        : null;
    case "result":
      return d.picture instanceof Blob ? event(detail) : null;
    case "error":
    case "closed":
      return event(readError(detail));
    default:
      return null;
  }
}
