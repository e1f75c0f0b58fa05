"""A sheet of pictures from the image decoder under its native conditioner: trained subjects above, held-out ones below.

    python sample_decoder.py out.png --seed 0

First column: the reference picture. The prompts are the same for every row; 25 DDIM steps.
"""

import argparse
import json
from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image

from data.entities import CACHE
from data.encode import WEIGHTS, encode
from data.scenes import Subject, render_reference
from kosmosg import autoencoder_tiny as taef2
from kosmosg.checkpoint import load_conditioner, load_latent_statistics, load_unet
from kosmosg.sampling import ddim
from kosmosg.text import Tokenizer, pad

HERE = Path(__file__).parent
PROMPTS = (
    "<i>", "<i> on the beach", "<i> in the snow at night", "<i> in space", "<i>, red on the grass", "tiny <i> in the forest",
    "<i> on a blue background", "two <i> in the city", "<i> next to <i> in a room", "<i> as a pencil sketch",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--folder", type=Path, default=CACHE / "decoder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=3, help="subjects of each half")
    parser.add_argument("--guidance", type=float, default=2.5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    conditioner, unet = load_conditioner(options.folder), load_unet(options.folder)
    mean, std = load_latent_statistics(options.folder)
    tokenizer = Tokenizer(HERE / "tokenizer")
    encoder, decoder = (taef2.load(getattr(taef2, name)(), WEIGHTS / f"taef2_{name}.pth") for name in ("encoder", "decoder"))
    entities, rows = np.load(CACHE / "entities.npy", mmap_mode="r"), json.loads((CACHE / "entities.json").read_text())
    rng, generator = Random(options.seed), torch.Generator().manual_seed(options.seed)
    sheet = []
    for held_out in (False, True):
        pool = [index for index, row in enumerate(rows) if row["held_out"] == held_out]
        chosen = [Subject(index, rows[index]["name"]) for index in rng.sample(pool, options.rows)]
        print("held out:" if held_out else "trained:", ", ".join(subject.name for subject in chosen))
        pictures = [render_reference(subject, entities) for subject in chosen]
        latents = taef2.fold(encode(encoder, pictures).float(), mean, std)
        for row, picture in enumerate(pictures):
            pair = torch.stack([latents[row], latents[(row + 1) % len(chosen)]])  # "next to": the row's subject and the next row's
            ids, slots = pad([tokenizer.encode_prompt(prompt) for prompt in PROMPTS], conditioner.config.num_queries)
            with torch.inference_mode():
                condition = conditioner(torch.from_numpy(ids), torch.from_numpy(slots), pair.expand(len(PROMPTS), -1, -1, -1, -1))
                clean = ddim(unet, condition, conditioner.null(), torch.randn(len(PROMPTS), 128, 6, 6, generator=generator), guidance=options.guidance)
                drawn = decoder(taef2.unfold(clean, mean, std)).clamp(0, 1).permute(0, 2, 3, 1)
            sheet.append(np.concatenate([picture, *(drawn * 255).round().byte().numpy()], 1))
    image = Image.fromarray(np.concatenate(sheet, 0))
    if options.out.suffix == ".png":
        image = image.quantize(256, dither=Image.Dither.NONE)
    image.save(options.out, optimize=True)


if __name__ == "__main__":
    main()
