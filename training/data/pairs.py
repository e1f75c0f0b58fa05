"""What a shard shows: pairs of a prompt (words and reference pictures) and the picture that it asks for.

Three sources, mixed 1 : 2 : 2 as in the paper: text alone; composed, where subjects given as pictures come into a new scene; and edits,
where a whole scene is given with the words that change it.
"""

from dataclasses import dataclass, field, replace
from random import Random

from .accessories import OF_A_COLOUR, PICTURED, PLACE_OF
from .scenery import COLOURS, OPEN_AIR, PLACES, VARIANTS, WEATHER, weather_of
from .scenes import SIZE, Accessory, Pair, Scene, Subject, portrait
from .styles import STYLES, TONES
from .wording import caption, describe

GENERATOR_VERSION = 2
"""Goes up whenever a shard of the same number would show something else."""
MAX_REFERENCES = 3
HUES = TONES
COLOUR_WORDS = {*COLOURS, "brown", "grey", "blond", "rainbow"}

TEXT_KINDS = {"place": 34, "empty": 16, "colour": 10, "size": 8, "style": 8, "count": 8, "group": 6, "on": 3, "front": 3, "accessory": 4}
COMPOSED_KINDS = {
    "place": 36, "colour": 9, "size": 7, "style": 6, "count": 9, "group": 10, "three": 3, "on": 6, "front": 6, "accessory": 6,
    "accessory picture": 6, "style picture": 6,
}  # fmt: skip
EDIT_KINDS = {
    "place": 16, "time": 13, "weather": 12, "style": 10, "colour": 9, "plain": 8, "add": 9, "replace": 8, "accessory": 7, "accessory picture": 5,
    "undress": 3, "remove": 6, "style picture": 6, "size": 5, "count": 5, "mirror": 2,
}  # fmt: skip
"""What is asked for how often, as far as the scene allows it."""


@dataclass(frozen=True)
class GeneratorConfig:
    mix: dict[str, float] = field(default_factory=lambda: {"text": 1, "composed": 2, "edit": 2})
    """Weights of the three sources."""
    kinds: dict[str, dict[str, float]] = field(default_factory=lambda: {"text": TEXT_KINDS, "composed": COMPOSED_KINDS, "edit": EDIT_KINDS})
    """Weights of each source's kinds."""
    size: int = SIZE
    """Pixels a side."""
    subjects: int = 400
    scenes: int = 1200
    wordings: int = 4


@dataclass(frozen=True)
class Shard:
    pairs: list[Pair]
    captions: list[list[str]]
    """`wordings` of each pair's prompt, `<i>` for each reference picture"""
    descriptions: list[str]
    """what each target shows, in words alone"""

    def references(self) -> list[Scene]:
        """Each reference picture once, in the order of first use."""
        return list(dict.fromkeys(scene for pair in self.pairs for scene in pair.references))


