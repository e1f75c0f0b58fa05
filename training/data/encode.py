"""Draws pairs and encodes them with TAEF2, shard by shard, to `cache/shards/`.

A shard is some hundred subjects (each with one hue, direction and reference picture) and 1,200 pairs of prompt and picture. What it shows
is a function of its split, its number and the configuration alone, so shards can be made in any order, by any number of processes, before
or during training.

    OMP_NUM_THREADS=1 python -m data.encode train 0 12              # shards 0..11 of training subjects
    OMP_NUM_THREADS=1 python -m data.encode train 1 12 2            # every second of them, beside another process
    OMP_NUM_THREADS=1 python -m data.encode held_out 0 1            # subjects that training never sees
    python -m data.encode train 0 100 --processes 14                # drawn by 14 processes, encoded on a GPU if there is one
    python -m data.encode train 0 12 --size 128 --folder cache/shards-128
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from kosmosg import autoencoder_tiny as taef2

from . import entities
from .catalogue import CACHE
from .pairs import GENERATOR_VERSION, MAX_REFERENCES, GeneratorConfig, Shard, compose
from .scenes import Scene, render

SHARDS = CACHE / "shards"
WEIGHTS = Path(__file__).parent.parent / "weights"
MAX_SUBJECTS = MAX_REFERENCES
"""Pictures of a prompt."""
WORDINGS = GeneratorConfig().wordings
Draw = Callable[[list[Scene], int], list[np.ndarray]]


def load_config(path: Path | None) -> GeneratorConfig:
    """`configs/data-attributes.json` and the like: fields of GeneratorConfig; those left out keep their defaults."""
    return GeneratorConfig(**json.loads(path.read_text())) if path else GeneratorConfig()


@torch.inference_mode()
def encode(encoder: torch.nn.Module, pictures: list[np.ndarray], batch: int = 16) -> torch.Tensor:
    """uint8 [S, S, 3] each, to latents fp16 [N, 32, S / 8, S / 8] on the CPU."""
    device = next(encoder.parameters()).device
    latents = []
    for start in range(0, len(pictures), batch):
        x = torch.from_numpy(np.stack(pictures[start : start + batch])).to(device).permute(0, 3, 1, 2).float() / 255
        latents.append(encoder(x.contiguous(memory_format=torch.channels_last)).half().cpu())
    return torch.cat(latents).contiguous()


def referring(shard: Shard) -> torch.Tensor:
    """Rows of the shard's reference pictures that each prompt shows, int16 [pairs, 3], -1 where there is none."""
    position = {scene: row for row, scene in enumerate(shard.references())}
    rows = torch.full((len(shard.pairs), MAX_REFERENCES), -1, dtype=torch.int16)
    for at, pair in enumerate(shard.pairs):
        for column, scene in enumerate(pair.references):
            rows[at, column] = position[scene]
    return rows


def shown(scene: Scene) -> list[int]:
    """Entities in a picture."""
    worn = [scene.accessory.subject.entity] if scene.accessory and scene.accessory.subject else []
    return [subject.entity for subject in scene.subjects] + worn


def generator_of(rows: list[dict], config: GeneratorConfig) -> dict:
    """What shards must have in common to be used together."""
    return {"version": GENERATOR_VERSION, "catalogue": entities.catalogue_digest(rows), **asdict(config)}


def write_shard(
    split: str, number: int, rows: list[dict], encoder: torch.nn.Module, draw: Draw, config: GeneratorConfig, folder: Path = SHARDS
) -> Path:
    path = folder / f"{split}-{number:04d}.safetensors"
    if path.exists():
        return path
    shard = compose(split, number, rows, config)
    references = shard.references()
    pictures = draw(references, config.size)
    tensors = {
        "reference_pixels": torch.from_numpy(np.stack(pictures)),
        "reference_latents": encode(encoder, pictures),
        "target_latents": encode(encoder, draw([pair.target for pair in shard.pairs], config.size)),
        "subjects": referring(shard),
    }
    metadata = {
        "captions": shard.captions,
        "descriptions": shard.descriptions,
        "kinds": [f"{pair.source}/{pair.kind}" for pair in shard.pairs],
        "entities": [shown(scene) for scene in references],
        "generator": generator_of(rows, config),
    }
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, {key: json.dumps(value) for key, value in metadata.items()})
    partial.rename(path)
    return path


_sprites: np.ndarray | None = None


def _open_sprites() -> None:
    global _sprites
    _sprites = entities.load()[0]


def _render(job: tuple[Scene, int]) -> np.ndarray:
    return render(job[0], _sprites, job[1])


def drawing(processes: int) -> Draw:
    """Draws scenes with so many processes; the pictures do not depend on how many."""
    if processes <= 1:
        sprites, _ = entities.load()
        return lambda scenes, size: [render(scene, sprites, size) for scene in scenes]
    pool = get_context("spawn").Pool(processes, _open_sprites)

    def draw(scenes: Iterable[Scene], size: int) -> list[np.ndarray]:
        return pool.map(_render, [(scene, size) for scene in scenes], chunksize=16)

    return draw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("split", choices=("train", "held_out"))
    parser.add_argument("first", type=int)
    parser.add_argument("end", type=int)
    parser.add_argument("stride", type=int, nargs="?", default=1)
    parser.add_argument("--config", type=Path, help="JSON with fields of GeneratorConfig")
    parser.add_argument("--size", type=int, help="pixels a side, instead of the configuration's")
    parser.add_argument("--folder", type=Path, default=SHARDS)
    parser.add_argument("--processes", type=int, default=1, help="that draw")
    options = parser.parse_args()
    config = load_config(options.config)
    config = replace(config, size=options.size or config.size)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu":
        torch.set_num_threads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    _, rows = entities.load()
    encoder = taef2.load(taef2.encoder(), WEIGHTS / "taef2_encoder.pth").to(device, memory_format=torch.channels_last)
    draw = drawing(options.processes)
    for number in range(options.first, options.end, options.stride):
        start = time.time()
        print(write_shard(options.split, number, rows, encoder, draw, config, options.folder), f"{time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
