"""Which subjects are drawn for measuring: a function of the art alone, whatever order it is listed in."""

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from data.catalogue import CACHE, meaning
from data.entities import SPRITE_SIZE, tight
from data.scenes import Subject

PHOTOS = Path(__file__).parent / "photos"


class Sprites:
    """The sprites that the renderer takes subjects from: those of the art, then the photos' cut-outs. Indexed by a subject's entity."""

    def __init__(self, art: np.ndarray, more: list[np.ndarray]) -> None:
        self.art, self.more = art, more

    def __len__(self) -> int:
        return len(self.art) + len(self.more)

    def __getitem__(self, entity: int) -> np.ndarray:
        return self.art[entity] if entity < len(self.art) else self.more[entity - len(self.art)]


def art_is_there() -> bool:
    return (CACHE / "entities.npy").exists()


def load_art() -> tuple[Sprites, list[dict]]:
    """All sprites, uint8 [112, 112, 4] each, and a row for each of the art's: name, family, code, held_out, creature, face."""
    art = np.load(CACHE / "entities.npy", mmap_mode="r")
    cut_outs = [tight(Image.open(path).convert("RGBA")) for path in sorted(PHOTOS.glob("*.png"))]
    return Sprites(art, cut_outs), json.loads((CACHE / "entities.json").read_text())


def rank(row: dict) -> bytes:
    """Where a row stands in the draw: a hash, so that art which joins or leaves moves no other."""
    return hashlib.sha256(f"{row['family']} {row['code']}".encode()).digest()


def subject_of(rows: list[dict], index: int, hue: int = 0, mirrored: bool = False) -> Subject:
    row = rows[index]
    return Subject(index, row["name"], hue, mirrored, creature=row["creature"], face=row["face"])


def drawn_order(rows: list[dict], held_out: bool) -> list[int]:
    """Numbers of the rows of one side, by `rank`."""
    return sorted((index for index, row in enumerate(rows) if row["held_out"] == held_out), key=lambda index: rank(rows[index]))


def mixed(rows: list[dict], held_out: bool, count: int, creatures: bool = False) -> list[Subject]:
    """`count` subjects of different meanings, from all families; only those that one would put a hat on, if `creatures`."""
    chosen: dict[str, Subject] = {}
    for index in drawn_order(rows, held_out):
        if rows[index]["creature"] or not creatures:
            chosen.setdefault(meaning(rows[index]["name"]), subject_of(rows, index))
    return list(chosen.values())[:count]


def thumbnails(sprites: Sprites, indices: list[int], side: int = 16) -> np.ndarray:
    """Sprites on white, averaged to side x side: fp32 [N, side * side * 3], 0..1."""
    cells = SPRITE_SIZE // side
    result = np.empty((len(indices), side * side * 3), np.float32)
    for row, index in enumerate(indices):
        sprite = np.asarray(sprites[index], np.float32) / 255
        flat = sprite[..., :3] * sprite[..., 3:] + 1 - sprite[..., 3:]
        result[row] = flat.reshape(side, cells, side, cells, 3).mean((1, 3)).ravel()
    return result


POOL = 1500
ALIKE = 0.002
"""Mean square per value of two thumbnails below which they count as one picture: several families draw some names the same."""


def plain_face(side: int = 16) -> np.ndarray:
    """A yellow disc on white, what the round faces of emoji have in common: fp32 [side * side * 3], 0..1."""
    disc = Image.new("RGB", (SPRITE_SIZE, SPRITE_SIZE), "white")
    ImageDraw.Draw(disc).ellipse([0, 0, SPRITE_SIZE - 1, SPRITE_SIZE - 1], fill=(255, 204, 70))
    return np.asarray(disc.resize((side, side), Image.Resampling.BOX), np.float32).ravel() / 255


def lookalikes(sprites: Sprites, rows: list[dict], held_out: bool, count: int) -> list[Subject]:
    """The `count` subjects nearest to a plain yellow face, by the pixels of 16 x 16 thumbnails. Of those that are as good as one picture, the first.

    Among the first POOL subjects of the draw: all that are held out, and enough of the trained ones.
    """
    pool = drawn_order(rows, held_out)[:POOL]
    x = thumbnails(sprites, pool)
    from_face = ((x - plain_face()) ** 2).mean(1)
    chosen: list[int] = []
    for row in np.argsort(from_face, kind="stable"):
        if not chosen or ((x[chosen] - x[row]) ** 2).mean(1).min() > ALIKE:
            chosen.append(int(row))
    return [subject_of(rows, pool[row]) for row in chosen[:count]]


def restrict(rows: list[dict], seen: dict) -> list[dict]:
    """Rows for a bundle that was trained on other art: `families`, and `held_out` by name. What is not on the same side then as now is on neither."""
    names = set(seen["held_out"])
    side = [row["held_out"] if row["family"] in seen["families"] and row["held_out"] == (row["name"] in names) else None for row in rows]
    return [{**row, "held_out": held_out} for row, held_out in zip(rows, side, strict=True)]


def photographed(sprites: Sprites) -> list[Subject]:
    """The cut-outs of photos, by name."""
    names = [path.stem.replace("_", " ") for path in sorted(PHOTOS.glob("*.png"))]
    return [Subject(len(sprites.art) + number, name) for number, name in enumerate(names)]