def pick(rng: Random, weights: dict[str, float]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def sample_subject(rng: Random, entity: int, row: dict) -> Subject:
    """Half mirrored, four in ten with another hue (unless the name says a colour), half before a background of their own."""
    hue = rng.randrange(30, 331) if rng.random() < 0.4 and not COLOUR_WORDS & set(row["name"].split()) else 0
    mirrored, place = rng.random() < 0.5, rng.random()
    background = "white" if place < 0.5 else rng.choice(list(COLOURS)) if place < 0.68 else rng.choice(list(PLACES))
    time = "night" if background in OPEN_AIR and rng.random() < 0.15 else "day"
    return Subject(
        entity, row["name"], hue, mirrored, background, time, rng.randrange(VARIANTS), bool(row.get("creature")), bool(row.get("face"))
    )


class Sampler:
    """Draws pairs from the subjects of one shard."""

    def __init__(self, rng: Random, subjects: list[Subject], worn: list[Accessory], kinds: dict[str, dict[str, float]]):
        self.rng, self.subjects, self.kinds = rng, subjects, kinds
        self.creatures = [subject for subject in subjects if subject.creature] or subjects
        self.worn = worn
        """Accessories of the art, as pictures."""
        self.bases: list[tuple[Scene, set[str]]] = []
        """Scenes that were given to be edited, and the kinds of edits that they have had."""

    def surroundings(self, places: float = 0.72) -> dict:
        """background, time, weather, variant and jitters of a scene; `places`: share of scenes that are somewhere."""
        rng, draw = self.rng, self.rng.random()
        background = rng.choice(list(PLACES)) if draw < places else rng.choice(list(COLOURS)) if draw < (1 + places) / 2 else "white"
        time, weather = "day", None
        if background in OPEN_AIR:
            time = rng.choices(("day", "night", "sunset"), (66, 24, 10))[0]
            if background not in WEATHER[::2] and rng.random() < 0.16:
                weather = rng.choice(WEATHER)
            if weather_of(background, weather) in ("rain", "fog") and time == "sunset":
                time = "day"
        jitters = tuple(rng.uniform(-1, 1) for _ in range(4))
        return {"background": background, "time": time, "weather": weather, "variant": rng.randrange(VARIANTS), "jitters": jitters}

    def accessory(self, subject: Subject) -> Accessory:
        """One drawn by rule that the subject can wear, half of those that come in colours in another than their usual one."""
        names = [name for name, where in PLACE_OF.items() if where == "head" or subject.face]
        name = self.rng.choice(names)
        colour = self.rng.choice([hue for hue in HUES if hue != OF_A_COLOUR[name]]) if name in OF_A_COLOUR and self.rng.random() < 0.5 else None
        return Accessory(name, PLACE_OF[name], colour)

    def accessory_picture(self, subject: Subject) -> tuple[Accessory, Scene]:
        """One that is given as a picture: of the art where this side has some, else drawn by rule."""
        of_art = [worn for worn in self.worn if worn.where == "head" or subject.face]
        worn = self.rng.choice(of_art) if of_art and self.rng.random() < 0.5 else self.accessory(subject)
        return worn, Scene("portrait", accessory=worn)

    def style_picture(self, target: Scene) -> Scene:
        """A picture of something else, somewhere else, in the target's style."""
        others = [subject for subject in self.subjects if subject not in target.subjects]
        around = self.surroundings(0.9)
        while around["background"] == target.background:
            around = self.surroundings(0.9)
        return Scene("one", subjects=(self.rng.choice(others),), style=target.style, **around)

    def target(self, kind: str) -> Scene:
        """A scene of one of the kinds that text and composed prompts share."""
        rng = self.rng
        around = self.surroundings()
        if kind == "empty":
            return Scene("empty", **self.surroundings(1.0))
        if kind in ("accessory", "accessory picture"):
            subject = rng.choice(self.creatures)
            return Scene("one", subjects=(subject,), accessory=self.accessory(subject), **around)
        count = {"group": 2, "three": 3, "on": 2, "front": 2}.get(kind, 1)
        scene = Scene("one", subjects=tuple(rng.sample(self.subjects, count)), **around)
        if kind == "colour":
            return replace(scene, colour=rng.choice(HUES))
        if kind == "size":
            return replace(scene, size=rng.choice(("tiny", "tiny", "big")))
        if kind in ("style", "style picture"):
            return replace(scene, style=self.style())
        if kind == "count":
            return replace(scene, kind=rng.choices(("twins", "triplets", "four"), (6, 3, 2))[0])
        if kind in ("on", "front"):
            return replace(scene, kind=rng.choice((kind, kind, {"on": "under", "front": "behind"}[kind])))
        return replace(scene, kind="one" if kind == "place" else "group")

    def style(self) -> str:
        """Pencil sketches and pixel art oftener than each of the tones."""
        weights = {"pencil sketch": 6, "pixel art": 5} | {f"{colour} tones": 1 for colour in TONES}
        return self.rng.choices(STYLES, [weights.get(style, 3) for style in STYLES])[0]

    def text(self) -> Pair:
        kind = pick(self.rng, self.kinds["text"])
        target = self.target(kind)
        # words know no hue
        return Pair("text", kind, (), replace(target, subjects=tuple(replace(subject, hue=0) for subject in target.subjects)))

    def composed(self) -> Pair:
        kind = pick(self.rng, self.kinds["composed"])
        target = self.target(kind)
        pictures = tuple(portrait(subject) for subject in target.subjects)
        if kind == "accessory picture":
            worn, picture = self.accessory_picture(target.subjects[0])
            return Pair("composed", kind, (*pictures, picture), replace(target, accessory=worn))
        if kind == "style picture":
            return Pair("composed", kind, (*pictures, self.style_picture(target)), target)
        return Pair("composed", kind, pictures, target)

    def base(self) -> Scene:
        """A scene to be edited."""
        rng = self.rng
        kind = rng.choices(("one", "left", "right", "group", "twins", "empty"), (70, 9, 9, 9, 4, 4))[0]
        around = self.surroundings(0.8)
        if kind == "empty":
            return Scene("empty", **self.surroundings(1.0))
        subjects = tuple(rng.sample(self.subjects, 2 if kind == "group" else 1))
        if kind == "one" and rng.random() < 0.4:  # edits of what is worn need someone who wears
            subjects = (rng.choice(self.creatures),)
        accessory = self.accessory(subjects[0]) if kind == "one" and subjects[0].creature and rng.random() < 0.12 else None
        return Scene(kind, subjects=subjects, accessory=accessory, **around)

    def possible(self, base: Scene) -> set[str]:
        """The kinds of edits that `base` allows."""
        inside = base.background in PLACES
        kinds = {"style", "style picture", "mirror"} | ({"place"} if base.subjects else set())
        if base.background in OPEN_AIR:
            kinds.add("time")
            if base.background not in ("rain", "fog") and base.time != "sunset":
                kinds.add("weather")
        if base.subjects and inside:
            kinds.add("plain")
        if base.kind == "one":
            kinds |= {"colour", "replace"} | ({"undress"} if base.accessory else {"count", "size"})
            if base.subjects[0].creature and not base.accessory:
                kinds |= {"accessory", "accessory picture"}
        if base.kind in ("left", "right"):
            kinds |= {"add", "colour"}
        if base.kind == "group":
            kinds.add("remove")
        return kinds

    def edited(self, base: Scene, kind: str) -> tuple[Scene, Scene | None]:
        """`base` after an edit, and the second picture of its prompt if there is one."""
        rng = self.rng
        others = [subject for subject in self.subjects if subject not in base.subjects]
        if kind == "place":
            background = rng.choice([place for place in PLACES if place != base.background])
            outdoors = background in OPEN_AIR
            time = base.time if outdoors else "day"
            weather = base.weather if outdoors and background not in ("rain", "fog") else None
            if background in ("rain", "fog") and time == "sunset":
                time = "day"
            return replace(base, background=background, time=time, weather=weather), None
        if kind == "time":
            times = ["day", "night"] if weather_of(base.background, base.weather) else ["day", "night", "sunset"]
            return replace(base, time=rng.choice([time for time in times if time != base.time])), None
        if kind == "weather":
            return replace(base, weather=None if base.weather else rng.choice(WEATHER)), None
        if kind == "style":
            return replace(base, style=self.style()), None
        if kind == "colour":
            return replace(base, colour=rng.choice(HUES)), None
        if kind == "plain":
            background = "white" if rng.random() < 0.6 else rng.choice(list(COLOURS))
            return replace(base, background=background, time="day", weather=None), None
        if kind == "size":
            return replace(base, size=rng.choice(("tiny", "big"))), None
        if kind == "count":
            return replace(base, kind=rng.choices(("twins", "triplets", "four"), (6, 3, 2))[0]), None
        if kind == "mirror":
            return replace(base, flipped=True), None
        if kind == "accessory":
            return replace(base, accessory=self.accessory(base.subjects[0])), None
        if kind == "undress":
            return replace(base, accessory=None), None
        if kind == "remove":
            stays = rng.randrange(2)
            return replace(base, kind=("left", "right")[stays], subjects=(base.subjects[stays],)), None
        if kind == "accessory picture":
            worn, picture = self.accessory_picture(base.subjects[0])
            return replace(base, accessory=worn), picture
        if kind == "style picture":
            target = replace(base, style=self.style())
            return target, self.style_picture(target)
        new = rng.choice(others)
        if kind == "replace":
            return replace(base, subjects=(new,), accessory=None), portrait(new)
        assert kind == "add", kind
        return replace(base, kind="group", subjects=(*base.subjects, new) if base.kind == "left" else (new, *base.subjects)), portrait(new)

    def edit(self) -> Pair:
        """Of scenes that allow the kind drawn, an earlier one where there is one that has not had it: one scene under several edits teaches reading."""
        kind = pick(self.rng, self.kinds["edit"])
        known = [at for at, (scene, had) in enumerate(self.bases) if kind not in had and len(had) < 3 and kind in self.possible(scene)]
        if known and self.rng.random() < 0.6:
            at = self.rng.choice(known)
        else:
            base = self.base()
            while kind not in self.possible(base):
                base = self.base()
            at = len(self.bases)
            self.bases.append((base, set()))
        base, had = self.bases[at]
        had.add(kind)
        target, picture = self.edited(base, kind)
        return Pair("edit", kind, (base, picture) if picture else (base,), target)


def compose(split: str, number: int, rows: list[dict], config: GeneratorConfig | None = None) -> Shard:
    """What shard `number` of `split` (train or held_out) shows: a function of these arguments alone."""
    config = config or GeneratorConfig()
    rng = Random(f"{split} {number}")
    pool = [index for index, row in enumerate(rows) if row["held_out"] == (split == "held_out")]
    subjects = [sample_subject(rng, index, rows[index]) for index in rng.sample(pool, min(config.subjects, len(pool)))]
    wearable = [index for index in pool if rows[index]["name"] in PICTURED]
    worn = []
    for index in rng.sample(wearable, min(20, len(wearable))):
        name = rows[index]["name"]
        worn.append(Accessory(name, PICTURED[name], subject=replace(sample_subject(rng, index, rows[index]), reference_background="white")))
    sampler = Sampler(rng, subjects, worn, config.kinds)
    draw = {"text": sampler.text, "composed": sampler.composed, "edit": sampler.edit}
    pairs = [draw[pick(rng, config.mix)]() for _ in range(config.scenes)]
    captions = [[caption(rng, pair) for _ in range(config.wordings)] for pair in pairs]
    return Shard(pairs, captions, [describe(rng, pair.target) for pair in pairs])
