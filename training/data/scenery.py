"""Places, plain backgrounds and weather, drawn by rule on a canvas of twice the picture's size.

Every place has VARIANTS fixed arrangements: what the prompt does not say has to be guessed by the U-Net, and a small model guesses
best among few. Coordinates are units: a picture is 96 units wide, whatever its size in pixels.
"""

import math
from functools import cache
from random import Random

import numpy as np
from PIL import Image, ImageDraw

UNITS = 96
"""A picture's side in the coordinates used here."""
OVERSAMPLING = 2
"""Canvas pixels a picture pixel."""
VARIANTS = 3
HORIZON = 54.0
Colour = tuple[int, int, int]

COLOURS: dict[str, Colour] = {
    "red": (222, 56, 50), "orange": (243, 146, 50), "yellow": (248, 218, 78), "green": (86, 178, 92), "blue": (64, 122, 222),
    "purple": (146, 86, 196), "pink": (247, 160, 196), "black": (26, 26, 30), "white": (255, 255, 255), "gray": (150, 150, 156),
}  # fmt: skip
LIGHT: dict[str, tuple[float, float, float]] = {"day": (1, 1, 1), "sunset": (1.0, 0.84, 0.74), "night": (0.36, 0.42, 0.66)}
"""What the time of day multiplies the ground with; subjects get the milder `subject_light`."""


def subject_light(time: str) -> np.ndarray:
    return 1 - 0.55 * (1 - np.array(LIGHT[time], np.float32))


def gradient(top: Colour, bottom: Colour, height: int, width: int) -> np.ndarray:
    y = np.linspace(0, 1, max(height, 1), dtype=np.float32)[:, None, None]
    return np.broadcast_to(np.array(top, np.float32) * (1 - y) + np.array(bottom, np.float32) * y, (height, width, 3))


class Ground:
    """What stands before the sky: an RGBA layer, and lamps that night does not darken."""

    def __init__(self, rng: Random, side: int) -> None:
        self.rng, self.side, self.scale = rng, side, side / UNITS
        self.image = Image.new("RGBA", (side, side))
        self.pen = ImageDraw.Draw(self.image)
        self.lamps: list[tuple[tuple[float, float, float, float], Colour]] = []

    def band(self, y0: float, y1: float, top: Colour, bottom: Colour) -> None:
        first, end = round(y0 * self.scale), round(y1 * self.scale)
        rows = gradient(top, bottom, end - first, self.side).round().astype(np.uint8)
        self.image.paste(Image.fromarray(np.ascontiguousarray(rows)), (0, first))

    def shape(self, points: list[tuple[float, float]], colour: Colour) -> None:
        self.pen.polygon([(x * self.scale, y * self.scale) for x, y in points], fill=colour)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: tuple[int, ...]) -> None:
        self.pen.ellipse([(x - rx) * self.scale, (y - ry) * self.scale, (x + rx) * self.scale, (y + ry) * self.scale], fill=colour)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour) -> None:
        self.pen.rectangle([x0 * self.scale, y0 * self.scale, x1 * self.scale - 1, y1 * self.scale - 1], fill=colour)

    def hills(self, y: float, height: float, waves: float, phase: float, colour: Colour) -> None:
        line = [(x, y - height * math.sin(waves * x / UNITS * math.pi + phase)) for x in range(0, UNITS + 1, 2)]
        self.shape([*line, (UNITS, UNITS), (0, UNITS)], colour)

    def fir(self, x: float, y: float, h: float, colour: Colour, snow: bool = False) -> None:
        self.box(x - 1.2, y - 3, x + 1.2, y + 1, (96, 66, 42))
        for part in range(3):
            top, width = y - h + part * h * 0.24, h * (0.2 + 0.08 * part)
            self.shape([(x, top), (x - width, top + h * 0.42), (x + width, top + h * 0.42)], colour)
            if snow:
                self.shape([(x, top), (x - width * 0.45, top + h * 0.19), (x + width * 0.45, top + h * 0.19)], (246, 250, 255))


