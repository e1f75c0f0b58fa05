"""Stage 1: the MLLM on text and interleaved documents, with a helper loss that carries shape into the image tokens.

    accelerate launch --cpu --num_processes 2 train_mllm.py --config configs/mini.json --folder cache/mllm

Documents: prompts with their reference pictures; scenes with their captions behind them; text alone. The helper (not in the
paper) asks each image's resampler output, through one Linear that is thrown away, for the picture's folded autoencoder latents.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from data.catalogue import CACHE
from data.dataset import Batch, SceneDataset, shard_files
from data.entities import catalogue_digest
from data.entities import load as load_entities
from data.pairs import GeneratorConfig, compose
from data.scenes import Pair, render
from kosmosg.losses import language_model_loss
from kosmosg.mllm import KosmosG, diagonal_attention, init_positional_structure
from kosmosg.text import PAD, Prompt, pad
from loop import LoopConfig, train
from stages import SceneBatches, StageBatch, build_model, load_config, open_dataset


@dataclass
class MllmConfig(LoopConfig):
    reconstruction_weight: float = 1.0
    picture_share: float = 0.45
    """Share of documents that are a scene's picture with its caption behind it."""
    text_share: float = 0.1
    document_every: int = 1
    """Of so many steps one shows documents; the others show pictures alone, for the helper, which is much cheaper."""


class MllmStage(nn.Module):
    """`model` without its aligner, and the helper's `head`, [.., embed_dim] -> [.., latent channels of a folded patch]."""

    def __init__(self, model: KosmosG, config: MllmConfig, patch_channels: int):
        super().__init__()
        model.aligner.requires_grad_(False)
        self.model, self.config = model, config
        self.head = nn.Linear(model.img_connector.latent_query.shape[1], patch_channels)

    def forward(self, batch: StageBatch) -> dict[str, Tensor]:
        decoder, count = self.model.gpt_model.decoder, batch.ids.shape[0]
        features = self.model.image_features(batch.pixel_values) if len(batch.pixels) else None
        latents = self.head.weight.new_zeros(())
        if features is not None:
            latents = latents_loss(self.head, features, batch) / count
        if not batch.ids.shape[1]:
            return {"loss": self.config.reconstruction_weight * latents, "latents": latents}
        hidden = decoder(batch.ids, features, batch.slots if features is not None else None)
        lm = language_model_loss(decoder.logits(hidden), batch.ids, batch.slots).mean()
        return {"loss": lm + self.config.reconstruction_weight * latents, "latents": latents, "lm": lm}


def latents_loss(head: nn.Module, features: Tensor, batch: StageBatch) -> Tensor:
    """Squared error of `head`'s guess of each picture's latents, meaned per picture and summed over pictures."""
    wanted = batch.image_latents.flatten(2).transpose(1, 2)
    return (head(features).float() - wanted).square().mean((1, 2)).sum()


class ScenePictures:
    """The scenes of a dataset as pixels: drawn again, as data/encode.py drew them for their latents."""

    def __init__(self, dataset: SceneDataset):
        self.dataset = dataset
        self.entities: np.ndarray | None = None
        self.rows: list[dict] = []
        self.pairs: dict[Path, list[Pair]] = {}
        self.drawn: dict[int, np.ndarray] = {}

    def picture(self, scene: int) -> np.ndarray:
        """uint8 [S, S, 3]."""
        if scene in self.drawn:
            return self.drawn[scene]
        if self.entities is None:
            self.entities, self.rows = load_entities()
            if catalogue_digest(self.rows) != self.dataset.generator["catalogue"]:
                raise ValueError("The shards were drawn from other subjects than cache/entities.json lists")
        config = GeneratorConfig(**{key: value for key, value in self.dataset.generator.items() if key not in ("version", "catalogue")})
        shard, at = divmod(int(self.dataset.usable[scene]), config.scenes)
        file = self.dataset.files[shard]
        if file not in self.pairs:
            split, number = file.stem.rsplit("-", 1)
            self.pairs[file] = compose(split, int(number), self.rows, config).pairs
        self.drawn[scene] = render(self.pairs[file][at].target, self.entities, config.size)
        return self.drawn[scene]

    def alone(self, batch: Batch, scenes: np.ndarray, draws: np.ndarray) -> StageBatch:
        """One picture a row, where `draws` < 0.5 the scene's, else the prompt's first; and no tokens."""
        own = torch.from_numpy(draws < 0.5) | (batch.num_images == 0)
        drawn = {row: torch.tensor(self.picture(scenes[row])) for row in own.nonzero()[:, 0].tolist()}
        pixels = [drawn[row] if row in drawn else batch.reference_pixels[row, 0] for row in range(len(scenes))]
        return StageBatch(
            ids=batch.ids[:, :0],
            slots=batch.slots[:, :0],
            pixels=torch.stack(pixels),
            image_latents=torch.where(own[:, None, None, None], batch.targets, batch.references[:, 0]),
            references=batch.references,
            targets=batch.targets,
        )


