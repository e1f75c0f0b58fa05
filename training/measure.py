"""Figures and contact sheet of the model card, from the shipped bundle alone (and the drawn art).

    python measure.py --out figures/mini.json --sheet figures/mini-contact-sheet.png

- retrieval: 50 subjects, each drawn once from "<i> on the beach"; the nearest of the 50 true scenes by plain pixel distance at 24 x 24 px.
- against the teacher (needs cache/decoder): relative error of the condition on held-out prompts, and the diffusion loss under the
  native conditioner, under the MLLM and AlignerNet, and without pictures' help (unconditional), at the same noise.
"""

import argparse
import json
from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image, ImageDraw

from data.entities import CACHE as ENTITIES
from data.scenes import Scene, Subject, render, render_reference
from kosmosg.checkpoint import load_conditioner
from kosmosg.losses import add_noise, diffusion_target, instruct_loss
from kosmosg.pipeline import KosmosGPipeline
from kosmosg.schedule import ALPHAS_CUMPROD
from sample import MINI
from stages import CACHE, SceneBatches, open_dataset
from train_align import relative_errors, teacher_states
from train_instruct import with_draws

PROMPTS = (
    "<i>", "<i> on the beach", "<i> in the snow at night", "<i> in space", "<i>, red on the grass", "tiny <i> in the forest",
    "<i> on a blue background", "two <i> in the city", "<i> next to <i> in a room", "<i> as a pencil sketch",
)  # fmt: skip


def generate(pipeline: KosmosGPipeline, prompts: list[tuple[str, list[Image.Image]]], seed: int, guidance: float | None = None) -> np.ndarray:
    """uint8 [N, 96, 96, 3], by the bundle's defaults; the noise of the n-th picture is the n-th row of `seed`'s."""
    pairs = [pipeline.encode(*prompt) for prompt in prompts]
    defaults = pipeline.bundle["defaults"]
    scale = defaults["guidance_scale"] if guidance is None else guidance
    trajectory = pipeline.sample(
        torch.cat([pair[0] for pair in pairs]), torch.cat([pair[1] for pair in pairs]), pipeline.noise(seed, len(prompts)),
        defaults["scheduler"], defaults["steps"], scale,
    )  # fmt: skip
    return (pipeline.decode(trajectory.latents[-1]) * 255).round().byte().permute(0, 2, 3, 1).numpy()


def draw_subjects(held_out: bool, count: int, seed: int, families: tuple[str, ...] | None = None) -> tuple[list[Subject], np.ndarray]:
    """`count` subjects of different names, unchanged in hue, on white; and the sprites of all subjects."""
    entities = np.load(ENTITIES / "entities.npy", mmap_mode="r")
    rows = json.loads((ENTITIES / "entities.json").read_text())
    pool = [i for i, row in enumerate(rows) if row["held_out"] == held_out and (families is None or row["family"] in families)]
    Random(seed).shuffle(pool)
    chosen: dict[str, Subject] = {}
    for index in pool:
        chosen.setdefault(rows[index]["name"], Subject(index, rows[index]["name"]))
        if len(chosen) == count:
            break
    return list(chosen.values()), entities


def small(pictures: np.ndarray) -> np.ndarray:
    """[N, 96, 96, 3] -> float [N, 24 * 24 * 3], averaged over 4 x 4 pixels."""
    return pictures.reshape(-1, 24, 4, 24, 4, 3).astype(np.float64).mean((2, 4)).reshape(len(pictures), -1)


def retrieval(pipeline: KosmosGPipeline, held_out: bool, count: int = 50, seed: int = 0) -> dict[str, float]:
    """Share of subjects whose picture lies nearest (among the five nearest) to its own true scene."""
    subjects, entities = draw_subjects(held_out, count, seed)
    references = [Image.fromarray(render_reference(subject, entities)) for subject in subjects]
    drawn = generate(pipeline, [("<i> on the beach", [reference]) for reference in references], seed)
    truth = np.stack([render(Scene("one", "beach", subjects=(subject,)), entities) for subject in subjects])
    distance = ((small(drawn)[:, None] - small(truth)[None]) ** 2).sum(-1)
    rank = (distance < np.diag(distance)[:, None]).sum(1)
    return {"r1": float((rank == 0).mean()), "r5": float((rank < 5).mean())}


@torch.no_grad()
def against_teacher(pipeline: KosmosGPipeline, decoder: Path) -> dict[str, dict[str, float]]:
    conditioner = load_conditioner(decoder)
    batches = SceneBatches(open_dataset("held_out", 1), 32, 1)
    checks = [batches(step, 0, 1) for step in range(8)]
    null, losses = pipeline.model.unconditional(), {"native": 0.0, "kosmosg": 0.0, "unconditional": 0.0}
    for step, plain in enumerate(checks):
        batch = with_draws(plain, len(plain.ids), 0, 1, step)
        noisy = add_noise(batch.targets, batch.noise, batch.timesteps, ALPHAS_CUMPROD)
        target = diffusion_target(batch.targets, batch.noise, batch.timesteps, ALPHAS_CUMPROD, "v_prediction")
        states = {
            "native": teacher_states(conditioner, batch),
            "kosmosg": pipeline.model(batch.ids, batch.slots, batch.pixel_values),
            "unconditional": null.expand(len(batch.ids), -1, -1),
        }
        for name, state in states.items():
            prediction = pipeline.unet(noisy, batch.timesteps, state, return_dict=False)[0]
            losses[name] += instruct_loss(prediction, target).mean().item() / len(checks)
    return {"condition_relative_error": relative_errors(pipeline.model, conditioner, checks), "diffusion_loss": losses}


def sheet(pipeline: KosmosGPipeline, rows: int, seed: int, cell: int = 96) -> Image.Image:
    """Uncurated: `rows` trained subjects, then `rows` held-out ones; a column for the reference and one for each of PROMPTS."""
    margin, images = 14, []
    for held_out in (False, True):
        subjects, entities = draw_subjects(held_out, rows, seed)
        references = [Image.fromarray(render_reference(subject, entities)) for subject in subjects]
        for row, reference in enumerate(references):
            pair = [reference, references[(row + 1) % rows]]
            drawn = generate(pipeline, [(prompt, pair[: prompt.count("<i>")]) for prompt in PROMPTS], seed)
            images.append([np.asarray(reference), *drawn])
    picture = Image.new("RGB", (cell * (len(PROMPTS) + 1), cell * len(images) + 2 * margin), "white")
    draw = ImageDraw.Draw(picture)
    for row, line in enumerate(images):
        top = row * cell + margin * (1 + (row >= rows))
        for column, image in enumerate(line):
            picture.paste(Image.fromarray(image), (column * cell, top))
    for column, text in enumerate(("reference", *PROMPTS)):
        draw.text((column * cell + 2, 1), text[:17], "black")
    draw.text((2, rows * cell + margin + 1), "below: subjects never seen in training", "black")
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=MINI)
    parser.add_argument("--decoder", type=Path, default=CACHE / "decoder")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pipeline = KosmosGPipeline(arguments.bundle)
    if arguments.sheet is not None:
        sheet(pipeline, arguments.rows, arguments.seed).save(arguments.sheet, optimize=True)
    if arguments.out is not None:
        figures = {"held_out": retrieval(pipeline, True), "trained": retrieval(pipeline, False), **against_teacher(pipeline, arguments.decoder)}
        arguments.out.write_text(json.dumps(figures, indent=2) + "\n")
        print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
