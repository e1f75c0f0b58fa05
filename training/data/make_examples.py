"""Draws the three example entities that the page starts with to public/examples.

    npm ci --prefix data && python -m data.make_examples

256 px on white, the subject within the middle seven eighths as in the training's reference pictures.
"""

import json
from pathlib import Path

from PIL import Image

from .catalogue import PACKAGES, is_held_out

OUT = Path(__file__).parents[2] / "public" / "examples"
SIZE = 256
EXAMPLES = {"penguin": "1f427", "fox": "1f98a", "teddy bear": "1f9f8"}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    entries = []
    for label, code in EXAMPLES.items():
        picture = Image.open(PACKAGES / "@lobehub/fluent-emoji-3d/assets" / f"{code}.webp").convert("RGBA")
        picture = picture.crop(picture.getchannel("A").point(lambda a: 255 * (a > 8)).getbbox())
        scale = SIZE * 7 / 8 / max(picture.size)
        picture = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
        square = Image.new("RGB", (SIZE, SIZE), "white")
        square.paste(picture, ((SIZE - picture.width) // 2, (SIZE - picture.height) // 2), picture)
        file = label.replace(" ", "-") + ".png"
        square.save(OUT / file, optimize=True)
        entries.append({"file": file, "label": label})
        print(file, "never seen in training" if is_held_out(label) else "one of the training's subjects")
    (OUT / "examples.json").write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
