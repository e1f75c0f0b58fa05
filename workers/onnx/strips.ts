/**
 * Pictures cut into horizontal strips, top to bottom, where the whole passes a buffer's limit: what a strip needs of its neighbours
 * (a row for a convolution, their share of a group's statistics) is fetched, so that the numbers are those of the whole.
 */
import type { FloatDType, Graph, Value } from "./graph.ts";
import { elementCount } from "./graph.ts";
import {
  add,
  cast,
  concat,
  conv2d,
  div,
  groupNorm,
  mean,
  mul,
  reshape,
  scale,
  shift,
  slice,
  sqrt,
  sub,
} from "./ops.ts";

/** [B, C, Hi, W] each; the Hi add up to the picture's height. */
export type Strips = readonly Value[];

/** x [B, C, H, W] in `count` strips that differ by a row at most. */
export function cutIntoStrips(g: Graph, x: Value, count: number): Strips {
  const height = x.shape[2] as number;
  if (count === 1) return [x];
  const edge = (i: number) => Math.round((i * height) / count);
  return Array.from({ length: count }, (_, i) => slice(g, x, 2, edge(i), edge(i + 1)));
}

export function joinStrips(g: Graph, strips: Strips): Value {
  return strips.length === 1 ? (strips[0] as Value) : concat(g, strips, 2);
}

/** torch.nn.Conv2d `name` with a kernel of 3, stride 1 and padding 1. */
export function conv3x3OfStrips(g: Graph, strips: Strips, name: string, outChannels: number): Strips {
  return strips.map((strip, i) => {
    const above = strips[i - 1];
    const below = strips[i + 1];
    const rows = [
      ...(above ? [slice(g, above, 2, (above.shape[2] as number) - 1, above.shape[2] as number)] : []),
      strip,
      ...(below ? [slice(g, below, 2, 0, 1)] : []),
    ];
    const padding = [above ? 0 : 1, 1, below ? 0 : 1, 1] as const;
    return conv2d(g, rows.length === 1 ? strip : concat(g, rows, 2), name, outChannels, { kernel: 3, padding });
  });
}

/** torch.nn.GroupNorm `name`: mean and variance of each group over all strips, in float32. */
export function groupNormOfStrips(g: Graph, strips: Strips, name: string, groups: number, eps: number): Strips {
  const [first] = strips as [Value];
  if (strips.length === 1) return [groupNorm(g, first, name, groups, eps)];
  const channels = first.shape[1] as number;
  if (channels % groups !== 0) g.fail(`${channels} channels do not divide into ${groups} groups`);
  const total = strips.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  // [B, groups, 1, 1] of [B, groups, rows, W]: rows first, so that many threads have work.
  const meanOfAll = (parts: Strips) =>
    parts
      .map((part) => scale(g, mean(g, mean(g, part, 3), 2), elementCount(part.shape) / total))
      .reduce((sum, part) => add(g, sum, part));
  const grouped = strips.map((strip) => {
    const [batch, , , width] = strip.shape as [number, number, number, number];
    return reshape(g, cast(g, strip, "float32"), [batch, groups, -1, width]);
  });
  const center = meanOfAll(grouped);
  const centered = grouped.map((part) => sub(g, part, center));
  const deviation = sqrt(g, shift(g, meanOfAll(centered.map((part) => mul(g, part, part))), eps));
  return g.scope(name, () => {
    const affine = (part: string) => reshape(g, g.weight(part, [channels]), [1, channels, 1, 1]);
    return centered.map((part, i) => {
      const { shape, dtype } = strips[i] as Value;
      const normal = cast(g, reshape(g, div(g, part, deviation), shape), dtype as FloatDType);
      return add(g, mul(g, normal, affine("weight")), affine("bias"));
    });
  });
}