def beach(g: Ground) -> None:
    g.band(HORIZON - 12, HORIZON + 4, (38, 128, 196), (92, 190, 214))
    g.band(HORIZON + 3, UNITS, (247, 225, 170), (228, 192, 128))
    g.hills(HORIZON + 3.5, 1.2, 5, g.rng.random() * 6, (250, 250, 246))
    g.hills(HORIZON + 5, 1.2, 5, g.rng.random() * 6, (245, 222, 166))
    x = g.rng.choice((10, 86))
    side = 1 if x < UNITS / 2 else -1
    g.shape([(x - 1.5, 62), (x + 1.5, 62), (x + side * 4 + 1, 26), (x + side * 4 - 1, 26)], (132, 92, 56))
    for angle in (-2.9, -2.3, -0.8, -0.2, 0.5, 2.6):
        tip = (x + side * 4 + 15 * math.cos(angle), 25 + 9 * math.sin(angle) + 3)
        g.shape([(x + side * 4, 24), tip, (x + side * 4, 28)], (56, 150, 78))


def snow(g: Ground) -> None:
    g.hills(HORIZON, 5, 2, g.rng.random() * 6, (214, 228, 242))
    g.band(HORIZON + 4, UNITS, (244, 249, 254), (218, 232, 246))
    for x, h in ((9, 30), (24, 22), (76, 23), (89, 32)):
        g.fir(x + g.rng.uniform(-2, 2), HORIZON + 6, h, (62, 116, 100), snow=True)


def desert(g: Ground) -> None:
    g.hills(HORIZON - 1, 6, 2, g.rng.random() * 6, (224, 164, 96))
    g.hills(HORIZON + 7, 4, 2.5, g.rng.random() * 6, (236, 184, 108))
    g.hills(HORIZON + 18, 3, 2, g.rng.random() * 6, (228, 170, 92))
    for x, h in ((12, 24), (86, 30)):
        g.box(x - 2.4, 62 - h, x + 2.4, 62, (74, 142, 82))
        g.box(x - 7, 62 - h * 0.7, x - 4, 62 - h * 0.4, (74, 142, 82))
        g.box(x - 7, 62 - h * 0.5, x, 62 - h * 0.36, (74, 142, 82))
        g.box(x + 4, 62 - h * 0.8, x + 7, 62 - h * 0.45, (74, 142, 82))
        g.box(x, 62 - h * 0.56, x + 7, 62 - h * 0.42, (74, 142, 82))


def meadow(g: Ground) -> None:
    g.hills(HORIZON - 1, 5, 2, g.rng.random() * 6, (128, 196, 110))
    g.hills(HORIZON + 5, 2.5, 2, g.rng.random() * 6, (112, 190, 92))
    g.band(HORIZON + 9, UNITS, (108, 188, 86), (76, 154, 66))


def garden(g: Ground) -> None:
    g.band(HORIZON - 12, UNITS, (122, 196, 96), (82, 158, 70))
    for x in range(2, UNITS, 12):
        g.box(x, HORIZON - 20, x + 8, HORIZON + 2, (250, 246, 236))
        g.shape([(x, HORIZON - 20), (x + 4, HORIZON - 25), (x + 8, HORIZON - 20)], (250, 246, 236))
    g.box(0, HORIZON - 14, UNITS, HORIZON - 11, (236, 230, 216))
    for index, x in enumerate((8, 22, 72, 87)):
        colour = ((238, 88, 110), (252, 206, 76), (168, 110, 216), (246, 140, 70))[(index + g.rng.randrange(4)) % 4]
        y = HORIZON + 6 + 4 * (index % 2)
        g.box(x - 0.6, y, x + 0.6, y + 8, (58, 132, 62))
        for turn in range(5):
            g.oval(x + 3 * math.cos(turn * 1.257), y + 3 * math.sin(turn * 1.257), 2.4, 2.4, colour)
        g.oval(x, y, 1.8, 1.8, (255, 240, 190))


def forest(g: Ground) -> None:
    g.band(HORIZON - 16, HORIZON + 6, (96, 158, 118), (84, 142, 92))
    for x in range(-4, UNITS + 8, 13):
        g.fir(x + g.rng.uniform(-2, 2), HORIZON + 2, 38, (70, 134, 96))
    for x in (4, 20, 77, 93):
        g.fir(x + g.rng.uniform(-2, 2), HORIZON + 9, 52, (40, 104, 66))
    g.band(HORIZON + 7, UNITS, (112, 140, 72), (80, 106, 52))


