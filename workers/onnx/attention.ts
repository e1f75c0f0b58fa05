/** Scaled dot-product attention in two forms that give the same numbers: see GraphOptions.attention. */
import type { FloatDType, Graph, Value } from "./graph.ts";
import { BYTES } from "./graph.ts";
import { add, broadcastTo, cast, clip, concat, matmul, reshape, scale, slice, softmax, sub, transpose } from "./ops.ts";

/** What a masked score gets added: far below any score, and still a finite float16 (an infinite one gives NaN in an all-masked row). */
export const MASKED = -1e4;

/**
 * The fused kernel holds whole heads in workgroup memory, and loads four numbers at a time: wider heads (the VAE's one of 512) and odd ones
 * are computed in the plain form.
 */
export const FUSED_MAX_HEAD_DIM = 160;

export interface AttentionOptions {
  readonly heads: number;
  /** Added to the scaled scores: [B or 1, 1, Tq or 1, Tk], 0 where a query may look and MASKED where not. */
  readonly mask?: Value;
  /** Query i sees keys 0 to i; Tq and Tk are then equal. */
  readonly causal?: boolean;
}

/**
 * softmax(q k^T / sqrt(C / heads) + mask) v for every head, heads side by side in the last dimension.
 * q [B, Tq, C]; k and v [B, Tk, C] -> [B, Tq, C]. Projections are the caller's.
 */
export function attention(g: Graph, q: Value, k: Value, v: Value, options: AttentionOptions): Value {
  const { heads, mask, causal = false } = options;
  const [batch, queries, channels] = q.shape as [number, number, number];
  const keys = k.shape[1] as number;
  if (q.shape.length !== 3 || k.shape.length !== 3 || `${k.shape}` !== `${v.shape}`) {
    g.fail(`attention of q [${q.shape}], k [${k.shape}], v [${v.shape}]`);
  }
  if (k.shape[0] !== batch || k.shape[2] !== channels) g.fail(`attention of q [${q.shape}] and k [${k.shape}]`);
  if (channels % heads !== 0) g.fail(`${heads} attention heads do not divide a width of ${channels}`);
  if (causal && queries !== keys) g.fail(`causal attention of ${queries} queries and ${keys} keys`);
  if (mask) {
    const [b, h, rows, columns] = mask.shape;
    const fits = (b === 1 || b === batch) && h === 1 && (rows === 1 || rows === queries) && columns === keys;
    if (!fits || mask.shape.length !== 4)
      g.fail(`attention mask [${mask.shape}] for ${queries} queries and ${keys} keys`);
  }
  const width = channels / heads;
  return g.options.attention === "fused" && width % 4 === 0 && width <= FUSED_MAX_HEAD_DIM
    ? fused(g, q, k, v, heads, mask, causal)
    : plain(g, q, k, v, heads, both(g, mask, causal ? causalMask(g, queries, q.dtype as FloatDType) : undefined));
}

function both(g: Graph, a: Value | undefined, b: Value | undefined): Value | undefined {
  return a && b ? add(g, a, b) : (a ?? b);
}

/** [1, 1, length, length]: 0 on and below the diagonal, MASKED above. Made from two short rows, not stored. */
function causalMask(g: Graph, length: number, dtype: FloatDType): Value {
  return g.once(`causal mask ${length} ${dtype}`, () => {
    const positions = Float32Array.from({ length }, (_, i) => i);
    const row = g.constant(positions, [1, 1, length, 1], "float32");
    const column = g.constant(positions, [1, 1, 1, length], "float32");
    return scale(g, cast(g, clip(g, sub(g, row, column), -1, 0), dtype), -MASKED);
  });
}

/** MatMul, Softmax, MatMul, cut so that no score tensor passes maxBufferBytes: by batch and heads, then by query rows. */
function plain(g: Graph, q: Value, k: Value, v: Value, heads: number, mask: Value | undefined): Value {
  const [batch, queries, channels] = q.shape as [number, number, number];
  const size = channels / heads;
  const split = (x: Value, perm: readonly number[]) =>
    transpose(g, reshape(g, x, [x.shape[0] as number, x.shape[1] as number, heads, size]), perm);
  const all: Piece = {
    q: split(scale(g, q, size ** -0.5), [0, 2, 1, 3]),
    kT: split(k, [0, 2, 3, 1]),
    v: split(v, [0, 2, 1, 3]),
    mask,
  };
  return reshape(g, transpose(g, cut(g, all), [0, 2, 1, 3]), [batch, queries, channels]);
}

/** q [B, H, Tq, D], kT [B, H, D, Tk], v [B, H, Tk, D], mask as in AttentionOptions. */
interface Piece {
  readonly q: Value;
  readonly kT: Value;
  readonly v: Value;
  readonly mask: Value | undefined;
}

function cut(g: Graph, piece: Piece): Value {
  const { q, kT, v, mask } = piece;
  const [batch, heads, queries] = q.shape as [number, number, number, number];
  const keys = kT.shape[3] as number;
  const rowBytes = keys * BYTES[q.dtype];
  const fit = Math.floor(g.options.maxBufferBytes / rowBytes);
  if (batch * heads * queries <= fit) {
    const scores = matmul(g, q, kT);
    return matmul(g, softmax(g, mask ? add(g, scores, mask) : scores), v);
  }
  if (fit < 1) g.fail(`one row of ${keys} attention scores does not fit a buffer of ${g.options.maxBufferBytes} bytes`);
  const part = (x: Value, axis: number, start: number, end: number) =>
    x.shape[axis] === 1 || (start === 0 && end === x.shape[axis]) ? x : slice(g, x, axis, start, end);
  // Axes in order: the whole is cut along the first that has more than one, its parts again if they are still too large.
  const axis = batch > 1 ? 0 : heads > 1 ? 1 : 2;
  const along = [batch, heads, queries][axis] as number;
  const step = Math.max(1, Math.floor(fit / ((batch * heads * queries) / along)));
  const parts: Value[] = [];
  for (let start = 0; start < along; start += step) {
    const end = Math.min(along, start + step);
    const inHeads = axis < 2;
    parts.push(
      cut(g, {
        q: part(q, axis, start, end),
        kT: inHeads ? part(kT, axis, start, end) : kT,
        v: inHeads ? part(v, axis, start, end) : v,
        mask: mask && part(mask, axis, start, end),
      }),
    );
  }
  return concat(g, parts, axis);
}

/** com.microsoft.MultiHeadAttention: ORT's flash attention, no score tensor. */
function fused(g: Graph, q: Value, k: Value, v: Value, heads: number, mask: Value | undefined, causal: boolean): Value {
  const rows = q.shape[1] as number;
  // The bias must have its query dimension in full.
  const bias = mask && broadcastTo(g, mask, [mask.shape[0] as number, 1, rows, mask.shape[3] as number]);
  const size = (q.shape[2] as number) / heads;
  return g.op(
    "MultiHeadAttention",
    [q, k, v, ...(bias ? [null, null, bias] : [])],
    q.dtype,
    q.shape,
    { num_heads: heads, scale: { float: size ** -0.5 }, ...(causal && { unidirectional: 1 }) },
    "com.microsoft",
  );
}
