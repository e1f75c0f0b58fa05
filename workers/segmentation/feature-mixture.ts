/** Gaussian mixtures of pixels' features, as GrabCut models subject and ground (Rother, Kolmogorov, Blake, SIGGRAPH 2004). */

/** Rows of `dim` floats, one a pixel. */
export interface Features {
  readonly dim: number;
  readonly data: Float32Array;
}

export interface FeatureMixture {
  /** Negative log-likelihood of the features of pixel `at` under the whole mixture, in nats. */
  cost(features: Features, at: number): number;
}

/** Added to every variance: what sensor and compression add, so that a flat ground does not get an infinite likelihood. */
const NOISE = 6;
const K_MEANS_ROUNDS = 4;

/**
 * Fits a mixture: clusters by splitting along the widest axis (Orchard and Bouman 1991), then k-means.
 * @param members pixels to fit to; at least one
 * @param components how many at most; few members get fewer
 * @param weights by pixel; all alike if left out
 */
export function fitMixture(
  features: Features,
  members: Int32Array,
  components: number,
  weights?: Float32Array,
): FeatureMixture {
  const weigh = (at: number) => weights?.[at] ?? 1;
  const sets = refine(features, members, split(features, members, components, weigh), weigh);
  const total = sets.reduce((sum, { weight }) => sum + weight, 0);
  const parts = sets.map((set) => gaussian(set, total));
  const { dim } = features;
  const centred = new Float64Array(dim);
  return {
    cost: ({ data }, at) => {
      let best = Number.NEGATIVE_INFINITY;
      let sum = 0;
      for (const { mean, whitening, bias } of parts) {
        let log = bias;
        for (let i = 0, k = 0; i < dim; i++) {
          centred[i] = (data[dim * at + i] as number) - (mean[i] as number);
          let z = 0;
          for (let j = 0; j <= i; j++) z += (whitening[k++] as number) * (centred[j] as number);
          log -= (z * z) / 2;
        }
        // log-sum-exp in one pass.
        if (log > best) {
          sum = sum * Math.exp(best - log) + 1;
          best = log;
        } else sum += Math.exp(log - best);
      }
      return -best - Math.log(sum);
    },
  };
}

/** Sums over a set of pixels. */
class Moments {
  weight = 0;
  private readonly sum: Float64Array;
  /** Lower triangle of the sum of outer products, row by row. */
  private readonly products: Float64Array;

  constructor(readonly dim: number) {
    this.sum = new Float64Array(dim);
    this.products = new Float64Array((dim * (dim + 1)) / 2);
  }

  add({ dim, data }: Features, at: number, weight: number): void {
    this.weight += weight;
    for (let i = 0, k = 0; i < dim; i++) {
      const x = weight * (data[dim * at + i] as number);
      this.sum[i] = (this.sum[i] as number) + x;
      for (let j = 0; j <= i; j++, k++) {
        this.products[k] = (this.products[k] as number) + x * (data[dim * at + j] as number);
      }
    }
  }

  get mean(): Float64Array {
    return this.sum.map((value) => value / this.weight);
  }

  /** [dim, dim] */
  get covariance(): Float64Array[] {
    const { dim, mean } = this;
    const rows = Array.from({ length: dim }, () => new Float64Array(dim));
    for (let i = 0, k = 0; i < dim; i++) {
      for (let j = 0; j <= i; j++, k++) {
        const value = (this.products[k] as number) / this.weight - (mean[i] as number) * (mean[j] as number);
        (rows[i] as Float64Array)[j] = value;
        (rows[j] as Float64Array)[i] = value;
      }
    }
    return rows;
  }
}

type Weigh = (at: number) => number;

function momentsOf(features: Features, members: Int32Array, weigh: Weigh): Moments {
  const moments = new Moments(features.dim);
  for (const at of members) moments.add(features, at, weigh(at));
  return moments;
}

