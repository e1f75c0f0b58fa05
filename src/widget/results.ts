import type { WidgetResult } from "../embed/protocol.ts";
import type { GalleryStore } from "../gallery/gallery-store.ts";

/** A result of the gallery as a host gets it; undefined where it is gone. */
export async function widgetResult(gallery: GalleryStore, id: string): Promise<WidgetResult | undefined> {
  const { rows, pictureOf, detailsOf } = gallery.getState();
  const row = rows.find((other) => other.id === id);
  const [picture, details] = await Promise.all([pictureOf(id), detailsOf(id)]);
  if (!row || !picture || !details) return undefined;
  const { seed, steps, guidanceScale, width, height } = row.settings;
  return {
    picture,
    width,
    height,
    caption: row.caption,
    seed,
    steps,
    guidanceScale,
    seconds: row.seconds,
    model: details.metadata.model.id,
  };
}
