"""Scenes and how they are drawn. Every picture is a scene: what a prompt asks for, and each reference picture that it gives.

All sampling takes its own `random.Random` and drawing takes none, so a seed fixes the data to the last bit. A scene is drawn the same
at every size, in 96 units a side.
"""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .accessories import draw_accessory, seat
from .scenery import COLOURS, FLOATING, PLACES, UNITS, draw_background, draw_weather, subject_light, weather_of
from .styles import styled

SIZE = 96
"""Pixels a side, unless asked for otherwise."""
KINDS = ("one", "twins", "triplets", "four", "group", "on", "under", "front", "behind", "left", "right", "empty", "portrait")


@dataclass(frozen=True)
class Subject:
    """A drawn subject as one shard uses it: the same hue and direction in its reference picture and in every target."""

    entity: int
    name: str
    hue: int = 0
    """Turn of the hue, degrees."""
    mirrored: bool = False
    reference_background: str = "white"
    reference_time: str = "day"
    reference_variant: int = 0
    creature: bool = False
    """Something that one would put a hat on."""
    face: bool = False
    """Seen from the front, eyes in the usual place."""


@dataclass(frozen=True)
class Accessory:
    """Something worn: drawn by rule (`name`, `colour`) or a picture of the art (`subject`)."""

    name: str
    where: str
    """head, eyes or neck"""
    colour: str | None = None
    subject: Subject | None = None


@dataclass(frozen=True)
class Scene:
    """`kind`: one subject; twins, triplets, four of it; a group of two or three side by side; the first on, under, in front of
    or behind the second; one at the left or the right with room for another; empty; or a portrait, the square crop that shows a
    subject (or an accessory)."""

    kind: str
    background: str = "white"
    time: str = "day"
    colour: str | None = None
    """What the subject is painted with."""
    size: str | None = None
    """None, tiny or big."""
    style: str | None = None
    subjects: tuple[Subject, ...] = ()
    variant: int = 0
    jitters: tuple[float, ...] = field(default=(0.0,) * 4)
    weather: str | None = None
    accessory: Accessory | None = None
    """What the first subject wears; in a portrait without subjects, what is shown."""
    flipped: bool = False


@dataclass(frozen=True)
class Pair:
    """A prompt's pictures and the picture that it asks for; the words are made of them (`wording`)."""

    source: str
    """text, composed or edit"""
    kind: str
    """a key of the source's kinds (`pairs`)"""
    references: tuple[Scene, ...]
    """the prompt's pictures, in reading order"""
    target: Scene


@dataclass
class Box:
    """Where a sprite was put: canvas pixels, and its alpha at that size, bool [h, w]."""

    left: int
    top: int
    mask: np.ndarray


def portrait(subject: Subject) -> Scene:
    return Scene("portrait", subject.reference_background, subject.reference_time, subjects=(subject,), variant=subject.reference_variant)


def turn_hue(sprite: np.ndarray, degrees: int) -> np.ndarray:
    hsv = np.array(Image.fromarray(sprite[..., :3]).convert("HSV"))
    hsv[..., 0] = (hsv[..., 0].astype(int) + round(degrees * 256 / 360)) % 256
    return np.concatenate([np.asarray(Image.fromarray(hsv, "HSV").convert("RGB")), sprite[..., 3:]], -1)


def paint(sprite: np.ndarray, colour: str) -> np.ndarray:
    """The sprite's light and shade in one colour."""
    shade = 0.25 + 0.75 * (sprite[..., :3].astype(np.float32) @ np.array([0.3, 0.59, 0.11], np.float32)) / 255
    dark = np.minimum(shade * 1.35, 1)[..., None]
    gloss = np.clip((shade - 0.72) / 0.28, 0, 1)[..., None] * 0.55
    painted = np.array(COLOURS[colour], np.float32) * dark * (1 - gloss) + 255 * gloss
    return np.concatenate([painted.clip(0, 255).astype(np.uint8), sprite[..., 3:]], -1)


def sprite_of(subject: Subject, entities: np.ndarray) -> np.ndarray:
    """uint8 [112, 112, 4] of the subject as it stands in this shard."""
    sprite = np.array(entities[subject.entity])
    if subject.mirrored:
        sprite = np.ascontiguousarray(sprite[:, ::-1])
    return turn_hue(sprite, subject.hue) if subject.hue else sprite


def accessory_sprite(accessory: Accessory, entities: np.ndarray) -> np.ndarray:
    return sprite_of(accessory.subject, entities) if accessory.subject else draw_accessory(accessory.name, accessory.colour)


def lit(sprite: np.ndarray, time: str) -> Image.Image:
    """RGBA, in the light of the hour, cut to what is there."""
    rgb = (sprite[..., :3] * subject_light(time)).round().clip(0, 255).astype(np.uint8)
    picture = Image.fromarray(np.concatenate([rgb, sprite[..., 3:]], -1))
    return picture.crop(picture.getchannel("A").point(lambda a: 255 * (a > 8)).getbbox())


def put(image: Image.Image, sprite: np.ndarray, centre: float, base: float, size: float, time: str, shadow: bool) -> Box:
    """Pastes with its longest side `size`, standing on `base`; a soft contact shadow under it, and the light of the hour on it. Units."""
    unit = image.width / UNITS
    picture = lit(sprite, time)
    scale = size * unit / max(picture.size)
    w, h = max(2, round(picture.width * scale)), max(2, round(picture.height * scale))
    picture = picture.resize((w, h), Image.Resampling.BICUBIC)
    x, y = centre * unit, base * unit
    if shadow:
        mask, r = Image.new("L", image.size), size * unit / 20
        ImageDraw.Draw(mask).ellipse([x - w * 0.42, y - r, x + w * 0.42, y + r], fill=110)
        image.paste((18, 18, 30), (0, 0), mask.filter(ImageFilter.BoxBlur(max(2, r / 2))))
    box = Box(round(x - w / 2), round(y - h), np.asarray(picture.getchannel("A")) > 100)
    image.paste(picture, (box.left, box.top), picture)
    return box


