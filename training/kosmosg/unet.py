"""The mini's U-Net: diffusers' UNet2DConditionModel with SD 1.5's blocks, on folded TAEF2 latents."""

from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor

UNET_CONFIG = {
    "sample_size": 6,
    "in_channels": 128,
    "out_channels": 128,
    "block_out_channels": (112, 160),
    "layers_per_block": 1,
    "cross_attention_dim": 192,
    "attention_head_dim": 4,  # the number of heads: diffusers' and SD 1.5's reading of this name
    "norm_num_groups": 16,
    "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
    "act_fn": "silu",
    "center_input_sample": False,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "downsample_padding": 1,
    "mid_block_scale_factor": 1,
}


def unet(**changes: object) -> UNet2DConditionModel:
    return UNet2DConditionModel(**{**UNET_CONFIG, **changes})


def attend_by_products(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """`unet` with softmax(q k) v in three steps: on a CPU the backward pass of torch's fused one took a third of a step at 36 latents and 128 tokens."""
    unet.set_attn_processor(AttnProcessor())
    return unet
