"""TAEF2, the tiny autoencoder that stands where SD 1.5 has its VAE (github.com/madebyollin/taesd, MIT; weights unchanged).

Layers are numbered as in the original's flat sequences, so its state dicts load as they are. Pictures are in [0, 1].
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = 64


class Clamp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / 3) * 3


class Block(nn.Module):
    def __init__(self, with_pool: bool = False) -> None:
        super().__init__()
        self.conv = nn.Sequential(conv(), nn.ReLU(), conv(), nn.ReLU(), conv())
        self.pool = (
            nn.Sequential(nn.Conv2d(CHANNELS, 256, 1, bias=False), nn.GroupNorm(4, 256), nn.ReLU(), nn.Conv2d(256, CHANNELS, 1, bias=False))
            if with_pool
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.pool is not None:
            x = x + self.pool(x)
        return F.relu(x + self.conv(x))


def conv(n_in: int = CHANNELS, n_out: int = CHANNELS, **options: int | bool) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, 3, padding=1, **options)


def encoder(latent_channels: int = 32) -> nn.Sequential:
    """[N, 3, H, W] in [0, 1] to latents [N, latent_channels, H/8, W/8]."""
    layers: list[nn.Module] = [conv(3), Block()]
    for level in range(3):
        layers += [conv(stride=2, bias=False), *(Block(with_pool=level == 2) for _ in range(3))]
    return nn.Sequential(*layers, conv(n_out=latent_channels))


def decoder(latent_channels: int = 32) -> nn.Sequential:
    """Latents [N, latent_channels, h, w] to pictures [N, 3, 8h, 8w], about in [0, 1]."""
    layers: list[nn.Module] = [Clamp(), conv(latent_channels), nn.ReLU()]
    for level in range(3):
        layers += [*(Block(with_pool=level == 0) for _ in range(3)), nn.Upsample(scale_factor=2), conv(bias=False)]
    return nn.Sequential(*layers, Block(), conv(n_out=3))


def load(module: nn.Sequential, path: Path | str) -> nn.Sequential:
    """Loads the published fp16 weights into `module`, in fp32, for inference."""
    module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return module.float().eval().requires_grad_(False)


def fold(latents: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Standardised per channel and 2x2 patches put into channels: [N, C, h, w] to [N, 4C, h/2, w/2] (torch's pixel_unshuffle order)."""
    return F.pixel_unshuffle((latents - mean[:, None, None]) / std[:, None, None], 2)


def unfold(folded: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Inverse of `fold`."""
    return F.pixel_shuffle(folded, 2) * std[:, None, None] + mean[:, None, None]
