"""What is asked of the model and how the judges look at the answer: prompts with their true scenes.

A case is one prompt with the scene that it describes. Wordings are plain and without the subject's name: the picture alone says what it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random

from data.accessories import PLACE_OF
from data.scenery import COLOURS, FLOATING, OPEN_AIR, PLACES, VARIANTS, WEATHER, weather_of
from data.scenes import Accessory, Scene, Subject, portrait
from data.styles import STYLES, TONES
from data.wording import PLACE_WORDS, STYLE_WORDS, TIME_WORDS, TONE_WORDS, WEATHER_WORDS, worn_words
from kosmosg.text import IMAGE_MARK

from .networks import Box

HOURS = ("day", "night", "sunset")
SIZES = ("tiny", "normal", "big")
COUNTS = {"one": 1, "twins": 2, "triplets": 3, "four": 4}
RELATIONS = {"group": "next to", "on": "on", "front": "in front of"}
NOTHING = "none"
BOXES: dict[str, Box] = {"one": (0.1, 0.14, 0.9, 0.94), "left": (0, 0.4, 0.5, 0.9), "right": (0.5, 0.4, 1, 0.9)}
"""Where the embedding looks: the middle of the picture, or one of its halves where two subjects stand side by side on the ground."""
STANDING = tuple(place for place in PLACES if place not in FLOATING)
ANSWERS: dict[str, list[str]] = {
    "place": [*PLACES, *COLOURS],
    "hour": list(HOURS),
    "colour": [NOTHING, *TONES],
    "size": list(SIZES),
    "style": [NOTHING, *STYLES],
    "weather": [NOTHING, *WEATHER],
    "accessory": [NOTHING, *PLACE_OF],
    "count": [str(count) for count in COUNTS.values()],
    "relation": [NOTHING, *RELATIONS.values()],
}
"""What each probe may answer."""
ATTRIBUTES = ("colour", "size", "style", "weather", "accessory")


COLOURLESS = {style for style in STYLES if style not in ("pixel art", "mosaic")}
"""Styles that leave no colour to tell by."""


def truth(scene: Scene) -> dict[str, str]:
    """The right answer to every question that the scene settles."""
    answers = {"style": scene.style or NOTHING}
    if scene.style not in COLOURLESS:
        answers["place"] = scene.background
        if scene.background in OPEN_AIR:
            answers["hour"] = scene.time
    if scene.background in PLACES:
        answers["weather"] = weather_of(scene.background, scene.weather) or NOTHING
    if scene.kind in COUNTS:
        answers["count"] = str(COUNTS[scene.kind])
    if scene.kind in RELATIONS and len(scene.subjects) == 2:
        answers["relation"] = RELATIONS[scene.kind]
    elif scene.kind == "twins":  # two of one subject stand as two subjects do
        answers["relation"] = "next to"
    elif scene.kind in COUNTS:
        answers["relation"] = NOTHING
    if scene.kind == "one":
        answers |= {"size": scene.size or "normal", "accessory": scene.accessory.name if scene.accessory else NOTHING}
        if scene.style not in COLOURLESS:
            answers["colour"] = scene.colour or NOTHING
    return answers


def style_words(style: str) -> str:
    """With {} for what is drawn so."""
    return TONE_WORDS[0].format(style.removesuffix(" tones")) if style.endswith(" tones") else STYLE_WORDS[style][0]


def where_words(scene: Scene) -> str:
    if scene.background not in PLACES:
        return f"on a {scene.background} background"
    words = [PLACE_WORDS[scene.background][0]]
    words += [WEATHER_WORDS[scene.weather][0]] if scene.weather else []
    return " ".join(words + ([TIME_WORDS[scene.time][0]] if scene.time != "day" else []))


def wording(scene: Scene) -> str:
    """The prompt of a composed scene, one `<i>` for each different subject."""
    one, number = IMAGE_MARK, {"twins": "two ", "triplets": "three ", "four": "four "}
    if scene.kind in RELATIONS:
        what = f"{one} {RELATIONS[scene.kind]} {one}"
    else:
        what = number.get(scene.kind, f"{scene.size} " if scene.size else "") + one
    what += f", {scene.colour}" if scene.colour else ""
    what += f" wearing {worn_words(scene.accessory)}" if scene.accessory else ""
    text = f"{what} {where_words(scene)}"
    return style_words(scene.style).format(text) if scene.style else text


@dataclass(frozen=True)
class Case:
    name: str
    """Its noise is drawn from this."""
    target: Scene
    references: tuple[Scene, ...]
    prompt: str
    asks: tuple[str, ...] = ()
    """Questions to the probes; all must be answered rightly."""

    @property
    def words(self) -> str:
        """The prompt with the subjects' names in place of their pictures."""
        text = self.prompt
        for subject in self.target.subjects:
            text = text.replace(IMAGE_MARK, subject.name, 1)
        return text

    @property
    def boxes(self) -> list[Box]:
        """Where each different subject is looked for."""
        return [BOXES["left"], BOXES["right"]] if self.target.kind == "group" else [BOXES["one"]]


