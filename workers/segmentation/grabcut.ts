/**
 * A subject cut out of a box, without a model: GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004). Mixtures for subject and ground and a
 * minimum cut over the pixels' grid, in turns; on a reduced copy of what surrounds the box, then brought to full size.
 * Beyond the paper: features instead of plain colours (pixel-features.ts), a prior of place (box-prior.ts), and contrast that is
 * measured against the neighbourhood, so that a faint edge on a calm ground counts as much as a strong one on a busy one.
 */
import { boxMean } from "./box-mean.ts";
import { boxPrior, type PriorShape } from "./box-prior.ts";
import { type FeatureMixture, type Features, fitMixture } from "./feature-mixture.ts";
import { guidedMatte } from "./guided-matte.ts";
import type { Box, Mask, Rgba } from "./mask.ts";
import { minCut, NEIGHBOURS } from "./max-flow.ts";
import { pixelFeatures } from "./pixel-features.ts";
import { tidy } from "./regions.ts";
import { reduceMarks, reduceRgb } from "./resample.ts";

/** What a person painted by hand, per pixel of the picture. */
export const MARK = { none: 0, ground: 1, subject: 2 } as const;

export interface GrabCutOptions {
  /** [height, width] of MARK: pixels that are settled. */
  readonly marks?: Uint8Array;
  readonly signal?: AbortSignal;
  /** @param fraction 0 to 1 */
  readonly onProgress?: (fraction: number) => void;
}

/** Longest side that is computed on. */
const WORKING_SIDE = 320;
/** How much around the box is looked at, in parts of its longer side. */
const MARGIN = 0.35;
const MIN_ROUNDS = 4;
const MAX_ROUNDS = 6;
/** Fewer changes than this part of the pixels, and it is done. */
const SETTLED = 1 / 2000;
const SUBJECT_COMPONENTS = 5;
const GROUND_COMPONENTS = 8;
/** Weight of an edge between pixels of equal colour, nats. */
const GAMMA = 28;
/** How much of the contrast that counts as usual is that of the neighbourhood; the rest is the whole picture's. */
const LOCAL = 0.8;
const NEIGHBOURHOOD = 10;
/** Squared levels: below it, differences are noise. */
const LEAST_CONTRAST = 8;
/** No pixel says more than this, in nats: one odd pixel shall not tear a hole. */
const MAX_EVIDENCE = 12;
/** More than all else together. */
const SURE = 1e6;

/** Of a box that lies inside the photo. */
const INSIDE: PriorShape = { power: 3, turn: 0.8, strength: 1.5, beyond: 0 };
/** Of one that touches its edge: nothing beyond shows what the ground there looks like, and the subject may go on. */
const AT_EDGE: PriorShape = { power: 3, turn: 0.85, strength: 2, beyond: 0.2 };
/** What such a box begins with, so that the first models come from its middle. */
const NARROW: PriorShape = { power: 2, turn: 0.6, strength: 3, beyond: 0 };
const NARROW_ROUNDS = 3;
/** How much more the middle of the box counts for the first model of the subject. */
const FIRST_WEIGHT = 0.7;

/**
 * @param image straight alpha
 * @param box around the subject; what is outside is ground, unless marked
 * @returns a mask of the whole picture
 * @throws RangeError when the box holds no pixel of the picture; the signal's reason when it is aborted
 */
export async function grabCut(image: Rgba, box: Box, options: GrabCutOptions = {}): Promise<Mask> {
  const inside = clipBox(box, image.width, image.height);
  const window = surroundings(inside, image.width, image.height);
  const scale = Math.min(1, WORKING_SIDE / Math.max(window.right - window.left, window.bottom - window.top));
  const width = Math.max(2, Math.round((window.right - window.left) * scale));
  const height = Math.max(2, Math.round((window.bottom - window.top) * scale));
  const colours = reduceRgb(image, window, width, height);
  const marks = options.marks
    ? reduceMarks(options.marks, image.width, window, width, height)
    : new Uint8Array(width * height);
  const small = {
    left: Math.round((inside.left - window.left) * scale),
    top: Math.round((inside.top - window.top) * scale),
    right: Math.round((inside.right - window.left) * scale),
    bottom: Math.round((inside.bottom - window.top) * scale),
  };
  const coarse = await segment({ colours, width, height, box: small, marks }, options);
  return guidedMatte(image, window, colours, coarse, width, height);
}

function clipBox(box: Box, width: number, height: number): Box {
  const clip = (value: number, most: number) => Math.min(Math.max(Math.round(value), 0), most);
  const clipped = {
    left: clip(box.left, width),
    top: clip(box.top, height),
    right: clip(box.right, width),
    bottom: clip(box.bottom, height),
  };
  if (!(clipped.right > clipped.left && clipped.bottom > clipped.top)) throw new RangeError("The box holds no pixel");
  return clipped;
}

