"""The losses of the three stages, as the published code computes them."""

import torch
from torch import Tensor
from torch.nn import functional as F


def language_model_loss(logits: Tensor, src_tokens: Tensor, image_mask: Tensor, pad: int = 1) -> Tensor:
    """Stage 1: cross-entropy of the next token, meaned over a row's targets, pads and image slots left out: [B].

    logits [B, L, V] of `src_tokens` [B, L]; `image_mask` [B, L] (bool) marks image slots, which have no token to predict.
    A row without targets gives 0.
    """
    targets = src_tokens[:, 1:].masked_fill(image_mask[:, 1:], pad)
    losses = F.cross_entropy(logits[:, :-1].transpose(1, 2).float(), targets, ignore_index=pad, reduction="none")
    return losses.sum(1) / targets.ne(pad).sum(1).clamp(min=1)


def align_losses(condition: Tensor, teacher: Tensor, reconstruction: Tensor, hidden: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Stage 2 (paper, equations 5 and 6; aligner.py 54-67): (mse, rec), both meaned over everything, pads included.

    mse compares the condition with the text encoder's states [B, Q, D]; rec compares N's output with the decoder's hidden
    states [B, L, E] and is multiplied by `scale` / L. The published code has the literal 77 = its number of queries there.
    """
    mse = (condition - teacher).square().mean()
    rec = (reconstruction - hidden).square().mean() * (scale / hidden.shape[1])
    return mse, rec


def add_noise(latents: Tensor, noise: Tensor, timesteps: Tensor, alphas_cumprod: Tensor) -> Tensor:
    """q(x_t | x_0): sqrt(a) x + sqrt(1 - a) noise, a = alphas_cumprod[t]."""
    a = alphas_cumprod[timesteps].view(-1, *[1] * (latents.dim() - 1)).to(latents.dtype)
    return a.sqrt() * latents + (1 - a).sqrt() * noise


def diffusion_target(latents: Tensor, noise: Tensor, timesteps: Tensor, alphas_cumprod: Tensor, prediction_type: str) -> Tensor:
    """What the U-Net is to predict: the noise ('epsilon') or sqrt(a) noise - sqrt(1 - a) x ('v_prediction')."""
    if prediction_type == "epsilon":
        return noise
    if prediction_type == "v_prediction":
        a = alphas_cumprod[timesteps].view(-1, *[1] * (latents.dim() - 1)).to(latents.dtype)
        return a.sqrt() * noise - (1 - a).sqrt() * latents
    raise ValueError(f"prediction type '{prediction_type}' is neither 'epsilon' nor 'v_prediction'")


def drop_condition(condition: Tensor, null_condition: Tensor, draws: Tensor, probability: float = 0.1) -> Tensor:
    """Rows of `condition` [B, Q, D] whose uniform draw [B] lies below `probability` become `null_condition` [1, Q, D]."""
    return torch.where((draws < probability)[:, None, None], null_condition, condition)


def instruct_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Stage 3 (diffusion.py 64-84): per-sample mean squared error [B]. The published code sums it over the batch."""
    return (prediction.float() - target.float()).square().flatten(1).mean(1)


def scaled_linear_alphas_cumprod(beta_start: float, beta_end: float, num_train_timesteps: int) -> Tensor:
    """SD 1.x's alpha-bar table: betas whose square roots are linear."""
    betas = torch.linspace(beta_start**0.5, beta_end**0.5, num_train_timesteps, dtype=torch.float32) ** 2
    return torch.cumprod(1 - betas, 0)
