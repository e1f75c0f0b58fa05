"""Draws scenes and encodes them with TAEF2, shard by shard, to `cache/shards/`.

A shard is a handful of subjects (each with one hue, direction and reference picture) and three scenes a subject. It is a function
of its split and number alone, so shards can be made in any order, by any number of processes, before or during training.

    OMP_NUM_THREADS=1 python -m data.encode train 0 12      # shards 0..11 of training subjects
    OMP_NUM_THREADS=1 python -m data.encode train 1 12 2    # every second of them, beside another process
    OMP_NUM_THREADS=1 python -m data.encode held_out 0 1    # subjects that training never sees
"""

import json
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
import torch
from safetensors.torch import save_file

from kosmosg import autoencoder_tiny as taef2

from .entities import CACHE
from .scenes import Scene, Subject, caption, render, render_reference, sample_scene, sample_subject

SHARDS = CACHE / "shards"
WEIGHTS = Path(__file__).parent.parent / "weights"
SUBJECTS, SCENES, WORDINGS, MAX_SUBJECTS = 400, 1200, 4, 3


def compose(split: str, number: int, rows: list[dict]) -> tuple[list[Subject], list[Scene], list[list[str]]]:
    """What shard `number` of `split` (train or held_out) shows: subjects, scenes, and WORDINGS captions a scene."""
    rng = Random(f"{split} {number}")
    pool = [index for index, row in enumerate(rows) if row["held_out"] == (split == "held_out")]
    subjects = [sample_subject(rng, index, rows[index]["name"]) for index in rng.sample(pool, min(SUBJECTS, len(pool)))]
    scenes = [sample_scene(rng, subjects) for _ in range(SCENES)]
    return subjects, scenes, [[caption(rng, scene) for _ in range(WORDINGS)] for scene in scenes]


@torch.inference_mode()
def encode(encoder: torch.nn.Module, pictures: list[np.ndarray], batch: int = 16) -> torch.Tensor:
    """uint8 [96, 96, 3] each, to latents fp16 [N, 32, 12, 12]."""
    latents = []
    for start in range(0, len(pictures), batch):
        x = torch.from_numpy(np.stack(pictures[start : start + batch])).permute(0, 3, 1, 2).float() / 255
        latents.append(encoder(x.contiguous(memory_format=torch.channels_last)).half())
    return torch.cat(latents).contiguous()


def write_shard(split: str, number: int, entities: np.ndarray, rows: list[dict], encoder: torch.nn.Module) -> Path:
    path = SHARDS / f"{split}-{number:04d}.safetensors"
    if path.exists():
        return path
    subjects, scenes, captions = compose(split, number, rows)
    references = [render_reference(subject, entities) for subject in subjects]
    position = {subject: index for index, subject in enumerate(subjects)}
    chosen = torch.full((len(scenes), MAX_SUBJECTS), -1, dtype=torch.int16)
    for row, scene in enumerate(scenes):
        for column, subject in enumerate(scene.subjects if scene.pictured else ()):
            chosen[row, column] = position[subject]
    tensors = {
        "reference_pixels": torch.from_numpy(np.stack(references)),
        "reference_latents": encode(encoder, references),
        "target_latents": encode(encoder, [render(scene, entities) for scene in scenes]),
        "subjects": chosen,
    }
    partial = path.with_suffix(".partial")
    save_file(tensors, partial, {"captions": json.dumps(captions), "entities": json.dumps([subject.entity for subject in subjects])})
    partial.rename(path)
    return path


def main() -> None:
    split, first, end, stride = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 1
    torch.set_num_threads(1)
    SHARDS.mkdir(parents=True, exist_ok=True)
    entities = np.load(CACHE / "entities.npy", mmap_mode="r")
    rows = json.loads((CACHE / "entities.json").read_text())
    encoder = taef2.load(taef2.encoder(), WEIGHTS / "taef2_encoder.pth").to(memory_format=torch.channels_last)
    for number in range(first, end, stride):
        start = time.time()
        print(write_shard(split, number, entities, rows, encoder), f"{time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
