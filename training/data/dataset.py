"""Reads shards and gives batches of scenes, in an order that a seed fixes whatever the number of processes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from kosmosg import autoencoder_tiny as taef2
from kosmosg.text import Prompt, PromptTooLongError, Tokenizer, pad

from .encode import MAX_SUBJECTS, SHARDS, WORDINGS

NUM_QUERIES = 128


@dataclass(frozen=True)
class Batch:
    captions: list[str]
    ids: Tensor
    """int64 [B, 128], right-padded with PAD"""
    slots: Tensor
    """bool [B, 128]"""
    reference_pixels: Tensor | None
    """uint8 [B, 3, S, S, 3] (image of the prompt, y, x, RGB), zeros where a prompt has fewer images; None unless asked for"""
    references: Tensor
    """folded standardised latents fp32 [B, 3, 128, S / 16, S / 16], zeros where a prompt has fewer images"""
    num_images: Tensor
    """int64 [B]"""
    targets: Tensor
    """folded standardised latents fp32 [B, 128, S / 16, S / 16]"""


def latent_statistics(shard: Path) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation per channel, fp32 [32] each, over a shard's target latents."""
    with safe_open(shard, "pt") as file:
        latents = file.get_tensor("target_latents").float()
    return latents.mean((0, 2, 3)), latents.std((0, 2, 3))


class SceneDataset:
    """All pairs of the shards `{split}-*.safetensors`, the first `num_shards` of them where given, held in memory."""

    def __init__(
        self, tokenizer: Tokenizer, mean: Tensor, std: Tensor, split: str = "train", num_shards: int | None = None, pixels: bool = False,
        folder: Path | None = None,
    ):  # fmt: skip
        self.tokenizer, self.mean, self.std = tokenizer, mean, std
        self.files = shard_files(split, folder)[:num_shards]
        self.captions: list[list[str]] = []
        self.descriptions: list[str] = []
        """What each target shows, in words alone."""
        self.kinds: list[str] = []
        """`edit/time` and the like."""
        self.entities: list[list[int]] = []
        """Of each reference picture."""
        self.generator: dict = {}
        """What drew the shards: version, catalogue, and the fields of GeneratorConfig."""
        targets, references, reference_pixels, chosen = [], [], [], []
        for path in self.files:
            with safe_open(path, "pt") as file:
                offset = len(self.entities)
                metadata = {key: json.loads(value) for key, value in file.metadata().items()}
                generator = metadata.get("generator", {})
                if path != self.files[0] and generator != self.generator:
                    raise ValueError(f"{path} was drawn otherwise than {self.files[0]}: {generator} against {self.generator}")
                self.generator = generator
                self.captions += metadata["captions"]
                self.descriptions += metadata.get("descriptions", [])
                self.kinds += metadata.get("kinds", [])
                self.entities += metadata["entities"]
                rows = file.get_tensor("subjects").long()
                chosen.append(torch.where(rows >= 0, rows + offset, rows))
                targets.append(file.get_tensor("target_latents"))
                references.append(file.get_tensor("reference_latents"))
                if pixels:
                    reference_pixels.append(file.get_tensor("reference_pixels"))
        self.targets, self.references, self.subjects = torch.cat(targets), torch.cat(references), torch.cat(chosen)
        self.reference_pixels = torch.cat(reference_pixels) if pixels else None
        self._prompts: dict[str, Prompt] = {}
        self.captions = [[caption for caption in wordings if self._fits(caption)] for wordings in self.captions]
        self.usable = np.array([index for index, wordings in enumerate(self.captions) if wordings])
        """Scenes with a wording that fits NUM_QUERIES: with three pictures a long one does not."""

    def __len__(self) -> int:
        return len(self.usable)

    def _fits(self, caption: str) -> bool:
        try:
            self._prompts[caption] = self._prompts.get(caption) or self.tokenizer.encode_prompt(caption, NUM_QUERIES)
        except PromptTooLongError:
            return False
        return True

    def batch(self, indices: np.ndarray, wordings: np.ndarray) -> Batch:
        """The scenes at `indices` (0 to len - 1), each in the wording of that number (modulo those that it has)."""
        indices = self.usable[indices]
        captions = [self.captions[index][wording % len(self.captions[index])] for index, wording in zip(indices, wordings, strict=True)]
        ids, slots = pad([self._prompts[caption] for caption in captions], NUM_QUERIES)
        subjects = self.subjects[torch.from_numpy(indices)]
        there = subjects >= 0
        references = taef2.fold(self.references[subjects.clamp(min=0).flatten()].float(), self.mean, self.std)
        references = references.unflatten(0, (-1, MAX_SUBJECTS)) * there[..., None, None, None]
        pixels = None
        if self.reference_pixels is not None:
            pixels = self.reference_pixels[subjects.clamp(min=0)] * there[..., None, None, None]
        targets = taef2.fold(self.targets[torch.from_numpy(indices)].float(), self.mean, self.std)
        return Batch(captions, torch.from_numpy(ids), torch.from_numpy(slots), pixels, references, there.sum(1), targets)


def shard_files(split: str = "train", folder: Path | None = None) -> list[Path]:
    """The finished shards 0, 1, 2, ... without a gap, so that adding shards never changes what an earlier prefix holds."""
    files = []
    while (path := (folder or SHARDS) / f"{split}-{len(files):04d}.safetensors").exists():
        files.append(path)
    return files


def epoch_order(size: int, batch_size: int, seed: int, epoch: int) -> tuple[np.ndarray, np.ndarray]:
    """Scene numbers and wordings of one epoch, int64 [steps, batch_size] each: a function of its arguments alone."""
    rng = np.random.default_rng((seed, epoch))
    steps = size // batch_size
    order = rng.permutation(size)[: steps * batch_size]
    return order.reshape(steps, batch_size), rng.integers(0, WORDINGS, (steps, batch_size))


def epoch_batches(
    dataset: SceneDataset, batch_size: int, seed: int, epoch: int, step: int = 0, rank: int = 0, world_size: int = 1
) -> Iterator[tuple[int, Batch]]:
    """(step, this process's share of the batch) from `step` to the end of `epoch`.

    The whole batch is the same for every `world_size`; each process gets batch_size / world_size scenes of it.
    """
    share = batch_size // world_size
    order, wordings = epoch_order(len(dataset), batch_size, seed, epoch)
    mine = slice(rank * share, (rank + 1) * share)
    for at in range(step, len(order)):
        yield at, dataset.batch(order[at, mine], wordings[at, mine])


def batches(
    dataset: SceneDataset, batch_size: int, seed: int, epoch: int = 0, step: int = 0, rank: int = 0, world_size: int = 1
) -> Iterator[tuple[int, int, Batch]]:
    """Endless (epoch, step, batch), from `step` of `epoch` on."""
    while True:
        for at, batch in epoch_batches(dataset, batch_size, seed, epoch, step, rank, world_size):
            yield epoch, at, batch
        epoch, step = epoch + 1, 0
