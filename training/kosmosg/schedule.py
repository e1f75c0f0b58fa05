"""The forward process: SD 1.5's betas with v-prediction (Salimans and Ho 2022)."""

import torch
from torch import Tensor

TRAIN_TIMESTEPS = 1000
SCHEDULER_CONFIG = {
    "_class_name": "DDIMScheduler",
    "num_train_timesteps": TRAIN_TIMESTEPS,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "timestep_spacing": "leading",
}
ALPHAS_CUMPROD = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, TRAIN_TIMESTEPS, dtype=torch.float64) ** 2, 0).float()


def alpha_sigma(timesteps: Tensor) -> tuple[Tensor, Tensor]:
    """Signal and noise scale at integer `timesteps` [B], each [B, 1, 1, 1]."""
    cumulative = ALPHAS_CUMPROD.to(timesteps.device)[timesteps][:, None, None, None]
    return cumulative.sqrt(), (1 - cumulative).sqrt()


def add_noise(latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
    alpha, sigma = alpha_sigma(timesteps)
    return alpha * latents + sigma * noise


def velocity(latents: Tensor, noise: Tensor, timesteps: Tensor) -> Tensor:
    """The target of v-prediction."""
    alpha, sigma = alpha_sigma(timesteps)
    return alpha * noise - sigma * latents


def clean_latents(noisy: Tensor, predicted_velocity: Tensor, timesteps: Tensor) -> Tensor:
    """x0 that a predicted velocity stands for."""
    alpha, sigma = alpha_sigma(timesteps)
    return alpha * noisy - sigma * predicted_velocity
