/** Residual blocks and resampling of U-Net and VAE (diffusers: models/resnet.py, downsampling.py, upsampling.py). */
import type { Graph, Value } from "../onnx/graph.ts";
import { add, conv2d, groupNorm, linear, reshape, silu, slice, upsampleNearest2x } from "../onnx/ops.ts";

export interface Norm {
  readonly groups: number;
  readonly eps: number;
}

/**
 * ResnetBlock2D `name`: x [B, C, H, W] -> [B, outChannels, H, W].
 * `activatedTemb` is silu(time embedding) [B or 1, T], the same for every block; none in a VAE.
 */
export function resnetBlock2D(
  g: Graph,
  x: Value,
  name: string,
  outChannels: number,
  { groups, eps }: Norm,
  activatedTemb?: Value,
): Value {
  return g.scope(name, () => {
    let hidden = silu(g, groupNorm(g, x, "norm1", groups, eps));
    hidden = conv2d(g, hidden, "conv1", outChannels, { kernel: 3, padding: 1 });
    if (activatedTemb) {
      const shift = linear(g, activatedTemb, "time_emb_proj", outChannels);
      hidden = add(g, hidden, reshape(g, shift, [-1, outChannels, 1, 1]));
    }
    hidden = silu(g, groupNorm(g, hidden, "norm2", groups, eps));
    hidden = conv2d(g, hidden, "conv2", outChannels, { kernel: 3, padding: 1 });
    const shortcut = x.shape[1] === outChannels ? x : conv2d(g, x, "conv_shortcut", outChannels, { kernel: 1 });
    return add(g, shortcut, hidden);
  });
}

/** Downsample2D `name`: a convolution of stride 2, [B, C, H, W] -> [B, C, ceil(H/2), ceil(W/2)]. */
export function downsample2D(g: Graph, x: Value, name: string): Value {
  return g.scope(name, () => conv2d(g, x, "conv", x.shape[1] as number, { kernel: 3, stride: 2, padding: 1 }));
}

/** Downsample2D `name` of a VAE encoder, which pads below and on the right alone: [B, C, H, W] -> [B, C, floor(H/2), floor(W/2)]. */
export function downsample2DAsymmetric(g: Graph, x: Value, name: string): Value {
  return g.scope(name, () =>
    conv2d(g, x, "conv", x.shape[1] as number, { kernel: 3, stride: 2, padding: [0, 0, 1, 1] }),
  );
}

/**
 * Upsample2D `name`: nearest neighbour ×2, then a convolution.
 * @param size height and width to reach, where the level above is odd; diffusers interpolates to it, which for 2n - 1 drops the last row.
 */
export function upsample2D(g: Graph, x: Value, name: string, size?: readonly [number, number]): Value {
  return g.scope(name, () => {
    let up = upsampleNearest2x(g, x);
    for (const [i, axis] of [2, 3].entries()) {
      const full = up.shape[axis] as number;
      const wanted = size?.[i] ?? full;
      if (wanted !== full && wanted !== full - 1) g.fail(`cannot upsample [${x.shape}] to ${size?.join("x")}`);
      if (wanted < full) up = slice(g, up, axis, 0, wanted);
    }
    return conv2d(g, up, "conv", x.shape[1] as number, { kernel: 3, padding: 1 });
  });
}