def put_on(image: Image.Image, sprite: np.ndarray, box: Box, where: str, face: bool, time: str) -> None:
    """Pastes something worn on what was put at `box`."""
    x, y, width = seat(box.mask, where, face)
    picture = lit(sprite, time)
    scale = width / picture.width
    if where == "head":  # a tall hat is no wider than it is fit
        scale = min(scale, 0.62 * max(box.mask.shape) / picture.height)
    w, h = max(2, round(picture.width * scale)), max(2, round(picture.height * scale))
    picture = picture.resize((w, h), Image.Resampling.BICUBIC)
    image.paste(picture, (round(box.left + x - w / 2), round(box.top + y - (h if where == "head" else h / 2))), picture)


def placements(scene: Scene) -> list[tuple[int, float, float, float]]:
    """(subject, centre x, base y, size) for each copy, units, from the back to the front. What stands on another has no base of its own."""
    j = scene.jitters
    left, right = (26 + j[1], 84 + j[2], 42.0), (70 + j[3], 84 + j[0], 42.0)
    if not scene.subjects:
        return []
    if scene.kind == "portrait":
        return [(0, UNITS / 2, UNITS / 2 + 42, 84.0)]
    if scene.kind in ("left", "right"):
        return [(0, *(left if scene.kind == "left" else right))]
    if scene.kind == "twins" or (scene.kind == "group" and len(scene.subjects) == 2):
        return [(0, *left), (0 if scene.kind == "twins" else 1, *right)]
    if scene.kind == "four":
        return [(0, x + j[k], y + j[(k + 1) % 4], 31.0) for k, (x, y) in enumerate(((32, 58), (68, 58), (26, 89), (70, 89)))]
    if scene.kind == "triplets" or len(scene.subjects) == 3:
        order = (0, 0, 0) if scene.kind == "triplets" else (0, 1, 2)
        return [(order[k], 17.5 + 30.5 * k + 0.6 * j[1 + k], 82 + j[0], 29.0) for k in range(3)]
    if scene.kind in ("on", "under"):
        upper, lower = (0, 1) if scene.kind == "on" else (1, 0)
        return [(lower, 48 + 2 * j[1], 88 + j[2], 46.0), (upper, 48 + 2 * j[1], 0, 38.0)]
    if scene.kind in ("front", "behind"):
        front, back = (0, 1) if scene.kind == "front" else (1, 0)
        return [(back, 60 + j[1], 76 + j[2], 52.0), (front, 34 + j[3], 90 + j[0], 42.0)]
    if scene.size == "tiny":
        return [(0, 48 + 2 * j[1], 80 + j[2], 24.0)]
    if scene.size == "big":
        return [(0, 48 + j[1], 92 + j[2], 84.0)]
    return [(0, 48 + 2 * j[1], 85 + j[2], 60 + 2 * j[3])]


def top_of(box: Box) -> float:
    """Where something would stand on it, canvas pixels: the upper edge in the middle fifth, and a little below."""
    h, w = box.mask.shape
    middle = box.mask[:, round(0.4 * w) : max(round(0.6 * w), round(0.4 * w) + 1)]
    rows = np.flatnonzero(middle.any(1))
    return box.top + (rows[0] if len(rows) else 0) + 0.07 * h


def render(scene: Scene, entities: np.ndarray, size: int = SIZE) -> np.ndarray:
    """uint8 [size, size, 3]."""
    image = draw_background(scene.background, scene.time, scene.variant, scene.weather, size)
    sprites = [sprite_of(subject, entities) for subject in scene.subjects]
    if scene.colour:
        sprites = [paint(sprite, scene.colour) for sprite in sprites]
    worn = accessory_sprite(scene.accessory, entities) if scene.accessory else None
    if worn is not None and not sprites:  # a picture of the accessory alone
        put(image, worn, UNITS / 2, UNITS / 2 + 36, 72.0, scene.time, shadow=False)
    outside = scene.background in PLACES
    stands = outside and scene.background not in FLOATING and scene.kind != "portrait"
    stacked = scene.kind in ("on", "under")
    below: Box | None = None
    for index, x, base, longest in placements(scene):
        if stacked and below is not None:
            base = top_of(below) * UNITS / image.width
        elif not stands and scene.kind in ("front", "behind", "four"):
            base -= 8
        elif not stands and not stacked and scene.kind != "portrait":  # nothing to stand on: in the middle
            base = 49 + longest / 2 + 0.3 * (base - 84)
        below = put(image, sprites[index], x, base, longest, scene.time, shadow=stands and not (stacked and below is not None))
        if worn is not None and index == 0:
            put_on(image, worn, below, scene.accessory.where, scene.subjects[0].face, scene.time)
    if outside:
        image = draw_weather(image, weather_of(scene.background, scene.weather), scene.time, scene.variant, before=True)
    picture = styled(image, scene.style, size)
    return np.ascontiguousarray(picture[:, ::-1]) if scene.flipped else picture


def render_reference(subject: Subject, entities: np.ndarray, size: int = SIZE) -> np.ndarray:
    """The picture given with the prompt: a square crop around the subject, uint8 [size, size, 3]."""
    return render(portrait(subject), entities, size)