def mountains(g: Ground) -> None:
    for x, h, w in ((14, 38, 34), (84, 44, 38), (50, 26, 30)):
        shift = g.rng.uniform(-4, 4)
        g.shape([(x + shift - w, HORIZON + 6), (x + shift, HORIZON - h + 6), (x + shift + w, HORIZON + 6)], (122, 134, 158))
        g.shape([(x + shift - w * 0.3, HORIZON - h * 0.7 + 6), (x + shift, HORIZON - h + 6), (x + shift + w * 0.3, HORIZON - h * 0.7 + 6),
                 (x + shift + w * 0.1, HORIZON - h * 0.62 + 6), (x + shift - w * 0.08, HORIZON - h * 0.74 + 6)], (248, 251, 255))  # fmt: skip
    g.hills(HORIZON + 3, 3, 2.5, g.rng.random() * 6, (120, 170, 106))
    g.band(HORIZON + 8, UNITS, (118, 172, 100), (88, 142, 78))


def city(g: Ground) -> None:
    x = -4.0
    while x < UNITS:
        width, height = g.rng.choice((14, 16, 19)), g.rng.choice((24, 31, 38, 45))
        colour = g.rng.choice(((134, 140, 166), (166, 134, 126), (112, 128, 152), (178, 162, 138)))
        g.box(x, HORIZON + 4 - height, x + width, HORIZON + 6, colour)
        for left in np.arange(x + 2.5, x + width - 4, 4.6):
            for top in np.arange(HORIZON + 7 - height, HORIZON - 2, 6):
                g.box(left, top, left + 2.6, top + 3.4, (206, 226, 242))
                if g.rng.random() < 0.7:
                    g.lamps.append(((left, top, left + 2.6, top + 3.4), (255, 226, 130)))
        x += width + 1
    g.band(HORIZON + 5, HORIZON + 12, (196, 194, 192), (182, 180, 178))
    g.band(HORIZON + 12, UNITS, (118, 120, 128), (94, 96, 104))


def road(g: Ground) -> None:
    g.hills(HORIZON - 2, 4, 2, g.rng.random() * 6, (132, 190, 112))
    g.band(HORIZON + 3, UNITS, (116, 182, 92), (86, 150, 72))
    g.shape([(44, HORIZON + 3), (52, HORIZON + 3), (90, UNITS), (6, UNITS)], (104, 106, 114))
    for y0, y1 in ((58, 63), (67, 74), (79, 90)):
        w0, w1 = (y0 - HORIZON) * 0.045, (y1 - HORIZON) * 0.045
        g.shape([(48 - w0, y0), (48 + w0, y0), (48 + w1, y1), (48 - w1, y1)], (246, 240, 214))


def room(g: Ground) -> None:
    wall = g.rng.choice(((240, 222, 196), (206, 222, 226), (236, 206, 200)))
    g.band(0, HORIZON + 8, wall, tuple(round(c * 0.95) for c in wall))
    g.band(HORIZON + 8, UNITS, (178, 126, 82), (146, 98, 60))
    g.box(0, HORIZON + 6, UNITS, HORIZON + 9, (250, 244, 234))
    g.box(10, 12, 38, 42, (252, 250, 246))
    g.box(12.5, 14.5, 35.5, 39.5, (150, 206, 246))
    g.box(23, 14, 25, 40, (252, 250, 246))
    g.box(66, 16, 86, 32, (120, 84, 54))
    g.box(68, 18, 84, 30, g.rng.choice(((238, 178, 96), (120, 176, 160), (214, 120, 110))))
    g.oval(48, 80, 40, 11, (198, 92, 84))
    g.oval(48, 80, 33, 8, (226, 148, 120))


def stage(g: Ground) -> None:
    g.band(0, UNITS, (74, 26, 46), (48, 16, 34))
    for x in range(0, UNITS, 8):
        g.box(x, 0, x + 4, HORIZON + 12, (150, 34, 48))
    g.band(HORIZON + 12, UNITS, (170, 118, 72), (128, 84, 50))
    beam = Image.new("RGBA", g.image.size)
    corners = [(44, 0), (52, 0), (80, 84), (16, 84)]
    ImageDraw.Draw(beam).polygon([(x * g.scale, y * g.scale) for x, y in corners], fill=(255, 240, 190, 84))
    ImageDraw.Draw(beam).ellipse([16 * g.scale, 76 * g.scale, 80 * g.scale, 92 * g.scale], fill=(255, 244, 200, 150))
    g.image.alpha_composite(beam)


