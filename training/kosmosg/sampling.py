"""Deterministic DDIM with classifier-free guidance, to look at a model while it trains."""

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from .schedule import TRAIN_TIMESTEPS, alpha_sigma, clean_latents


@torch.inference_mode()
def ddim(unet: UNet2DConditionModel, condition: Tensor, null: Tensor, noise: Tensor, steps: int = 25, guidance: float = 2.5) -> Tensor:
    """Folded latents [B, 128, 6, 6] from `noise` of that shape; condition [B, T, C], null [1, T, C]. Linearly spaced timesteps."""
    timesteps = torch.linspace(TRAIN_TIMESTEPS - 1, 0, steps + 1).round().long()
    both = torch.cat([null.expand_as(condition), condition])
    latents = noise
    for now, then in zip(timesteps[:-1], timesteps[1:], strict=True):
        t = now.expand(len(latents))
        unconditional, conditional = unet(torch.cat([latents, latents]), now, both).sample.chunk(2)
        predicted = unconditional + guidance * (conditional - unconditional)
        alpha, sigma = alpha_sigma(t)
        clean, eps = clean_latents(latents, predicted, t), sigma * latents + alpha * predicted
        alpha, sigma = alpha_sigma(then.expand(len(latents)))
        latents = alpha * clean + sigma * eps
    return clean
