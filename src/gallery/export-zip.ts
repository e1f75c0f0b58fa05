/** Many results as one zip, packed one after the other. */
import { Zip, ZipPassThrough } from "fflate";
import type { ExportChoices } from "./export-choices.ts";
import { exportPicture } from "./export-picture.ts";
import { distinctNames, fileNameOf } from "./file-name.ts";
import type { GalleryState } from "./gallery-store.ts";
import type { ResultRow } from "./result.ts";

/** Bytes that lie in the heap before they become a Blob, which the browser may put on the disk. */
const HEAP_BYTES = 16 * 2 ** 20;

/** @param onDone how many are packed; results that are gone are passed over */
export async function zipResults(
  rows: readonly ResultRow[],
  { pictureOf, detailsOf }: Pick<GalleryState, "pictureOf" | "detailsOf">,
  choices: ExportChoices,
  onDone: (count: number) => void,
): Promise<Blob> {
  const extension = choices.format === "jpeg" ? "jpg" : choices.format;
  const names = distinctNames(rows.map((row) => fileNameOf(row.caption, row.settings.seed, extension)));
  let blobs: Blob[] = [];
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  let held = 0;
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
    held += chunk.length;
    if (held < HEAP_BYTES) return;
    blobs.push(new Blob(chunks));
    [chunks, held] = [[], 0];
  });
  for (const [i, row] of rows.entries()) {
    const [picture, details] = await Promise.all([pictureOf(row.id), detailsOf(row.id)]);
    if (picture) {
      const { file } = await exportPicture(row, picture, details, choices);
      const entry = new ZipPassThrough(names[i] as string);
      entry.mtime = row.madeAt;
      zip.add(entry);
      entry.push(new Uint8Array(await file.arrayBuffer()), true);
    }
    onDone(i + 1);
  }
  zip.end();
  blobs = [...blobs, new Blob(chunks)];
  return new Blob(blobs, { type: "application/zip" });
}
