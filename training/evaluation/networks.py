"""The two judges, small convolutional networks, and how they look at a picture. Neither is ever used in training the mini.

Both see pictures scaled to a size of their own: so a model that draws larger is judged by the same eyes.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

WEIGHTS = Path(__file__).parent.parent / "weights"
Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the picture."""
WHOLE: Box = (0, 0, 1, 1)


def look(pictures: np.ndarray, side: int, boxes: Box | list[Box] = WHOLE) -> Tensor:
    """uint8 [N, H, W, 3] and a box, or one for each picture -> fp32 [N, 3, side, side] in -1..1, averaged over the pixels of each cell.

    What lies outside the picture repeats its edge.
    """
    x = torch.tensor(np.asarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    boxes = [boxes] * len(x) if isinstance(boxes, tuple) else boxes
    return torch.cat([cut(picture[None], side, box) for picture, box in zip(x, boxes, strict=True)])


def cut(picture: Tensor, side: int, box: Box) -> Tensor:
    """[1, 3, H, W] -> [1, 3, side, side]"""
    h, w = picture.shape[2:]
    left, top, right, bottom = (round(share * length) for share, length in zip(box, (w, h, w, h), strict=True))
    beyond = (max(0, -left), max(0, right - w), max(0, -top), max(0, bottom - h))
    picture = F.pad(picture, beyond, mode="replicate") if any(beyond) else picture
    part = picture[:, :, top + beyond[2] : bottom + beyond[2], left + beyond[0] : right + beyond[0]]
    return F.interpolate(part, (side, side), mode="bilinear", antialias=True, align_corners=False)


class Trunk(nn.Sequential):
    """fp32 [N, 3, S, S] -> [N, channels[3], S / 16, S / 16]: four levels of two convolutions each."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        def layer(inputs: int, outputs: int, kernel: int, stride: int) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, kernel, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]

        layers = layer(3, channels[0], 4, 2) + layer(channels[0], channels[0], 3, 1)
        for before, width in zip(channels, channels[1:], strict=False):
            layers += layer(before, width, 3, 2) + layer(width, width, 3, 1)
        super().__init__(*layers)


class Embedding(nn.Module):
    """A subject's place in a picture, or its reference -> a unit vector. Cosine tells how alike two are."""

    side = 64

    def __init__(self, channels: tuple[int, ...] = (24, 48, 96, 128), dim: int = 64) -> None:
        super().__init__()
        self.settings = {"channels": list(channels), "dim": dim}
        self.trunk, self.head = Trunk(channels), nn.Linear(16 * channels[-1], dim)

    def forward(self, x: Tensor) -> Tensor:
        """fp32 [N, 3, 64, 64] -> [N, dim]"""
        return F.normalize(self.head(self.trunk(x).flatten(1)), dim=-1)


class Probes(nn.Module):
    """A whole picture -> one row of logits for each question; `answers` holds what may be answered, by question."""

    side = 96

    def __init__(self, answers: dict[str, list[str]], channels: tuple[int, ...] = (16, 40, 64, 96), dim: int = 128) -> None:
        super().__init__()
        self.settings = {"channels": list(channels), "dim": dim, "answers": answers}
        self.answers = answers
        self.trunk = Trunk(channels)
        self.middle = nn.Linear(9 * channels[-1], dim)
        self.heads = nn.ModuleDict({question: nn.Linear(dim, len(known)) for question, known in answers.items()})

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """fp32 [N, 3, 96, 96] -> [N, answers] by question"""
        features = F.relu(self.middle(F.adaptive_avg_pool2d(self.trunk(x), 3).flatten(1)))
        return {question: head(features) for question, head in self.heads.items()}


def save(network: Embedding | Probes, path: Path, about: dict) -> None:
    """fp16, with the settings and `about` in the header."""
    tensors = {name: value.half().contiguous() for name, value in network.state_dict().items() if value.is_floating_point()}
    save_file(tensors, path, {"settings": json.dumps(network.settings), **{key: str(value) for key, value in about.items()}})
    path.chmod(0o644)


def load(kind: type, path: Path) -> nn.Module:
    """An Embedding or a Probes as `save` left it, in evaluation mode."""
    with safe_open(path, "pt") as file:
        network = kind(**json.loads(file.metadata()["settings"]))
        network.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()}, strict=False)  # noqa: SIM118
    return network.eval().requires_grad_(False)


def load_embedding() -> Embedding:
    return load(Embedding, WEIGHTS / "evaluation_embedding.safetensors")


def load_probes() -> Probes:
    return load(Probes, WEIGHTS / "evaluation_probes.safetensors")


@torch.no_grad()
def embed(network: Embedding, pictures: np.ndarray, boxes: Box | list[Box] = WHOLE) -> np.ndarray:
    """uint8 [N, H, W, 3] -> fp32 [N, dim], unit length. Every picture by itself, so that its neighbours cannot change it."""
    return network(look(pictures, network.side, boxes)).numpy()


@torch.no_grad()
def ask(network: Probes, pictures: np.ndarray) -> dict[str, list[str]]:
    """The likeliest answer to every question, for each picture."""
    logits = network(look(pictures, network.side))
    return {question: [network.answers[question][index] for index in rows.argmax(1).tolist()] for question, rows in logits.items()}


def roughen(x: Tensor, generator: torch.Generator, bend: float = 1.0) -> Tensor:
    """Training pictures made as imperfect as drawn ones are: fp32 [N, 3, S, S] bent, shifted, blurred, tinted, grained.

    The judges are trained on true scenes; without this they would have seen nothing but clean edges. `bend` scales bending and blur.
    """
    count, side = len(x), x.shape[-1]

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand((count, *shape), generator=generator)

    axis = torch.linspace(-1, 1, side) * (1 - 1 / side)
    y_grid, x_grid = torch.meshgrid(axis, axis, indexing="ij")
    grid = torch.stack([x_grid, y_grid], -1)[None] * uniform(0.92, 1.08, 1, 1, 1) + uniform(-0.08, 0.08, 1, 1, 2)
    waves = F.interpolate(torch.randn((count, 2, 6, 6), generator=generator), (side, side), mode="bicubic", align_corners=True)
    grid = grid + waves.permute(0, 2, 3, 1) * uniform(0, 0.045 * bend, 1, 1, 1)
    x = F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
    soft = F.avg_pool2d(F.avg_pool2d(F.pad(x, (2, 2, 2, 2), mode="replicate"), 3, 1), 3, 1)
    x = torch.lerp(x, soft, uniform(-0.4, 1, 1, 1, 1).clamp(min=0) * bend)
    x = x * uniform(0.85, 1.15, 3, 1, 1) + uniform(-0.1, 0.1, 3, 1, 1)
    coarse = F.interpolate(torch.randn((count, 3, 12, 12), generator=generator), (side, side), mode="bilinear", align_corners=True)
    fine = torch.randn(x.shape, generator=generator)
    return (x + coarse * uniform(0, 0.12, 1, 1, 1) + fine * uniform(0, 0.06, 1, 1, 1)).clamp(-1, 1)
