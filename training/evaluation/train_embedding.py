"""Trains the embedding that tells subjects apart: `weights/evaluation_embedding.safetensors`.

    python -m evaluation.train_embedding        # about ten minutes of one core

A pair is one subject of the training split: its place in a true scene (any background, hour, weather; alone or one of two), and its
reference on white. Among the pairs of a batch each must find its own. Three quarters of a batch are near neighbours of three subjects, by pixels: look-alikes.
Held-out subjects are never shown, so that for them the embedding is as new as the mini is.
"""

import argparse
import time
from random import Random

import numpy as np
import torch
import torch.nn.functional as F

from data.scenery import COLOURS, OPEN_AIR, PLACES, VARIANTS, WEATHER, weather_of
from data.scenes import Scene, Subject, render, render_reference

from .cases import BOXES, HOURS
from .networks import WEIGHTS, Embedding, look, roughen, save
from .subjects import ALIKE, Sprites, load_art, subject_of, thumbnails

ANCHORS, NEIGHBOURS, OTHERS = 3, 12, 12
TEMPERATURE = 0.08


def training_rows(rows: list[dict]) -> list[int]:
    """Numbers of the subjects that may be shown."""
    return [index for index, row in enumerate(rows) if not row["held_out"]]


def neighbours(sprites: Sprites, pool: list[int], count: int = 40) -> np.ndarray:
    """For each row of `pool` the positions in `pool` of its `count` nearest by thumbnails, int64 [N, count]; not those that look the same."""
    x = thumbnails(sprites, pool)
    nearest = np.empty((len(pool), count), np.int64)
    norms = (x**2).sum(1)
    for start in range(0, len(pool), 256):
        part = slice(start, start + 256)
        distances = (norms[part, None] + norms[None] - 2 * x[part] @ x.T) / x.shape[1]
        distances[distances < ALIKE] = np.inf
        nearest[part] = np.argsort(distances, 1)[:, :count]
    return nearest


def surroundings(rng: Random, places: float = 0.75) -> dict:
    """background, time, weather, variant and jitters of a scene; `places`: share that is somewhere, the others stand on a plain colour."""
    background = rng.choice(list(PLACES)) if rng.random() < places else rng.choice(list(COLOURS))
    time, weather = "day", None
    if background in OPEN_AIR:
        weather = rng.choice(WEATHER) if background not in ("rain", "fog") and rng.random() < 0.25 else None
        time = rng.choice(HOURS[:2] if weather_of(background, weather) in ("rain", "fog") else HOURS)
    jitters = tuple(rng.uniform(-1, 1) for _ in range(4))
    return {"background": background, "time": time, "weather": weather, "variant": rng.randrange(VARIANTS), "jitters": jitters}


def pair(rng: Random, subject: Subject, other: Subject, sprites: Sprites) -> tuple[torch.Tensor, torch.Tensor]:
    """The subject as it stands in a scene, and its reference: fp32 [1, 3, 64, 64] each."""
    kind = rng.choices(("one", "twins", "group"), (60, 15, 25))[0]
    side = rng.randrange(2)
    subjects = (subject,) if kind != "group" else (subject, other) if side == 0 else (other, subject)
    scene = Scene(kind, subjects=subjects, **surroundings(rng))
    box = BOXES["one"] if kind == "one" else BOXES["left" if side == 0 else "right"]
    return look(render(scene, sprites)[None], Embedding.side, box), look(render_reference(subject, sprites)[None], Embedding.side)


def make_batch(rng: Random, pool: list[int], near: np.ndarray, rows: list[dict], sprites: Sprites) -> tuple[torch.Tensor, torch.Tensor]:
    """ANCHORS * (1 + NEIGHBOURS) + OTHERS pairs of different subjects. A group of neighbours has one hue and one direction."""
    drawn: dict[int, Subject] = {}
    for anchor in rng.sample(range(len(pool)), ANCHORS + OTHERS):
        hue, mirrored = rng.randrange(30, 331) if rng.random() < 0.3 else 0, rng.random() < 0.5
        group = [anchor, *rng.sample(list(near[anchor]), NEIGHBOURS)] if len(drawn) < ANCHORS * (1 + NEIGHBOURS) - NEIGHBOURS else [anchor]
        for position in group:
            drawn.setdefault(int(position), subject_of(rows, pool[position], hue, mirrored))
    subjects = list(drawn.values())
    pairs = [pair(rng, subject, subjects[(at + 1) % len(subjects)], sprites) for at, subject in enumerate(subjects)]
    return torch.cat([scene for scene, _ in pairs]), torch.cat([reference for _, reference in pairs])


def contrast(scenes: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of finding each row's own reference, and each reference's own scene. Unit vectors [N, D]."""
    likeness = scenes @ references.T / TEMPERATURE
    own = torch.arange(len(likeness))
    return (F.cross_entropy(likeness, own) + F.cross_entropy(likeness.T, own)) / 2


def train(steps: int, seed: int, sprites: Sprites, rows: list[dict]) -> Embedding:
    torch.manual_seed(seed)
    generator, rng = torch.Generator().manual_seed(seed), Random(seed)
    pool = training_rows(rows)
    near = neighbours(sprites, pool)
    network = Embedding().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps, pct_start=0.1)
    start, right = time.time(), 0.0
    for step in range(steps):
        scenes, references = make_batch(rng, pool, near, rows, sprites)
        x = roughen(torch.cat([scenes, references]), generator).contiguous(memory_format=torch.channels_last)
        queries, keys = network(x).chunk(2)
        loss = contrast(queries, keys)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        right = 0.95 * right + 0.05 * (queries @ keys.T).argmax(1).eq(torch.arange(len(keys))).float().mean().item()
        if step % 50 == 49:
            print(f"step {step + 1} of {steps}, {time.time() - start:.0f} s: loss {loss.item():.3f}, own reference found {right:.2f}", flush=True)
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = train(arguments.steps, arguments.seed, *load_art())
    save(network, WEIGHTS / "evaluation_embedding.safetensors", {"seed": arguments.seed, "steps": arguments.steps})


if __name__ == "__main__":
    main()
