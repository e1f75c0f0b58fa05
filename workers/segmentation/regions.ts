/** Connected regions of a binary picture. */

export interface Regions {
  /** [height, width]: 0 for pixels that are not set, else the number of the region, from 1 on. */
  readonly labels: Int32Array;
  /** Pixels of each region; index 0 is unused. */
  readonly sizes: readonly number[];
}

/**
 * Labels the regions of pixels that touch by an edge, in the order of their first pixel (scipy.ndimage.label's default).
 * @param set [height, width], not 0 where set
 */
export function labelRegions(set: ArrayLike<number>, width: number, height: number): Regions {
  const labels = new Int32Array(width * height);
  const sizes = [0];
  const stack = new Int32Array(width * height);
  for (let start = 0; start < labels.length; start++) {
    if (!set[start] || labels[start] !== 0) continue;
    const label = sizes.length;
    let size = 0;
    let top = 0;
    stack[top++] = start;
    labels[start] = label;
    while (top > 0) {
      const node = stack[--top] as number;
      size++;
      const x = node % width;
      const visit = (other: number) => {
        if (!set[other] || labels[other] !== 0) return;
        labels[other] = label;
        stack[top++] = other;
      };
      if (x > 0) visit(node - 1);
      if (x < width - 1) visit(node + 1);
      if (node >= width) visit(node - width);
      if (node < labels.length - width) visit(node + width);
    }
    sizes.push(size);
  }
  return { labels, sizes };
}

/**
 * Clears specks and fills pinholes in place.
 * @param keep regions smaller than this part of the largest one go
 * @param hole holes smaller than this part of the largest region are filled
 * @param pinned pixels that a person has marked: a region that holds one is left as it is
 */
export function tidy(
  set: Uint8Array,
  width: number,
  height: number,
  { keep, hole, pinned }: { keep: number; hole: number; pinned?: ArrayLike<number> },
): void {
  const subject = labelRegions(set, width, height);
  const largest = Math.max(0, ...subject.sizes);
  clear(set, subject, keep * largest, 0, pinned);
  const inverse = set.map((value) => (value ? 0 : 1));
  clear(set, labelRegions(inverse, width, height), hole * largest, 1, pinned);
}

function clear(set: Uint8Array, regions: Regions, below: number, value: number, pinned?: ArrayLike<number>): void {
  const spared = new Set<number>();
  if (pinned) {
    for (const [at, label] of regions.labels.entries()) if (pinned[at]) spared.add(label);
  }
  for (let at = 0; at < set.length; at++) {
    const label = regions.labels[at] as number;
    if (label > 0 && (regions.sizes[label] as number) < below && !spared.has(label)) set[at] = value;
  }
}
