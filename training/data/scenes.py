"""Scenes: what a prompt says (Scene), its wording (caption) and its picture (render).

A prompt interleaves text and pictures: each `<i>` stands for one reference picture, as in the paper. Every function takes its own
`random.Random`, so a seed fixes the data to the last bit.
"""

from dataclasses import dataclass, field
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .scenery import COLOURS, FLOATING, INDOORS, PLACES, SCALE, SIZE, VARIANTS, draw_background, subject_light

HUES = ("red", "orange", "yellow", "green", "blue", "purple", "pink")


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


@dataclass(frozen=True)
class Scene:
    """What is to be drawn. `kind`: one, twins, triplets, group (several subjects), or empty."""

    kind: str
    background: str = "white"
    time: str = "day"
    colour: str | None = None
    size: str | None = None
    style: str | None = None
    subjects: tuple[Subject, ...] = ()
    pictured: bool = True
    """False: the subject is named in words alone."""
    variant: int = 0
    jitters: tuple[float, ...] = field(default=(0.0,) * 4)


def sample_subject(rng: Random, entity: int, name: str) -> Subject:
    """Half mirrored, four in ten with another hue, a third before a background of their own."""
    place = rng.random()
    background = "white" if place < 0.65 else rng.choice(list(COLOURS)) if place < 0.8 else rng.choice(list(PLACES))
    return Subject(
        entity, name, rng.randrange(30, 331) if rng.random() < 0.4 else 0, rng.random() < 0.5, background,
        "night" if background in PLACES and background not in INDOORS and rng.random() < 0.15 else "day", rng.randrange(VARIANTS),
    )  # fmt: skip


def sample_scene(rng: Random, subjects: list[Subject]) -> Scene:
    kind = rng.choices(("one", "twins", "triplets", "group", "trio", "words", "empty"), (60, 8, 2, 19, 3, 5, 3))[0]
    count = {"group": 2, "trio": 3, "empty": 0}.get(kind, 1)
    pictured = kind not in ("words", "empty")
    place = rng.random()
    background = rng.choice(list(PLACES)) if place < 0.7 or kind == "empty" else rng.choice(list(COLOURS)) if place < 0.84 else "white"
    time = "day"
    if background in PLACES and background not in INDOORS | {"rain"}:
        time = rng.choices(("day", "night", "sunset"), (66, 24, 10))[0]
    extra = rng.random() if kind == "one" else 1.0
    return Scene(
        kind={"trio": "group", "words": "one"}.get(kind, kind), background=background, time=time, subjects=tuple(rng.sample(subjects, count)),
        pictured=pictured, colour=rng.choice(HUES) if extra < 0.17 else None,
        size=None if not 0.17 <= extra < 0.31 else rng.choice(("tiny", "tiny", "big")),
        style="pencil sketch" if rng.random() < 0.05 else "black and white" if rng.random() < 0.02 else None,
        variant=rng.randrange(VARIANTS), jitters=tuple(rng.uniform(-1, 1) for _ in range(4)),
    )  # fmt: skip


PLACE_WORDS: dict[str, tuple[str, ...]] = {
    "beach": ("on the beach", "at the beach", "on a sandy beach", "by the sea"),
    "snow": ("in the snow", "in a snowy forest", "in winter", "on snow"),
    "desert": ("in the desert", "in a desert", "among cactuses", "on a dune"),
    "meadow": ("in a meadow", "on the grass", "in a field", "on a green hill"),
    "garden": ("in the garden", "in a garden", "by a white fence", "among flowers"),
    "forest": ("in the forest", "in a forest", "in the woods", "among trees"),
    "mountains": ("in the mountains", "in front of a mountain", "with mountains behind", "in the Alps"),
    "city": ("in the city", "in a city", "in town", "in front of tall buildings"),
    "road": ("on the road", "on a road", "on the street", "on a country road"),
    "room": ("in a room", "in the living room", "at home", "indoors"),
    "stage": ("on stage", "on a stage", "in a theater", "in the spotlight"),
    "underwater": ("under water", "underwater", "swimming underwater", "in the sea"),
    "space": ("in space", "in outer space", "among the stars", "floating in space"),
    "clouds": ("in the sky", "in the clouds", "above the clouds", "flying in the sky"),
    "rain": ("in the rain", "on a rainy day", "in rainy weather", "in bad weather"),
}
PLACE_NAMES: dict[str, tuple[str, ...]] = {
    "beach": ("a beach", "a sandy beach"), "snow": ("a snowy forest", "snow"), "desert": ("a desert", "dunes"), "meadow": ("a meadow", "grass"),
    "garden": ("a garden", "a white fence"), "forest": ("a forest", "the woods"), "mountains": ("mountains", "a mountain"),
    "city": ("a city", "tall buildings"), "road": ("a road", "a country road"), "room": ("a room", "a living room"),
    "stage": ("a stage", "a theater"), "underwater": ("under water", "the deep sea"), "space": ("space", "the stars"),
    "clouds": ("clouds", "the sky"), "rain": ("rain", "a rainy day"),
}  # fmt: skip
TIME_WORDS = {"night": ("at night", "by night", "at night", "under the moon"), "sunset": ("at sunset", "at dusk", "in the evening")}


