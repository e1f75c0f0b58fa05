/** The levels of a conditional U-Net (diffusers: unets/unet_2d_blocks.py). Attention is where `heads` is given. */
import type { Graph, Value } from "../onnx/graph.ts";
import { concat } from "../onnx/ops.ts";
import type { Context } from "./cross-attention.ts";
import { downsample2D, type Norm, resnetBlock2D, upsample2D } from "./resnet.ts";
import { transformer2D } from "./transformer-2d.ts";

/** What every block of one pass sees. */
export interface BlockContext {
  /** silu(time embedding) [B or 1, T]. */
  readonly activatedTemb: Value;
  /** encoder_hidden_states [B, S, D], or what was made of them. */
  readonly context: Context;
  readonly norm: Norm;
  /** Resnets of a down block; an up block has one more. */
  readonly layers: number;
}

/** CrossAttnDownBlock2D (with `heads`) or DownBlock2D `name`. Adds its residuals, first to last, to `residuals`. */
export function downBlock(
  g: Graph,
  x: Value,
  name: string,
  outChannels: number,
  block: BlockContext & {
    readonly heads: number | undefined;
    readonly downsample: boolean;
    readonly residuals: Value[];
  },
): Value {
  const { activatedTemb, context, norm, layers, heads, downsample, residuals } = block;
  return g.scope(name, () => {
    let hidden = x;
    for (let i = 0; i < layers; i++) {
      hidden = resnetBlock2D(g, hidden, `resnets.${i}`, outChannels, norm, activatedTemb);
      if (heads) hidden = transformer2D(g, hidden, context, `attentions.${i}`, heads, norm.groups);
      residuals.push(hidden);
    }
    if (downsample) {
      hidden = downsample2D(g, hidden, "downsamplers.0");
      residuals.push(hidden);
    }
    return hidden;
  });
}

/** UNetMidBlock2DCrossAttn `mid_block`. */
export function midBlock(g: Graph, x: Value, heads: number, block: BlockContext): Value {
  const { activatedTemb, context, norm } = block;
  const channels = x.shape[1] as number;
  return g.scope("mid_block", () => {
    let hidden = resnetBlock2D(g, x, "resnets.0", channels, norm, activatedTemb);
    hidden = transformer2D(g, hidden, context, "attentions.0", heads, norm.groups);
    return resnetBlock2D(g, hidden, "resnets.1", channels, norm, activatedTemb);
  });
}

/** CrossAttnUpBlock2D (with `heads`) or UpBlock2D `name`. Takes its residuals, last to first, from `residuals`. */
export function upBlock(
  g: Graph,
  x: Value,
  name: string,
  outChannels: number,
  block: BlockContext & { readonly heads: number | undefined; readonly upsample: boolean; readonly residuals: Value[] },
): Value {
  const { activatedTemb, context, norm, layers, heads, upsample, residuals } = block;
  return g.scope(name, () => {
    let hidden = x;
    for (let i = 0; i <= layers; i++) {
      hidden = concat(g, [hidden, residuals.pop() ?? g.fail("no residual is left for this block")], 1);
      hidden = resnetBlock2D(g, hidden, `resnets.${i}`, outChannels, norm, activatedTemb);
      if (heads) hidden = transformer2D(g, hidden, context, `attentions.${i}`, heads, norm.groups);
    }
    if (!upsample) return hidden;
    const [, , height, width] = residuals.at(-1)?.shape ?? [];
    return upsample2D(g, hidden, "upsamplers.0", height && width ? [height, width] : undefined);
  });
}
