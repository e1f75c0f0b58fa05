import { useEffect, useState } from "react";
import { useApp } from "../app-context.ts";
import type { BlobTable } from "./gallery-database.ts";
import type { ResultDetails } from "./result.ts";

/** The URL of a result's picture or thumbnail while the component shows it; undefined until it is read. */
export function useResultUrl(id: string | undefined, table: BlobTable): string | undefined {
  const { gallery } = useApp();
  const [found, setFound] = useState<{ id: string; url: string | undefined }>();
  useEffect(() => {
    if (id === undefined) return;
    const urls = gallery.getState().urls[table];
    let current = true;
    void urls.acquire(id).then((url) => current && setFound({ id, url }));
    return () => {
      current = false;
      urls.release(id);
    };
  }, [gallery, id, table]);
  if (id === undefined) return undefined;
  return found?.id === id ? found.url : gallery.getState().urlOf(id, table);
}

/** Everything that made a result; undefined until it is read, null where it is gone. */
export function useResultDetails(id: string): ResultDetails | null | undefined {
  const { gallery } = useApp();
  const [found, setFound] = useState<{ id: string; details: ResultDetails | null }>();
  useEffect(() => {
    let current = true;
    const take = (details: ResultDetails | null) => current && setFound({ id, details });
    gallery
      .getState()
      .detailsOf(id)
      .then(
        (details) => take(details ?? null),
        () => take(null),
      );
    return () => {
      current = false;
    };
  }, [gallery, id]);
  return found?.id === id ? found.details : undefined;
}
