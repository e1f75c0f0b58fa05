"""Trains the probes that answer what a picture shows: `weights/evaluation_probes.safetensors`.

    python -m evaluation.train_probes           # about twelve minutes of one core

On true scenes of subjects of the training split; no answer is preferred for being common. Held-out subjects are never shown.
"""

import argparse
import time
from random import Random

import numpy as np
import torch
import torch.nn.functional as F

from data.accessories import OF_A_COLOUR, PLACE_OF
from data.scenes import Accessory, Scene, render
from data.styles import STYLES, TONES

from .cases import ANSWERS, truth
from .networks import WEIGHTS, Probes, look, roughen, save
from .subjects import Sprites, load_art, subject_of
from .train_embedding import surroundings, training_rows

KINDS = {"one": 54, "twins": 7, "triplets": 7, "four": 7, "group": 7, "on": 13, "front": 13}


def sample_scene(rng: Random, rows: list[dict], pool: list[int], creatures: list[int]) -> Scene:
    kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
    change = rng.random() if kind == "one" else 1.0
    worn, more = None, {}
    chosen = rng.sample(pool, 2 if kind in ("group", "on", "front") else 1)
    if change < 0.3:
        more["colour"] = rng.choice(TONES)
    elif change < 0.48:
        more["size"] = rng.choice(("tiny", "big"))
    elif change < 0.88:
        chosen = [rng.choice(creatures)]
        # line art may be hollow where eyes and neck are looked for
        face = rows[chosen[0]]["face"] and rows[chosen[0]]["family"] != "streamline-emojis"
        worn = rng.choice([name for name, where in PLACE_OF.items() if where == "head" or face])
        colour = rng.choice(TONES) if worn in OF_A_COLOUR and rng.random() < 0.4 else None
        more["accessory"] = Accessory(worn, PLACE_OF[worn], colour)
    if rng.random() < 0.3:
        more["style"] = rng.choice(STYLES)
    hue = rng.randrange(30, 331) if rng.random() < 0.2 else 0
    subjects = tuple(subject_of(rows, index, hue, rng.random() < 0.5) for index in chosen)
    return Scene(kind, subjects=subjects, **more, **surroundings(rng, 0.85))


def labels(scene: Scene) -> list[int]:
    """The number of the right answer to each question of ANSWERS, -1 where the scene settles none."""
    settled = truth(scene)
    return [known.index(settled[question]) if question in settled else -1 for question, known in ANSWERS.items()]


def error(logits: dict[str, torch.Tensor], targets: torch.Tensor) -> torch.Tensor:
    """Sum over the questions of the mean cross-entropy where there is an answer. `targets` int64 [N, questions]."""
    losses = [F.cross_entropy(rows, targets[:, at], ignore_index=-1) for at, rows in enumerate(logits.values())]
    return torch.stack(losses).nan_to_num().sum()


@torch.no_grad()
def forget_shares(network: Probes, answers: list[list[int]]) -> None:
    """Takes out of the heads' biases how often each answer was right in training, so that a probe in doubt does not say the commonest, `none`."""
    drawn = torch.tensor(answers)
    for at, head in enumerate(network.heads.values()):
        count = torch.bincount(drawn[:, at][drawn[:, at] >= 0], minlength=len(head.bias)) + 1
        head.bias -= (count / count.sum()).log()


def train(steps: int, seed: int, sprites: Sprites, rows: list[dict], batch: int = 48, fresh: int = 20) -> Probes:
    """`fresh` scenes of a batch are new, the others come again with other faults: drawing them takes longer than learning from them."""
    torch.manual_seed(seed)
    generator, rng = torch.Generator().manual_seed(seed), Random(seed)
    pool = training_rows(rows)
    creatures = [index for index in pool if rows[index]["creature"]]
    network = Probes(ANSWERS).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.1)
    start, right = time.time(), np.zeros(len(ANSWERS))
    seen: list[tuple[np.ndarray, list[int]]] = []
    for step in range(steps):
        scenes = [sample_scene(rng, rows, pool, creatures) for _ in range(fresh)]
        shown = [(render(scene, sprites), labels(scene)) for scene in scenes]
        seen = (seen + shown)[-8000:]
        shown += rng.sample(seen, min(batch - fresh, len(seen)))
        pictures = roughen(look(np.stack([picture for picture, _ in shown]), Probes.side), generator, bend=0.6)
        targets = torch.tensor([answers for _, answers in shown])
        logits = network(pictures.contiguous(memory_format=torch.channels_last))
        loss = error(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        for at, answers in enumerate(logits.values()):
            asked = targets[:fresh, at] >= 0
            right[at] = 0.95 * right[at] + 0.05 * answers[:fresh].argmax(1).eq(targets[:fresh, at])[asked].float().mean().nan_to_num().item()
        if step % 100 == 99:
            shares = ", ".join(f"{question} {share:.2f}" for question, share in zip(ANSWERS, right, strict=True))
            print(f"step {step + 1} of {steps}, {time.time() - start:.0f} s: loss {loss.item():.2f}, right: {shares}", flush=True)
    forget_shares(network, [answers for _, answers in seen])
    return network.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    network = train(arguments.steps, arguments.seed, *load_art())
    save(network, WEIGHTS / "evaluation_probes.safetensors", {"seed": arguments.seed, "steps": arguments.steps})


if __name__ == "__main__":
    main()