def background_words(rng: Random, scene: Scene) -> str:
    if scene.background in PLACES:
        words = rng.choice(PLACE_WORDS[scene.background])
        if scene.time == "day":
            return words + rng.choice(("", "", "", "", " during the day", " by day")) if scene.background not in INDOORS else words
        time = rng.choice(TIME_WORDS[scene.time])
        return f"{time} {words}" if rng.random() < 0.12 else f"{words} {time}"
    if scene.background == "white":
        return rng.choice(("", "", "", "", "on white", "on a white background"))
    return rng.choice(("on a {} background", "on a {} background", "against a {} background", "with a {} background", "on {}")).format(scene.background)


def caption(rng: Random, scene: Scene) -> str:
    """The scene in words with one `<i>` for each picture. Names are dropped half of the time, for all subjects together."""
    named = rng.random() < 0.5 and len(scene.subjects) < 3

    def mention(subject: Subject) -> str:
        if not scene.pictured:
            return subject.name
        if not named:
            return "<i>"
        return rng.choice((f"{subject.name} <i>", f"{subject.name} <i>", f"<i> {subject.name}"))

    first = mention(scene.subjects[0]) if scene.subjects else ""
    place = background_words(rng, scene)
    if scene.kind == "empty":
        night = {"day": "", "night": " at night", "sunset": " at sunset"}[scene.time]
        what = rng.choice(PLACE_NAMES[scene.background]) + night if scene.background in PLACES else place
    elif scene.kind == "twins":
        what = rng.choice(("two {}", "two {}", "a pair of {}", "{} twice", "2 {}")).format(first)
    elif scene.kind == "triplets":
        what = rng.choice(("three {}", "3 {}", "three of {}")).format(first)
    elif scene.kind == "group" and len(scene.subjects) == 2:
        what = rng.choice(("{} next to {}", "{} next to {}", "{} and {}", "{} and {}", "{} with {}", "{} beside {}")).format(first, mention(scene.subjects[1]))
    elif scene.kind == "group":
        what = rng.choice(("{}, {} and {}", "{} next to {} and {}", "{} and {} and {}")).format(*(mention(subject) for subject in scene.subjects))
    elif scene.size == "tiny":
        what = rng.choice(("tiny {}", "a tiny {}", "small {}", "{}, tiny", "little {}")).format(first)
    elif scene.size == "big":
        what = rng.choice(("big {}", "a huge {}", "giant {}", "{}, big", "a close-up of {}")).format(first)
    elif scene.colour:
        what = rng.choice(("{}, {}", "{}, {}", "{}, {}", "{} in {}", "{}, painted {}")).format(first, scene.colour)
    else:
        what = rng.choice(("{}",) * 7 + ("a {}", "a photo of {}", "a picture of {}", "an image of {}")).format(first)
    if scene.kind == "empty":
        text = what
    else:
        comma = ", " if place and rng.random() < 0.06 else " "
        text = what + comma + place
    if scene.style == "pencil sketch":
        text = rng.choice(("{} as a pencil sketch", "{} as a pencil drawing", "{}, pencil sketch", "a pencil sketch of {}")).format(text.strip())
    elif scene.style:
        text = rng.choice(("{} in black and white", "{}, black and white", "a black and white photo of {}")).format(text.strip())
    return text.strip()


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