function surroundings(box: Box, width: number, height: number): Box {
  const margin = Math.ceil(MARGIN * Math.max(box.right - box.left, box.bottom - box.top));
  return {
    left: Math.max(0, box.left - margin),
    top: Math.max(0, box.top - margin),
    right: Math.min(width, box.right + margin),
    bottom: Math.min(height, box.bottom + margin),
  };
}

/** The reduced copy that is computed on. */
interface Scene {
  readonly colours: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly box: Box;
  readonly marks: Uint8Array;
}

/** [height, width], 1: subject. */
async function segment(scene: Scene, { signal, onProgress }: GrabCutOptions): Promise<Uint8Array> {
  const { colours, width, height, box, marks } = scene;
  const count = width * height;
  const free = new Uint8Array(count);
  let labels: Uint8Array = new Uint8Array(count);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const boxed = x >= box.left && x < box.right && y >= box.top && y < box.bottom;
      free[at] = boxed && marks[at] === MARK.none ? 1 : 0;
      labels[at] = marks[at] === MARK.subject || (boxed && marks[at] !== MARK.ground) ? 1 : 0;
    }
  }
  const features = pixelFeatures(colours, width, height);
  const edges = edgeCapacities(colours, width, height);
  const touchesEdge = box.left <= 1 || box.top <= 1 || box.right >= width - 1 || box.bottom >= height - 1;
  const narrow = boxPrior(box, width, height, NARROW);
  const wide = boxPrior(box, width, height, touchesEdge ? AT_EDGE : INSIDE);
  const terminal = new Float32Array(count);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    await messages();
    signal?.throwIfAborted();
    onProgress?.(round / MAX_ROUNDS);
    const prior = touchesEdge && round < NARROW_ROUNDS ? narrow : wide;
    const ground = mixtureOf(features, labels, 0, GROUND_COMPONENTS);
    // At first the box holds both: its middle counts more.
    const weights = round === 0 ? narrow.map((nats) => Math.exp(FIRST_WEIGHT * nats)) : undefined;
    const subject = mixtureOf(features, labels, 1, SUBJECT_COMPONENTS, weights);
    if (!ground || !subject) break;
    for (let at = 0; at < count; at++) {
      if (free[at]) {
        const evidence = ground.cost(features, at) - subject.cost(features, at) + (prior[at] as number);
        terminal[at] = Math.min(Math.max(evidence, -MAX_EVIDENCE), MAX_EVIDENCE);
      } else terminal[at] = labels[at] ? SURE : -SURE;
    }
    await messages();
    const next = minCut(width, height, edges.slice(), terminal);
    const changed = next.reduce((sum, value, at) => sum + (value === labels[at] ? 0 : 1), 0);
    labels = next;
    if (changed < SETTLED * count && round + 1 >= MIN_ROUNDS) break;
  }
  tidy(labels, width, height, { keep: 0.05, hole: 0.012, pinned: marks });
  return labels;
}

/** Lets a cancelling message in. */
const messages = () => new Promise((resolve) => setTimeout(resolve));

function mixtureOf(
  features: Features,
  labels: Uint8Array,
  value: number,
  components: number,
  weights?: Float32Array,
): FeatureMixture | undefined {
  const members: number[] = [];
  for (let at = 0; at < labels.length; at++) if (labels[at] === value) members.push(at);
  return members.length > 0 ? fitMixture(features, Int32Array.from(members), components, weights) : undefined;
}

/** [height, width, 8]: what it costs to part two neighbours; little where the colour changes. */
function edgeCapacities(colours: Float32Array, width: number, height: number): Float32Array {
  const difference = (a: number, b: number) => {
    const x = (colours[3 * a] as number) - (colours[3 * b] as number);
    const y = (colours[3 * a + 1] as number) - (colours[3 * b + 1] as number);
    const z = (colours[3 * a + 2] as number) - (colours[3 * b + 2] as number);
    return x * x + y * y + z * z;
  };
  const forEachPair = (visit: (at: number, other: number, d: number, length: number) => void) => {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let d = 0; d < 4; d++) {
          const [dx, dy] = NEIGHBOURS[d] as readonly [number, number];
          if (x + dx < 0 || x + dx >= width || y + dy < 0) continue;
          visit(y * width + x, (y + dy) * width + x + dx, d, Math.hypot(dx, dy));
        }
      }
    }
  };
  const usual = new Float32Array(width * height);
  let total = 0;
  forEachPair((at, other) => {
    const contrast = difference(at, other) / 4;
    usual[at] = (usual[at] as number) + contrast;
    total += contrast;
  });
  boxMean(usual, width, height, NEIGHBOURHOOD);
  const everywhere = (1 - LOCAL) * (total / (width * height));
  const capacity = new Float32Array(8 * width * height);
  forEachPair((at, other, d, length) => {
    const scale = 2 * Math.max(LEAST_CONTRAST, LOCAL * (usual[at] as number) + everywhere);
    const cost = (GAMMA / length) * Math.exp(-difference(at, other) / scale);
    capacity[8 * at + d] = cost;
    capacity[8 * other + 7 - d] = cost;
  });
  return capacity;
}