def composed(name: str, target: Scene, *asks: str) -> Case:
    settled = truth(target)
    return Case(name, target, tuple(portrait(subject) for subject in target.subjects), wording(target), tuple(question for question in asks if question in settled))


class Surroundings:
    """Backgrounds in turn, so that few cases still show all of them; variant and jitters from a generator of their own."""

    def __init__(self, name: str, backgrounds: Iterable[str] = PLACES, hours: tuple[str, ...] = ("day",)) -> None:
        self.rng = Random(name)
        self.all = [(place, hour) for hour in hours for place in backgrounds if hour == "day" or place in OPEN_AIR]
        self.all = [(place, hour) for place, hour in self.all if not (hour == "sunset" and place in ("rain", "fog"))]  # there is none to be seen
        self.rng.shuffle(self.all)
        self.at = 0

    def scene(self, kind: str, *subjects: Subject, **more: object) -> Scene:
        background, hour = self.all[self.at % len(self.all)]
        self.at += 1
        jitters = tuple(self.rng.uniform(-1, 1) for _ in range(4))
        return Scene(kind, background, hour, subjects=subjects, variant=self.rng.randrange(VARIANTS), jitters=jitters, **more)


def identity_cases(name: str, subjects: list[Subject], each: int) -> list[Case]:
    """Every subject alone, `each` times: in all places at all hours, and on plain colours."""
    around = Surroundings(name, [*PLACES, *COLOURS], HOURS)
    return [composed(f"{name} {turn} {row}", around.scene("one", subject), "place", "hour") for turn in range(each) for row, subject in enumerate(subjects)]


def attribute_cases(name: str, subjects: list[Subject], creatures: list[Subject], share: float = 1.0) -> dict[str, list[Case]]:
    """Colours, sizes, styles, weather and things to wear, by day, in all places in turn; a style also from a picture that has it.

    At a `share` of 1, each colour four times, each size ten, style two, weather eight, thing to wear two.
    """
    around, open_air = Surroundings(name), Surroundings(name, [place for place in OPEN_AIR if place not in WEATHER])
    cases: dict[str, list[Case]] = {question: [] for question in (*ATTRIBUTES, "style picture")}

    def many(question: str, answers: Iterable[str], each: int) -> Iterable[tuple[str, Subject]]:
        """Answers, each `each` times, with a subject for each."""
        for row, answer in enumerate([*answers] * max(1, round(each * share))):
            yield answer, subjects[(row * 7 + len(question)) % len(subjects)]

    def ask(question: str, target: Scene) -> None:
        cases[question].append(composed(f"{name} {question} {len(cases[question])}", target, question))

    for hue, subject in many("colour", TONES, 4):
        ask("colour", around.scene("one", subject, colour=hue))
    for size, subject in many("size", ("tiny", "big"), 10):
        ask("size", around.scene("one", subject, size=size))
    for style, subject in many("style", STYLES, 2):
        ask("style", around.scene("one", subject, style=style))
    for weather, subject in many("weather", WEATHER, 8):
        ask("weather", open_air.scene("one", subject, weather=weather))
    for row, (worn, _) in enumerate(many("accessory", PLACE_OF, 2)):
        able = [creature for creature in creatures if PLACE_OF[worn] == "head" or creature.face] or creatures
        ask("accessory", around.scene("one", able[row % len(able)], accessory=Accessory(worn, PLACE_OF[worn])))
    for style, subject in many("style picture", STYLES, 2):
        target = around.scene("one", subject, style=style)
        example = around.scene("one", subjects[(subjects.index(subject) + 1) % len(subjects)], style=style)
        prompt = f"{wording(replace(target, style=None))} in the style of {IMAGE_MARK}"
        cases["style picture"].append(Case(f"{name} style picture {len(cases['style picture'])}", target, (portrait(subject), example), prompt, ("style",)))
    return cases


