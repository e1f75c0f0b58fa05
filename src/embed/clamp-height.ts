/** Less shows no picture, more is no widget. CSS pixels. */
const MIN_HEIGHT = 240;
const MAX_HEIGHT = 4000;

/** The height that a frame asked for, whatever it said, within bounds; null where it said no number. CSS pixels. */
export function clampHeight(height: unknown): number | null {
  if (typeof height !== "number" || Number.isNaN(height)) return null;
  return Math.ceil(Math.min(MAX_HEIGHT, Math.max(MIN_HEIGHT, height)));
}