def underwater(g: Ground) -> None:
    g.band(0, UNITS, (86, 202, 230), (18, 78, 150))
    g.hills(UNITS - 8, 3, 2, g.rng.random() * 6, (196, 186, 142))
    for x, h in ((8, 34), (17, 24), (80, 26), (89, 38)):
        sway = g.rng.uniform(0, 6)
        line = [(x + 2.2 * math.sin(y / 5 + sway), UNITS - 5 - y) for y in range(0, h, 2)]
        g.shape([(px - 1.8, py) for px, py in line] + [(px + 1.8, py) for px, py in reversed(line)], (40, 148, 96))
    for _ in range(9):
        x, y, r = g.rng.choice((g.rng.uniform(4, 26), g.rng.uniform(70, 92))), g.rng.uniform(6, 70), g.rng.uniform(1, 2.6)
        g.oval(x, y, r, r, (190, 236, 248, 255))
        g.oval(x, y, r * 0.66, r * 0.66, (110, 206, 232, 255))


def space(g: Ground) -> None:
    g.band(0, UNITS, (16, 12, 42), (50, 26, 84))
    for _ in range(46):
        r = g.rng.choice((0.4, 0.6, 0.9))
        g.oval(g.rng.uniform(0, UNITS), g.rng.uniform(0, UNITS), r, r, (255, 250, 226))
    x = g.rng.choice((14, 82))
    g.oval(x, 17, 9, 9, (222, 148, 92))
    g.oval(x - 2, 15, 6.4, 6.4, (238, 172, 116))
    g.shape([(x - 15, 21), (x + 15, 13), (x + 15, 14.6), (x - 15, 22.6)], (244, 214, 166))


def clouds(g: Ground) -> None:
    below = ((8, 84, 16), (30, 92, 15), (52, 90, 14), (74, 92, 16), (92, 84, 15))
    above = ((14, 24, 8), (24, 25, 10), (36, 27, 7), (78, 38, 8), (88, 37, 9))
    for x, y, r in (*below, *above):
        g.oval(x + g.rng.uniform(-2, 2), y, r, r * 0.72, (252, 254, 255))


def moor(g: Ground) -> None:
    g.band(HORIZON + 4, UNITS, (112, 146, 104), (84, 116, 84))
    g.hills(HORIZON + 4, 4, 2, g.rng.random() * 6, (122, 154, 112))


PLACES = {
    "beach": beach, "snow": snow, "desert": desert, "meadow": meadow, "garden": garden, "forest": forest, "mountains": mountains,
    "city": city, "road": road, "room": room, "stage": stage, "underwater": underwater, "space": space, "clouds": clouds, "rain": moor, "fog": moor,
}  # fmt: skip
INDOORS = {"room", "stage", "underwater", "space"}
"""Without a time of day and without weather."""
FLOATING = {"underwater", "space", "clouds"}
"""Subjects hang in the middle there and throw no shadow."""
WEATHER = ("rain", "snow", "fog")
OPEN_AIR = tuple(place for place in PLACES if place not in INDOORS)
SKIES: dict[str, tuple[Colour, Colour]] = {
    "day": ((104, 182, 246), (214, 236, 252)), "sunset": ((98, 72, 140), (255, 172, 98)), "night": ((8, 12, 40), (44, 56, 110)),
    "snow": ((168, 198, 226), (226, 238, 248)), "desert": ((120, 188, 238), (252, 232, 190)),
}  # fmt: skip
GREY_SKIES: dict[str, tuple[Colour, Colour]] = {
    "day": ((128, 140, 156), (176, 186, 196)), "sunset": ((88, 80, 112), (196, 152, 130)), "night": ((18, 22, 40), (48, 56, 88)),
}
"""Under rain and snow."""
FOG: dict[str, Colour] = {"day": (214, 220, 226), "sunset": (214, 184, 170), "night": (84, 92, 116)}


def weather_of(background: str, weather: str | None) -> str | None:
    """`rain` and `fog` are places too: open land in that weather."""
    return background if background in ("rain", "fog") else weather