/** Cuts the set that varies most at its mean, across its widest axis, until there are enough. */
function split(features: Features, members: Int32Array, components: number, weigh: Weigh): Moments[] {
  const { dim, data } = features;
  const measure = (indices: Int32Array) => {
    const moments = momentsOf(features, indices, weigh);
    const { axis, variance } = widestAxis(moments.covariance);
    return { indices, moments, axis, gain: variance * moments.weight };
  };
  const sets = [measure(members)];
  while (sets.length < components) {
    const chosen = sets.reduce((best, set) => (set.gain > best.gain ? set : best));
    const { mean } = chosen.moments;
    const isAbove = (at: number) => {
      let along = 0;
      for (let i = 0; i < dim; i++) {
        along += ((data[dim * at + i] as number) - (mean[i] as number)) * (chosen.axis[i] as number);
      }
      return along > 0;
    };
    const above = chosen.indices.filter(isAbove);
    const below = chosen.indices.filter((at) => !isAbove(at));
    if (above.length === 0 || below.length === 0) break;
    sets.splice(sets.indexOf(chosen), 1, measure(above), measure(below));
  }
  return sets.map(({ moments }) => moments);
}

/** k-means from the given sets on. */
function refine(features: Features, members: Int32Array, start: Moments[], weigh: Weigh): Moments[] {
  const { dim, data } = features;
  let sets = start;
  for (let round = 0; round < K_MEANS_ROUNDS; round++) {
    const means = sets.map(({ mean }) => mean);
    const next = sets.map(() => new Moments(dim));
    for (const at of members) {
      let nearest = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let k = 0; k < means.length; k++) {
        const mean = means[k] as Float64Array;
        let far = 0;
        for (let i = 0; i < dim; i++) far += ((data[dim * at + i] as number) - (mean[i] as number)) ** 2;
        if (far < least) {
          least = far;
          nearest = k;
        }
      }
      (next[nearest] as Moments).add(features, at, weigh(at));
    }
    sets = next.filter(({ weight }) => weight > 0);
  }
  return sets;
}

/** Power iteration; no need for more digits where two axes are alike. */
function widestAxis(covariance: readonly Float64Array[]): { axis: Float64Array; variance: number } {
  let axis = Float64Array.from(covariance, (_, i) => 1 / (i + 1.3));
  let variance = 0;
  for (let round = 0; round < 24; round++) {
    const next = Float64Array.from(covariance, (row) =>
      row.reduce((sum, value, j) => sum + value * (axis[j] as number), 0),
    );
    variance = Math.hypot(...next);
    if (variance === 0) break;
    axis = next.map((value) => value / variance);
  }
  return { axis, variance };
}

interface Gaussian {
  readonly mean: Float64Array;
  /** Inverse of the covariance's Cholesky factor: lower triangle, row by row. */
  readonly whitening: Float64Array;
  /** log(weight) - log(det) / 2 */
  readonly bias: number;
}

function gaussian(moments: Moments, total: number): Gaussian {
  const { dim } = moments;
  const at = (i: number, j: number) => (i * (i + 1)) / 2 + j;
  const covariance = moments.covariance;
  const lower = new Float64Array(at(dim, 0));
  const inverse = new Float64Array(at(dim, 0));
  let bias = Math.log(moments.weight / total);
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let value = ((covariance[i] as Float64Array)[j] as number) + (i === j ? NOISE : 0);
      for (let k = 0; k < j; k++) value -= (lower[at(i, k)] as number) * (lower[at(j, k)] as number);
      lower[at(i, j)] = i === j ? Math.sqrt(Math.max(value, NOISE / 100)) : value / (lower[at(j, j)] as number);
    }
    bias -= Math.log(lower[at(i, i)] as number);
  }
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      let value = i === j ? 1 : 0;
      for (let k = j; k < i; k++) value -= (lower[at(i, k)] as number) * (inverse[at(k, j)] as number);
      inverse[at(i, j)] = value / (lower[at(i, i)] as number);
    }
  }
  return { mean: moments.mean, whitening: inverse, bias };
}
