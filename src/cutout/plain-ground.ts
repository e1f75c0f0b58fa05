/** Whether a picture needs to be cut out at all. */
import type { Rgba } from "../../workers/segmentation/mask.ts";

/** Of 255: what JPEG does to a plain ground. */
const TOLERANCE = 14;
/** Part of the edge that must be of one colour; the subject may touch it. */
const EDGE_PART = 0.94;
/** Part of the picture that must be see-through to count as cut out. */
const CLEAR_PART = 0.02;

/** "clear": it has transparency; "plain": one colour all around; "photo": a ground that is to be removed. */
export type Ground = "clear" | "plain" | "photo";

/** @param image any size; a reduced copy will do */
export function groundOf({ width, height, data }: Rgba): Ground {
  let clear = 0;
  for (let at = 3; at < data.length; at += 4) if ((data[at] as number) < 128) clear++;
  if (clear > CLEAR_PART * width * height) return "clear";

  const edge: number[] = [];
  for (let x = 0; x < width; x++) edge.push(x, (height - 1) * width + x);
  for (let y = 1; y < height - 1; y++) edge.push(y * width, y * width + width - 1);
  const middle = [0, 1, 2].map((channel) => {
    const levels = edge.map((at) => data[4 * at + channel] as number).sort((a, b) => a - b);
    return levels[levels.length >> 1] as number;
  });
  const alike = edge.filter((at) =>
    middle.every((level, channel) => Math.abs((data[4 * at + channel] as number) - level) <= TOLERANCE),
  );
  return alike.length >= EDGE_PART * edge.length ? "plain" : "photo";
}
