"""Stage 2: AlignerNet's M towards the native conditioner, with N's reconstruction, as the paper aligns to CLIP's text encoder.

    accelerate launch --cpu --num_processes 1 train_align.py --config configs/mini.json --mllm cache/mllm/last.pt --decoder cache/decoder

Loss = mse + rec (paper, equations 5 and 6). Departures: the paper aligns on text alone with a frozen MLLM, since CLIP has no
pictures; here the teacher reads pictures too, so interleaved prompts are aligned as well and the MLLM trains along. N sees a share
of the samples; stage 1's helper loss on the image tokens stays at a small weight.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from data.catalogue import CACHE
from data.dataset import SceneDataset, shard_files
from kosmosg.checkpoint import load_conditioner
from kosmosg.losses import align_losses
from kosmosg.mllm import PAD, KosmosG, init_positional_structure
from loop import LoopConfig, train
from stages import SceneBatches, StageBatch, averaged_weights, build_model, load_config, open_dataset
from train_mllm import ScenePictures, latents_loss


@dataclass
class AlignConfig(LoopConfig):
    reconstruction_weight: float = 1.0
    reconstruction_share: float = 1.0
    """Share of the samples, the first of each batch, that N reconstructs."""
    latents_weight: float = 0.0
    null_probability: float = 0.03
    """Prompts replaced by `<s>` alone, so that the unconditional branch is aligned too."""
    prompt_every: int = 1
    """Of so many steps one aligns; the others show pictures alone, for stage 1's helper, which is much cheaper."""


class AlignBatches(SceneBatches):
    """Prompts with their pictures, and between them steps of pictures alone."""

    def __init__(self, dataset: SceneDataset, config: AlignConfig):
        super().__init__(dataset, config.batch_size, config.seed, config.null_probability)
        self.config, self.pictures = config, ScenePictures(dataset)

    def __call__(self, step: int, rank: int, world: int) -> StageBatch:
        if step % self.config.prompt_every == 0:
            return super().__call__(step, rank, world)
        scenes, wordings = self.rows(step)
        share = self.batch_size // world
        mine = slice(rank * share, (rank + 1) * share)
        draws = np.random.default_rng((self.seed, step, 1)).random(self.batch_size)
        return self.pictures.alone(self.dataset.batch(scenes[mine], wordings[mine]), scenes[mine], draws[mine])


def teacher_states(conditioner: nn.Module, batch: StageBatch) -> Tensor:
    """The native conditioner's states [B, num_queries, D]; prompts are padded to its fixed length. No gradient."""
    missing = conditioner.config.num_queries - batch.ids.shape[1]
    with torch.no_grad():
        return conditioner(F.pad(batch.ids, (0, missing), value=PAD), F.pad(batch.slots, (0, missing)), batch.references)


class AlignStage(nn.Module):
    """`model` (built with N), the frozen `conditioner`, and stage 1's helper `head`."""

    def __init__(self, model: KosmosG, conditioner: nn.Module, config: AlignConfig, patch_channels: int):
        super().__init__()
        self.model, self.config = model, config
        self.conditioner = conditioner.requires_grad_(False)
        self.head = nn.Linear(model.img_connector.latent_query.shape[1], patch_channels)

    def forward(self, batch: StageBatch) -> dict[str, Tensor]:
        model, config, count = self.model, self.config, batch.ids.shape[0]
        features = model.image_features(batch.pixel_values) if len(batch.pixels) else None
        latents = self.head.weight.new_zeros(())
        if features is not None:
            latents = latents_loss(self.head, features, batch) / count
        if not batch.ids.shape[1]:
            return {"loss": config.latents_weight * latents, "latents": latents}
        hidden = model.gpt_model.decoder(batch.ids, features, batch.slots if features is not None else None)
        condition = model.aligner(hidden, batch.ids.eq(PAD))
        rebuilt = max(1, round(count * config.reconstruction_share))
        # the hidden states train along here: detached, so that they are not drawn to what is easy to rebuild
        mse, rec = align_losses(
            condition.float(),
            teacher_states(self.conditioner, batch),
            model.aligner.reconstruct(condition[:rebuilt], hidden.shape[1]).float(),
            hidden[:rebuilt].detach().float(),
            scale=condition.shape[1],
        )
        loss = mse + config.reconstruction_weight * rec + config.latents_weight * latents
        return {"loss": loss, "mse": mse, "rec": rec, "latents": latents}


@torch.no_grad()
def relative_errors(model: KosmosG, conditioner: nn.Module, batches: list[StageBatch]) -> dict[str, float]:
    """Squared error of the condition over the teacher's variance: on image slots, on words, and the mean square on pad rows."""
    sums = {name: torch.zeros(3, dtype=torch.float64) for name in ("image", "text", "pad")}
    for batch in batches:
        teacher = teacher_states(conditioner, batch).double()
        condition = model(batch.ids, batch.slots, batch.pixel_values if len(batch.pixels) else None).double()
        missing = teacher.shape[1] - batch.ids.shape[1]
        slots, pads = F.pad(batch.slots, (0, missing)), F.pad(batch.ids.eq(PAD), (0, missing), value=True)
        for name, rows in (("image", slots), ("text", ~slots & ~pads), ("pad", pads)):
            wanted = teacher[rows]
            error = (condition[rows] - wanted).square()
            spread = (wanted - wanted.mean(0)).square() if name != "pad" else torch.ones_like(wanted)
            sums[name] += torch.stack([error.sum(), spread.sum(), torch.tensor(float(len(wanted)), dtype=torch.float64)])
    return {name: (s[0] / s[1]).item() for name, s in sums.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=Path("configs/mini.json"))
    parser.add_argument("--mllm", type=Path, default=CACHE / "mllm/last.pt")
    parser.add_argument("--decoder", type=Path, default=CACHE / "decoder", help="folder of the native conditioner")
    parser.add_argument("--folder", type=Path, default=CACHE / "align")
    parser.add_argument("--samples", type=int, help="instead of the config's; a longer or shorter run of the same schedule")
    parser.add_argument("--minutes", type=float, help="stop, and save, after this time")
    parser.add_argument("--shards", type=int, help="use the first shards only")
    parser.add_argument("--cpu", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    values = load_config(arguments.config)
    config = AlignConfig(**values["align"])
    config.samples = arguments.samples or config.samples
    torch.manual_seed(config.seed)
    model = build_model(values, reconstruct=True)
    model.init_weights()
    # stage 1 saved M as it started, with its positional structure; N starts here
    init_positional_structure(model, config.seed)
    model.load_state_dict(averaged_weights(arguments.mllm), strict=False)
    conditioner = load_conditioner(arguments.decoder)
    dataset = open_dataset("train", arguments.shards)
    stage = AlignStage(model, conditioner, config, dataset.targets.shape[1] * 4)
    stage.head.load_state_dict(averaged_weights(arguments.mllm, "head."))
    checks = []
    if shard_files("held_out"):
        unseen = SceneBatches(open_dataset("held_out", 1), 32, 1)
        checks = [unseen(step, 0, 1) for step in range(4)]
    validate = (lambda module: relative_errors(module.model, conditioner, checks)) if checks else None
    train(stage, AlignBatches(dataset, config), config, arguments.folder, arguments.minutes, validate, arguments.cpu)


if __name__ == "__main__":
    main()
