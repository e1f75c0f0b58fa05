"""A sheet of random pairs, to be looked at: reference pictures, the first wording of the prompt, the target.

    python -m data.contact_sheet sheet.png --split train --shard 0 --pairs 80
"""

import argparse
import textwrap
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

from . import entities
from .pairs import MAX_REFERENCES, GeneratorConfig, compose
from .scenes import render

COLUMNS, MARGIN, LINES = 4, 6, 34


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", default="train", choices=("train", "held_out"))
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--pairs", type=int, default=80)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--kinds", help="only these, comma-separated: edit, composed/on, ...")
    options = parser.parse_args()
    sprites, rows = entities.load()
    shard = compose(options.split, options.shard, rows, GeneratorConfig(size=options.size))
    chosen = list(range(len(shard.pairs)))
    if options.kinds:
        wanted = set(options.kinds.split(","))
        chosen = [at for at in chosen if {shard.pairs[at].source, f"{shard.pairs[at].source}/{shard.pairs[at].kind}"} & wanted]
    chosen = sorted(Random(0).sample(chosen, min(options.pairs, len(chosen))), key=lambda at: (shard.pairs[at].source, shard.pairs[at].kind))
    cell = options.size
    width, height = (MAX_REFERENCES + 1) * cell + 3 * MARGIN, cell + LINES + MARGIN
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(chosen) // COLUMNS) * height), "gainsboro")
    pen = ImageDraw.Draw(sheet)
    for place, at in enumerate(chosen):
        pair = shard.pairs[at]
        x, y = place % COLUMNS * width, place // COLUMNS * height
        for column, scene in enumerate(pair.references):
            sheet.paste(Image.fromarray(render(scene, sprites, cell)), (x + column * cell, y))
        sheet.paste(Image.fromarray(render(pair.target, sprites, cell)), (x + MAX_REFERENCES * cell + MARGIN, y))
        text = textwrap.wrap(shard.captions[at][0], width // 6 - 2)[:2] + [f"[{pair.source}/{pair.kind}] {shard.descriptions[at]}"]
        pen.text((x, y + cell), "\n".join(text), "black", spacing=1)
    sheet.save(options.out, optimize=True)


if __name__ == "__main__":
    main()