def sky(place: str, time: str, weather: str | None, rng: Random, side: int) -> Image.Image:
    scale, covered = side / UNITS, weather in ("rain", "snow")
    top, bottom = GREY_SKIES[time] if covered else SKIES[place if time == "day" and place in SKIES else time]
    image = Image.fromarray(np.ascontiguousarray(gradient(top, bottom, side, side).round().astype(np.uint8)))
    pen = ImageDraw.Draw(image)

    def disc(x: float, y: float, r: float, colour: Colour) -> None:
        pen.ellipse([(x - r) * scale, (y - r) * scale, (x + r) * scale, (y + r) * scale], fill=colour)

    x, y = rng.choice((20, 74)), 15
    if covered:
        for cx, cy, r in ((6, 6, 15), (26, 3, 16), (48, 5, 15), (70, 3, 16), (92, 6, 15)):
            grey = tuple(round(c * 0.8) for c in top)
            pen.ellipse([(cx - r) * scale, (cy - r * 0.72) * scale, (cx + r) * scale, (cy + r * 0.72) * scale], fill=grey)
    elif time == "night":
        for _ in range(26):
            disc(rng.uniform(0, UNITS), rng.uniform(0, HORIZON), rng.choice((0.4, 0.6, 0.85)), (255, 252, 226))
        disc(x, y, 7, (250, 244, 208))
        disc(x + 3, y - 2.5, 6, tuple(round(a * 0.8 + b * 0.2) for a, b in zip(top, bottom, strict=True)))
    elif time == "sunset":
        disc(x, 38.5, 7.5, (255, 222, 140))
    elif place != "snow":
        disc(x, y, 6.5, (255, 240, 150))
    return image


def draw_weather(image: Image.Image, weather: str | None, time: str, variant: int, before: bool) -> Image.Image:
    """`image` (a canvas) with what falls: most of it behind the subjects, some (`before`) in front of them, so that they stay legible."""
    if weather is None:
        return image
    rng, scale = Random(f"{weather} {variant} {before}"), image.width / UNITS
    dim = 0.75 if time == "night" else 1.0
    if weather == "fog":
        veil = np.array(FOG[time], np.float32)
        height = np.linspace(0, 1, image.height, dtype=np.float32)[:, None, None]
        thick = 0.18 if before else 0.55 + 0.3 * np.exp(-(((height - HORIZON / UNITS) / 0.25) ** 2))
        return Image.fromarray((np.asarray(image, np.float32) * (1 - thick) + veil * thick).round().astype(np.uint8))
    pen = ImageDraw.Draw(image)
    if weather == "rain":
        colour = tuple(round(c * dim) for c in (206, 220, 234))
        for column in range(12):
            for row in range(5):
                x, y = 8 * column + rng.uniform(0, 7), 20 * row + rng.uniform(0, 18)
                if not before or rng.random() < 0.25:
                    pen.polygon([(px * scale, py * scale) for px, py in ((x, y), (x + 0.9, y), (x - 1.2, y + 7), (x - 2.1, y + 7))], fill=colour)
    else:
        colour = tuple(round(c * dim) for c in (252, 253, 255))
        for column in range(11):
            for row in range(11):
                x, y, r = 9 * column + rng.uniform(0, 8), 9 * row + rng.uniform(0, 8), rng.choice((0.8, 1.1, 1.5))
                if rng.random() < (0.12 if before else 0.8):
                    pen.ellipse([(x - r) * scale, (y - r) * scale, (x + r) * scale, (y + r) * scale], fill=colour)
    return image


@cache
def _background(background: str, time: str, variant: int, weather: str | None, side: int) -> Image.Image:
    if background in COLOURS:
        return Image.new("RGB", (side, side), COLOURS[background])
    rng = Random(f"{background} {variant}")
    ground = Ground(rng, side)
    PLACES[background](ground)
    layer = np.array(ground.image).astype(np.float32)
    light = np.array(LIGHT[time], np.float32)
    if weather in ("rain", "snow"):  # a grey day: less colour, and some white where it snows
        grey = layer[..., :3].mean(-1, keepdims=True)
        layer[..., :3] = (layer[..., :3] * 0.6 + grey * 0.4) * 0.88
        if weather == "snow":
            layer[..., :3] = layer[..., :3] * 0.55 + 245 * 0.45
    alpha = layer[..., 3:] / 255
    mixed = np.asarray(sky(background, time, weather, rng, side), np.float32) * (1 - alpha) + layer[..., :3] * light * alpha
    image = Image.fromarray(mixed.round().clip(0, 255).astype(np.uint8))
    if time == "night":
        pen = ImageDraw.Draw(image)
        for box, colour in ground.lamps:
            pen.rectangle([round(v * ground.scale) for v in box], fill=colour)
    return draw_weather(image, weather, time, variant, before=False)


def draw_background(background: str, time: str, variant: int, weather: str | None = None, size: int = 96) -> Image.Image:
    """A place of PLACES or a colour of COLOURS, without what falls before the subjects: RGB, OVERSAMPLING * size pixels a side,
    a copy that may be drawn on. Deterministic."""
    plain = background in COLOURS
    return _background(background, time, 0 if plain else variant, None if plain else weather_of(background, weather), OVERSAMPLING * size).copy()
