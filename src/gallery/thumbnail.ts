/** A picture's small copy. Left out where the browser gives none: the picture itself is shown then. */
export type MakeThumbnail = (picture: Blob, side: number) => Promise<Blob | undefined>;

/** Longer side of a result's thumbnail: what a grid shows, on a display of twice the density. */
export const THUMBNAIL_SIDE = 256;
/** Of a picture in the sentence. */
export const CHIP_SIDE = 96;

/** @param side of the longer edge, in pixels; smaller pictures are kept as they are */
export const makeThumbnail: MakeThumbnail = async (picture, side) => {
  try {
    const bitmap = await createImageBitmap(picture);
    const shrink = side / Math.max(bitmap.width, bitmap.height);
    if (shrink >= 1) {
      bitmap.close();
      return picture;
    }
    const [width, height] = [bitmap.width, bitmap.height].map((length) => Math.max(1, Math.round(length * shrink)));
    const canvas = new OffscreenCanvas(width as number, height as number);
    const context = canvas.getContext("2d");
    if (context) {
      context.imageSmoothingQuality = "high";
      context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    }
    bitmap.close();
    return context ? await canvas.convertToBlob({ type: "image/webp", quality: 0.85 }) : undefined;
  } catch {
    return undefined;
  }
};