def put(image: Image.Image, sprite: np.ndarray, centre: float, base: float, size: float, time: str, shadow: bool) -> None:
    """Pastes with its longest side `size`, standing on `base`; a soft contact shadow under it, and the light of the hour on it."""
    lit = np.concatenate([(sprite[..., :3] * subject_light(time)).round().clip(0, 255).astype(np.uint8), sprite[..., 3:]], -1)
    picture = Image.fromarray(lit)
    picture = picture.crop(picture.getchannel("A").point(lambda a: 255 * (a > 8)).getbbox())
    scale = size * SCALE / max(picture.size)
    w, h = max(2, round(picture.width * scale)), max(2, round(picture.height * scale))
    picture = picture.resize((w, h), Image.Resampling.BICUBIC)
    x, y = centre * SCALE, base * SCALE
    if shadow:
        mask = Image.new("L", image.size)
        ImageDraw.Draw(mask).ellipse([x - w * 0.42, y - size * 0.1, x + w * 0.42, y + size * 0.1], fill=110)
        image.paste((18, 18, 30), (0, 0), mask.filter(ImageFilter.BoxBlur(max(2, size * 0.05))))
    image.paste(picture, (round(x - w / 2), round(y - h)), picture)


def pencil(image: Image.Image) -> Image.Image:
    grey = np.asarray(image.convert("L").filter(ImageFilter.GaussianBlur(1.2)), np.float32)
    edges = np.abs(np.diff(grey, axis=1, prepend=grey[:, :1])) + np.abs(np.diff(grey, axis=0, prepend=grey[:1]))
    drawn = np.clip(255 - edges * 7, 0, 255) * 0.8 + grey * 0.2
    return Image.fromarray(np.repeat(drawn[..., None], 3, -1).clip(0, 255).astype(np.uint8))


def placements(scene: Scene) -> list[tuple[int, float, float, float]]:
    """(subject, centre x, base y, size) for each copy, picture pixels."""
    j = scene.jitters
    if scene.kind == "empty":
        return []
    if scene.kind == "twins":
        return [(0, 26 + j[1], 84 + j[2], 42.0), (0, 70 + j[3], 84 + j[0], 42.0)]
    if scene.kind == "triplets" or len(scene.subjects) == 3:
        order = (0, 0, 0) if scene.kind == "triplets" else (0, 1, 2)
        return [(order[k], 17.5 + 30.5 * k + 0.6 * j[1 + k], 82 + j[0], 29.0) for k in range(3)]
    if scene.kind == "group":
        return [(0, 26 + j[1], 84 + j[2], 42.0), (1, 70 + j[3], 84 + j[0], 42.0)]
    if scene.size == "tiny":
        return [(0, 48 + 2 * j[1], 80 + j[2], 24.0)]
    if scene.size == "big":
        return [(0, 48 + j[1], 92 + j[2], 84.0)]
    return [(0, 48 + 2 * j[1], 85 + j[2], 60 + 2 * j[3])]


def render(scene: Scene, entities: np.ndarray) -> np.ndarray:
    """uint8 [96, 96, 3]."""
    image = draw_background(scene.background, scene.time, scene.variant)
    sprites = [sprite_of(subject, entities) for subject in scene.subjects]
    if scene.colour:
        sprites = [paint(sprite, scene.colour) for sprite in sprites]
    outside = scene.background in PLACES
    for index, x, base, size in placements(scene):
        if scene.background in FLOATING or not outside:  # nothing to stand on: in the middle
            base = 49 + size / 2 + 0.3 * (base - 84)
        put(image, sprites[index], x, base, size, scene.time, shadow=outside and scene.background not in FLOATING)
    if scene.style == "pencil sketch":
        image = pencil(image)
    elif scene.style:
        image = image.convert("L").convert("RGB")
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX))


def render_reference(subject: Subject, entities: np.ndarray) -> np.ndarray:
    """The picture given with the prompt: a square crop around the subject, uint8 [96, 96, 3]."""
    image = draw_background(subject.reference_background, subject.reference_time, subject.reference_variant)
    put(image, sprite_of(subject, entities), SIZE / 2, SIZE / 2 + 42, 84.0, subject.reference_time, shadow=False)
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BOX))