def count_cases(name: str, subjects: list[Subject], each: int) -> list[Case]:
    """One, two, three and four of a subject, `each` times."""
    around = Surroundings(name)
    kinds = [kind for _ in range(each) for kind in COUNTS]
    return [composed(f"{name} {row}", around.scene(kind, subjects[row % len(subjects)]), "count") for row, kind in enumerate(kinds)]


def relation_cases(name: str, subjects: list[Subject], count: int, kind: str) -> list[Case]:
    """`count` pairs of subjects, on the ground."""
    around = Surroundings(f"{name} {kind}", STANDING)
    step = {"group": 1, "on": 2, "front": 3}[kind]
    pairs = [(subjects[row % len(subjects)], subjects[(row + step) % len(subjects)]) for row in range(count)]
    return [composed(f"{name} {kind} {row}", around.scene(kind, *pair), "relation") for row, pair in enumerate(pairs)]


EDITS: dict[str, tuple[str, dict[str, object]]] = {
    "make it night": ("hour", {"time": "night"}),
    "make it rain": ("weather", {"weather": "rain"}),
    "make it snow": ("weather", {"weather": "snow"}),
    "put it on the beach": ("place", {"background": "beach"}),
    "put it in space": ("place", {"background": "space"}),
    "remove the background": ("place", {"background": "white"}),
    "make it red": ("colour", {"colour": "red"}),
    "make it blue": ("colour", {"colour": "blue"}),
    "turn it into a pencil sketch": ("style", {"style": "pencil sketch"}),
    "turn it into pixel art": ("style", {"style": "pixel art"}),
    "make it tiny": ("size", {"size": "tiny"}),
    "make it two": ("count", {"kind": "twins"}),
    "put a top hat on it": ("accessory", {"accessory": Accessory("top hat", PLACE_OF["top hat"])}),
}
"""Words that change a whole given scene, what then is asked, and the change."""
UNTOUCHED = ("hour", "weather", "place")
"""Questions whose edits leave the subject as it is."""


def edit_cases(name: str, subjects: list[Subject], creatures: list[Subject], each: int) -> list[Case]:
    """A scene by day, under the open sky, given as a picture with the words that change it. The place is asked too: what is not named has to stay."""
    around, cases = Surroundings(name, [place for place in OPEN_AIR if place not in (*WEATHER, "beach")]), []
    for _ in range(each):
        for words, (question, change) in EDITS.items():
            able = creatures if question == "accessory" else subjects
            base = around.scene("one", able[len(cases) % len(able)])
            target = replace(base, **change)
            asks = tuple(dict.fromkeys((question, "place") if "place" in truth(target) else (question,)))
            cases.append(Case(f"{name} {len(cases)}", target, (base,), f"{IMAGE_MARK} {words}", asks))
    return cases
