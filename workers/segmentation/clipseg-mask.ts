/**
 * From CLIPSeg's logits to a mask, as Kosmos-G's own data script does it (unilm, Kosmos-G, scripts/convert_openimage.py): bilinear to
 * the picture's size, sigmoid > 0.3, grey dilation, the largest region.
 */
import type { Box, Mask } from "./mask.ts";
import { labelRegions } from "./regions.ts";

/** log(0.3 / 0.7): where the sigmoid is 0.3. */
const THRESHOLD = Math.fround(Math.log(0.3 / 0.7));

export interface ClipSegRegion {
  /** 255 on the chosen region alone. */
  readonly mask: Mask;
  /** Around it, tightly. */
  readonly region: Box;
}

/**
 * @param logits [side, side] float32
 * @param side 352 in the published model
 * @returns undefined where no pixel is above the threshold: the picture does not show what was asked for
 */
export function clipSegMask(
  logits: Float32Array,
  side: number,
  width: number,
  height: number,
): ClipSegRegion | undefined {
  const set = resizeBilinear(logits, side, width, height).map((logit) => (logit > THRESHOLD ? 1 : 0));
  const grown = dilate(Uint8Array.from(set), width, height, Math.floor(Math.max(width, height) / 100));
  const { labels, sizes } = labelRegions(grown, width, height);
  if (sizes.length < 2) return undefined;
  const boxes = boxesOf(labels, sizes.length, width, height);
  // As published: a region counts all that lies in its box, other regions' pixels too.
  const inBox = boxes.map(({ left, top, right, bottom }) => {
    let count = 0;
    for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) count += grown[y * width + x] as number;
    return count;
  });
  const chosen = inBox.indexOf(Math.max(...inBox));
  const data = new Uint8ClampedArray(width * height);
  labels.forEach((label, at) => {
    if (label === chosen + 1) data[at] = 255;
  });
  return { mask: { width, height, data }, region: boxes[chosen] as Box };
}

/** torch.nn.functional.interpolate, bilinear, align_corners=False, in float32. */
function resizeBilinear(source: Float32Array, side: number, width: number, height: number): Float32Array {
  const out = new Float32Array(width * height);
  const taps = (size: number) => {
    const scale = Math.fround(side / size);
    return Array.from({ length: size }, (_, i) => {
      const at = Math.max(0, Math.fround(Math.fround(scale * (i + 0.5)) - 0.5));
      const first = Math.min(Math.floor(at), side - 1);
      return { first, second: Math.min(first + 1, side - 1), part: Math.fround(at - first) };
    });
  };
  const columns = taps(width);
  taps(height).forEach((row, y) => {
    columns.forEach((column, x) => {
      const at = (r: number, c: number) => source[r * side + c] as number;
      const upper = at(row.first, column.first) * (1 - column.part) + at(row.first, column.second) * column.part;
      const lower = at(row.second, column.first) * (1 - column.part) + at(row.second, column.second) * column.part;
      out[y * width + x] = upper * (1 - row.part) + lower * row.part;
    });
  });
  return out;
}

/**
 * scipy.ndimage.grey_dilation of a binary picture with a flat square: every set pixel grows by floor(size / 2) to the left and above, and
 * to the right and below by one less where `size` is even. Sizes 0 and 1 change nothing.
 */
function dilate(set: Uint8Array, width: number, height: number, size: number): Uint8Array {
  if (size < 2) return set;
  const before = Math.floor(size / 2);
  const after = size - 1 - before;
  const grow = (from: Uint8Array, lines: number, length: number, lineStep: number, step: number) => {
    const to = new Uint8Array(from.length);
    for (let line = 0; line < lines; line++) {
      for (let i = 0; i < length; i++) {
        if (!from[line * lineStep + i * step]) continue;
        const end = Math.min(length - 1, i + after);
        for (let k = Math.max(0, i - before); k <= end; k++) to[line * lineStep + k * step] = 1;
      }
    }
    return to;
  };
  return grow(grow(set, height, width, width, 1), width, height, 1, width);
}

function boxesOf(labels: Int32Array, count: number, width: number, height: number): Box[] {
  const boxes = Array.from({ length: count - 1 }, () => ({ left: width, top: height, right: 0, bottom: 0 }));
  labels.forEach((label, at) => {
    const box = boxes[label - 1];
    if (!box) return;
    const x = at % width;
    const y = (at - x) / width;
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x + 1);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y + 1);
  });
  return boxes;
}
