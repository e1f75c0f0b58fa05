"""What the MLLM, align and instruct stages share: the mini's config, batches by step, and checkpoints between stages."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from data.catalogue import CACHE
from data.dataset import Batch, SceneDataset, epoch_order
from kosmosg.checkpoint import load_latent_statistics
from kosmosg.mllm import KosmosG
from kosmosg.pipeline import CLIP_MEAN, CLIP_STD
from kosmosg.text import BOS, IMAGE_MARK, PAD, Tokenizer

HERE = Path(__file__).parent


def load_config(path: Path | str) -> dict[str, dict]:
    """Sections: clip_vision, resampler, gpt, aligner (the model) and mllm, align, instruct (the stages)."""
    return json.loads(Path(path).read_text())


def build_model(config: dict[str, dict], reconstruct: bool = False) -> KosmosG:
    return KosmosG({part: config[part] for part in ("clip_vision", "resampler", "gpt", "aligner")}, reconstruct)


def averaged_weights(checkpoint: Path, prefix: str = "model.") -> dict[str, Tensor]:
    """The averaged weights that a stage left in `last.pt`, or in safetensors under the same names, for the module that its stage called `prefix`; or
    all of a bundle's safetensors, whose names have no stage before them."""
    if checkpoint.suffix == ".safetensors":
        weights = {name: tensor.float() for name, tensor in load_file(checkpoint).items()}
        if prefix == "model." and not any(name.startswith(prefix) for name in weights):
            return weights
    else:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        weights = {**state["module"], **state["ema"]}
    return {name[len(prefix) :]: tensor for name, tensor in weights.items() if name.startswith(prefix)}


def pixel_values(pixels: Tensor) -> Tensor:
    """uint8 [N, S, S, 3] -> float32 [N, 3, S, S] with CLIP's normalisation, on the device of `pixels`."""
    x = pixels.permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(v, device=x.device).view(1, 3, 1, 1) for v in (CLIP_MEAN, CLIP_STD))
    return (x - mean) / std


@dataclass(frozen=True)
class StageBatch:
    """One process's share of a batch."""

    ids: Tensor
    """int64 [B, L], right-padded; L is the longest prompt of the whole batch, on all processes"""
    slots: Tensor
    """bool [B, L]"""
    pixels: Tensor
    """uint8 [images, S, S, 3], in reading order"""
    image_latents: Tensor
    """folded standardised latents of these pictures, fp32 [images, 128, 6, 6]"""
    references: Tensor
    """the same by prompt, zeros where a prompt has fewer images: fp32 [B, 3, 128, 6, 6]"""
    targets: Tensor
    """folded standardised latents of the scenes, fp32 [B, 128, 6, 6]"""

    def to(self, device: torch.device) -> "StageBatch":
        return type(self)(**{name: value.to(device) for name, value in vars(self).items()})

    @property
    def pixel_values(self) -> Tensor:
        return pixel_values(self.pixels)


def share_of(batch: Batch, rank: int, world: int) -> Batch:
    """Rows of process `rank` of `world`."""
    share = len(batch.captions) // world
    mine = slice(rank * share, (rank + 1) * share)
    return Batch(**{name: None if value is None else value[mine] for name, value in vars(batch).items()})


def stage_batch(batch: Batch, length: int) -> StageBatch:
    there = torch.arange(batch.references.shape[1])[None] < batch.num_images[:, None]
    return StageBatch(
        ids=batch.ids[:, :length],
        slots=batch.slots[:, :length],
        pixels=batch.reference_pixels[there],
        image_latents=batch.references[there],
        references=batch.references,
        targets=batch.targets,
    )


def without_condition(batch: Batch, rows: np.ndarray) -> Batch:
    """`batch` with the prompts of `rows` (bool [B]) replaced by `<s>` alone, the prompt of the unconditional branch."""
    keep = torch.from_numpy(~rows)
    ids = torch.where(keep[:, None], batch.ids, PAD)
    ids[:, 0] = BOS
    return replace(
        batch,
        ids=ids,
        slots=batch.slots & keep[:, None],
        references=batch.references * keep[:, None, None, None, None],
        num_images=batch.num_images * keep,
    )


class SceneBatches:
    """step -> this process's share of that step's batch, as a function of the seed, the step and the dataset alone.

    GROUP batches at a time are drawn together and cut by prompt length, so that short prompts are not padded to long ones.
    """

    GROUP = 4

    def __init__(self, dataset: SceneDataset, batch_size: int, seed: int, drop: float = 0.0):
        self.dataset, self.batch_size, self.seed, self.drop = dataset, batch_size, seed, drop
        self.epoch: tuple[int, tuple[np.ndarray, np.ndarray]] = (-1, (np.empty(0), np.empty(0)))

    def prompt_length(self, scene: int, wording: int) -> tuple[int, int]:
        """Pictures, then characters: enough to sort by."""
        wordings = self.dataset.captions[self.dataset.usable[scene]]
        caption = wordings[wording % len(wordings)]
        return caption.count(IMAGE_MARK), len(caption)

    def rows(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Scene numbers and wordings of the whole batch."""
        epoch, at = divmod(step, len(self.dataset) // self.batch_size)
        if self.epoch[0] != epoch:
            self.epoch = (epoch, epoch_order(len(self.dataset), self.batch_size, self.seed, epoch))
        group = slice(at - at % self.GROUP, at - at % self.GROUP + self.GROUP)
        scenes, wordings = (part[group].reshape(-1) for part in self.epoch[1])
        lengths = [self.prompt_length(scene, wording) for scene, wording in zip(scenes, wordings, strict=True)]
        order = sorted(range(len(scenes)), key=lengths.__getitem__)
        count = len(scenes) // self.batch_size
        # which of the group's batches comes first is drawn too
        turn = np.random.default_rng((self.seed, epoch, at // self.GROUP)).permutation(count)[at % self.GROUP]
        mine = order[turn * self.batch_size : (turn + 1) * self.batch_size]
        # shuffled again, so that processes get prompts alike
        mine = np.random.default_rng((self.seed, step)).permutation(mine)
        return scenes[mine], wordings[mine]

    def __call__(self, step: int, rank: int, world: int) -> StageBatch:
        batch = self.dataset.batch(*self.rows(step))
        if self.drop:
            batch = without_condition(batch, np.random.default_rng((self.seed, step)).random(self.batch_size) < self.drop)
        length = int(batch.ids.ne(PAD).sum(1).max())
        return stage_batch(share_of(batch, rank, world), length)


def open_dataset(split: str, num_shards: int | None = None) -> SceneDataset:
    """The scenes that data/encode.py drew, with reference pixels."""
    tokenizer = Tokenizer(HERE / "tokenizer")
    mean, std = load_latent_statistics(CACHE / "decoder")
    return SceneDataset(tokenizer, mean, std, split=split, num_shards=num_shards, pixels=True)
