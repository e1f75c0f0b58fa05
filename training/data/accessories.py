"""Things to wear, drawn by rule, and where they sit on a subject.

Hats go to whatever has a top; sunglasses, bow ties and scarves only to faces seen from the front, where one knows the place.
"""

import math
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from .scenery import COLOURS, Colour

SIDE, FINE = 112, 4
"""Pixels of a drawn accessory, as of an entity; and how much finer it is drawn."""

PLACE_OF = {
    "top hat": "head", "crown": "head", "party hat": "head", "santa hat": "head", "woolly hat": "head", "cap": "head", "straw hat": "head",
    "wizard hat": "head", "sunglasses": "eyes", "bow tie": "neck", "scarf": "neck",
}  # fmt: skip
OF_A_COLOUR = {"party hat": "purple", "woolly hat": "blue", "cap": "red", "wizard hat": "blue", "bow tie": "red", "scarf": "red"}
"""Those that may have another colour than their usual one."""
PICTURED = {
    "top hat": "head", "womans hat": "head", "billed cap": "head", "graduation cap": "head", "crown": "head", "rescue workers helmet": "head",
    "cap": "head", "hat": "head", "fedora": "head", "cowboy hat": "head", "party hat": "head", "straw hat": "head", "knitted hat": "head",
    "fez": "head", "sombrero": "head", "helmet": "head", "sunglasses": "eyes", "glasses": "eyes", "goggles": "eyes",
    "bow tie": "neck",
}  # fmt: skip
"""Subjects of the art that can be worn."""


class Drawing:
    def __init__(self) -> None:
        self.image = Image.new("RGBA", (SIDE * FINE, SIDE * FINE))
        self.pen = ImageDraw.Draw(self.image)

    def shape(self, points: list[tuple[float, float]], colour: Colour) -> None:
        self.pen.polygon([(x * FINE, y * FINE) for x, y in points], fill=colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        self.pen.ellipse([(x - rx) * FINE, (y - ry) * FINE, (x + rx) * FINE, (y + ry) * FINE], fill=colour)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, radius: float = 0) -> None:
        self.pen.rounded_rectangle([x0 * FINE, y0 * FINE, x1 * FINE, y1 * FINE], radius * FINE, fill=colour)


def darker(colour: Colour, share: float = 0.75) -> Colour:
    return tuple(round(c * share) for c in colour)