class Documents:
    """Turns the prompts of SceneBatches into documents: some stay, some become picture + caption, some text alone."""

    def __init__(self, batches: SceneBatches, config: MllmConfig):
        self.batches, self.config, self.pictures = batches, config, ScenePictures(batches.dataset)

    def __call__(self, step: int, rank: int, world: int) -> StageBatch:
        batches, config = self.batches, self.config
        dataset, share = batches.dataset, batches.batch_size // world
        scenes, wordings = batches.rows(step)
        draws = np.random.default_rng((batches.seed, step, 1)).random(batches.batch_size)
        mine = slice(rank * share, (rank + 1) * share)
        batch = dataset.batch(scenes[mine], wordings[mine])
        if step % config.document_every:
            return self.pictures.alone(batch, scenes[mine], draws[mine])
        prompts, pixels, latents = [], [], []
        for row, (scene, draw) in enumerate(zip(scenes[mine], draws[mine], strict=True)):
            count = int(batch.num_images[row])
            words = dataset.descriptions[dataset.usable[scene]]
            if draw < config.picture_share:
                prompts.append(dataset.tokenizer.encode(["", " " + words]))
                pixels.append(torch.tensor(self.pictures.picture(scene))[None])
                latents.append(batch.targets[row][None])
            elif draw < config.picture_share + config.text_share or not count:
                prompts.append(dataset.tokenizer.encode([words]))
            else:
                length = int(batch.ids[row].ne(PAD).sum())
                prompts.append(Prompt(batch.ids[row, :length].numpy(), batch.slots[row, :length].numpy()))
                pixels.append(batch.reference_pixels[row, :count])
                latents.append(batch.references[row, :count])
        ids, slots = pad(prompts, max(len(prompt.ids) for prompt in prompts))
        size = batch.reference_pixels.shape[2:]
        return StageBatch(
            ids=torch.from_numpy(ids),
            slots=torch.from_numpy(slots),
            pixels=torch.cat(pixels) if pixels else torch.zeros(0, *size, dtype=torch.uint8),
            image_latents=torch.cat(latents) if latents else torch.zeros(0, *batch.targets.shape[1:]),
            references=batch.references,
            targets=batch.targets,
        )


def held_out(stage: MllmStage, batches: list[StageBatch]) -> dict[str, float]:
    """Relative squared error of the helper's latents and the language loss on subjects that training never sees."""
    error = total = lm = 0.0
    with torch.no_grad():
        for batch in batches:
            losses = stage(batch)
            error += losses["latents"].item() * len(batch.ids)
            total += (batch.image_latents - batch.image_latents.mean()).square().mean((1, 2, 3)).sum().item()
            lm += losses["lm"].item() / len(batches)
    return {"latents_relative_error": error / total, "lm": lm}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("configs/mini.json"))
    parser.add_argument("--folder", type=Path, default=CACHE / "mllm")
    parser.add_argument("--samples", type=int, help="instead of the config's; a longer or shorter run of the same schedule")
    parser.add_argument("--minutes", type=float, help="stop, and save, after this time")
    parser.add_argument("--shards", type=int, help="use the first shards only")
    parser.add_argument("--cpu", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    values = load_config(arguments.config)
    config = MllmConfig(**values["mllm"])
    config.samples = arguments.samples or config.samples
    torch.manual_seed(config.seed)
    model = build_model(values)
    model.init_weights()
    init_positional_structure(model, config.seed)
    dataset = open_dataset("train", arguments.shards)
    documents = Documents(SceneBatches(dataset, config.batch_size, config.seed), config)
    first = documents.batches(0, 0, 1)
    print("attention of learned queries on their own tokens at the start:", diagonal_attention(model, first.ids, first.slots, first.pixel_values))
    checks = []
    if shard_files("held_out"):
        unseen = Documents(SceneBatches(open_dataset("held_out", 1), 32, 1), config)
        checks = [unseen(step * config.document_every, 0, 1) for step in range(4)]
    stage = MllmStage(model, config, dataset.targets.shape[1] * 4)
    train(stage, documents, config, arguments.folder, arguments.minutes, (lambda module: held_out(module, checks)) if checks else None, arguments.cpu)


if __name__ == "__main__":
    main()