@cache
def draw_accessory(name: str, colour: str | None = None) -> np.ndarray:
    """uint8 [112, 112, 4], filling its longer side, its lower edge where it sits."""
    d, c = Drawing(), COLOURS[colour or OF_A_COLOUR.get(name, "black")]
    if name == "top hat":
        d.box(24, 14, 88, 90, (44, 44, 52), 3)
        d.box(24, 68, 88, 84, (196, 48, 52))
        d.oval(56, 92, 54, 12, (32, 32, 40))
    elif name == "crown":
        d.shape([(6, 104), (2, 36), (30, 68), (56, 18), (82, 68), (110, 36), (106, 104)], (250, 200, 58))
        d.box(6, 90, 106, 104, (226, 164, 36))
        for x, y in ((4, 34), (56, 16), (108, 34)):
            d.oval(min(max(x, 8), 104), y, 8, 8, (255, 226, 120))
        for x, gem in ((30, (222, 56, 50)), (56, (64, 122, 222)), (82, (86, 178, 92))):
            d.oval(x, 84, 8, 8, gem)
    elif name == "party hat":
        d.shape([(56, 8), (18, 108), (94, 108)], c)
        for y in (40, 68, 96):
            half = (y - 8) * 0.38
            d.shape([(56 - half, y), (56 + half, y - 12), (56 + half * 1.2, y - 2), (56 - half * 1.2, y + 10)], (255, 226, 110))
        d.oval(56, 10, 10, 10, (228, 230, 236))
    elif name == "santa hat":
        d.shape([(14, 92), (30, 40), (62, 16), (96, 44), (104, 70), (84, 58), (96, 92)], (214, 44, 48))
        d.oval(100, 72, 11, 11, (222, 226, 234))
        d.box(6, 84, 104, 106, (222, 226, 234), 11)
    elif name == "woolly hat":
        d.pen.pieslice([10 * FINE, 20 * FINE, 102 * FINE, 150 * FINE], 180, 360, fill=c)
        d.box(4, 78, 108, 104, darker(c), 8)
        for x in range(14, 104, 14):
            d.box(x, 80, x + 3, 102, c)
        d.oval(56, 18, 15, 15, (228, 230, 236))
    elif name == "cap":
        d.pen.pieslice([6 * FINE, 26 * FINE, 90 * FINE, 140 * FINE], 180, 360, fill=c)
        d.shape([(50, 84), (86, 72), (112, 84), (110, 92), (50, 92)], darker(c))
        d.box(6, 78, 90, 88, darker(c, 0.85))
        d.oval(48, 26, 5, 4, darker(c))
    elif name == "straw hat":
        d.oval(56, 74, 55, 15, (226, 182, 96))
        d.pen.pieslice([24 * FINE, 26 * FINE, 88 * FINE, 124 * FINE], 180, 360, fill=(240, 204, 122))
        d.box(24, 62, 88, 74, (190, 66, 56))
    elif name == "wizard hat":
        d.oval(56, 98, 55, 13, darker(c))
        d.shape([(60, 4), (22, 96), (90, 96)], c)
        for x, y in ((52, 56), (68, 76), (42, 82)):
            points = [(x + r * math.sin(k * math.pi / 5), y - r * math.cos(k * math.pi / 5)) for k, r in enumerate((8, 3.4) * 5)]
            d.shape(points, (255, 224, 96))
    elif name == "sunglasses":
        d.box(2, 40, 52, 76, (30, 30, 36), 14)
        d.box(60, 40, 110, 76, (30, 30, 36), 14)
        d.box(4, 40, 108, 50, (30, 30, 36), 4)
        d.shape([(12, 50), (24, 48), (18, 64), (12, 66)], (98, 108, 124))
        d.shape([(70, 50), (82, 48), (76, 64), (70, 66)], (98, 108, 124))
    elif name == "bow tie":
        d.shape([(56, 56), (4, 28), (4, 84)], c)
        d.shape([(56, 56), (108, 28), (108, 84)], c)
        d.shape([(56, 56), (4, 66), (4, 84)], darker(c))
        d.shape([(56, 56), (108, 66), (108, 84)], darker(c))
        d.box(46, 44, 66, 68, darker(c, 0.65), 6)
    elif name == "scarf":
        d.box(70, 50, 92, 98, darker(c), 3)
        for x in range(71, 92, 5):
            d.box(x, 94, x + 3, 106, darker(c))
        d.box(2, 28, 110, 60, c, 16)
        for x in (26, 56, 86):
            d.shape([(x, 28), (x + 8, 28), (x + 2, 60), (x - 6, 60)], (250, 246, 236))
    else:
        raise ValueError(f"no accessory is called {name}")
    return np.asarray(d.image.resize((SIDE, SIDE), Image.Resampling.BOX))


def widest_run(row: np.ndarray) -> tuple[int, int]:
    """First and end column of the longest unbroken stretch of a mask's row, bool [W]; the whole row where a gap between two parts leaves it empty."""
    if not row.any():
        return 0, len(row)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    longest = (ends - starts).argmax()
    return int(starts[longest]), int(ends[longest])


def seat(mask: np.ndarray, where: str, face: bool) -> tuple[float, float, float]:
    """Where a thing sits on a subject (bool [h, w], cut tight): centre x, y (lower edge on the head, centre else) and
    width, all in pixels of `mask`."""
    h, w = mask.shape
    filled = mask.sum(1)
    if where == "eyes":
        x0, x1 = widest_run(mask[round(0.42 * h)])
        return (x0 + x1) / 2, 0.42 * h, 0.86 * (x1 - x0)
    if where == "neck":
        x0, x1 = widest_run(mask[round(0.85 * h)])
        return (x0 + x1) / 2, 0.95 * h, max(0.75 * (x1 - x0), 0.4 * w)
    # the first row that is broad enough to carry a hat: ears and hair stick out above it
    row = int(np.argmax(filled >= (0.5 if face else 0.22) * filled.max()))
    x0, x1 = widest_run(mask[row])
    lower = widest_run(mask[min(row + h // 12, h - 1)])
    centre = (x0 + x1) / 2
    if not lower[0] <= centre <= lower[1]:
        lower = (x0, x1)
    return centre, row + 0.06 * h, min(max(1.1 * (lower[1] - lower[0]), 0.4 * w), 0.85 * w)
