"""A pair's prompt in words, with one `<i>` for each reference picture; and what a scene shows in words alone.

A small grammar with several wordings of everything. Names are dropped half of the time, for all pictures of a prompt together.
"""

import re
from random import Random

from .scenery import COLOURS, INDOORS, PLACES
from .scenes import Accessory, Pair, Scene, Subject

MARK = "<i>"
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
    "fog": ("in the fog", "on a foggy day", "in thick fog", "in the mist"),
}
PLACE_NAMES: dict[str, tuple[str, ...]] = {
    "beach": ("a beach", "a sandy beach"), "snow": ("a snowy forest", "snow"), "desert": ("a desert", "dunes"), "meadow": ("a meadow", "grass"),
    "garden": ("a garden", "a white fence"), "forest": ("a forest", "the woods"), "mountains": ("mountains", "a mountain"),
    "city": ("a city", "tall buildings"), "road": ("a road", "a country road"), "room": ("a room", "a living room"),
    "stage": ("a stage", "a theater"), "underwater": ("under water", "the deep sea"), "space": ("space", "the stars"),
    "clouds": ("clouds", "the sky"), "rain": ("rain", "a rainy day"), "fog": ("fog", "a foggy day"),
}  # fmt: skip
TIME_WORDS = {"night": ("at night", "by night", "at night", "under the moon"), "sunset": ("at sunset", "at dusk", "in the evening")}
WEATHER_WORDS = {
    "rain": ("in the rain", "in the rain", "on a rainy day", "while it rains"), "snow": ("while it snows", "in falling snow", "while it is snowing"),
    "fog": ("in the fog", "in the fog", "on a foggy day", "in the mist"),
}  # fmt: skip
STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "pencil sketch": ("{} as a pencil sketch", "{} as a pencil drawing", "{}, pencil sketch", "a pencil sketch of {}"),
    "pixel art": ("{} as pixel art", "{} in pixel art", "{}, pixel art", "pixel art of {}"),
    "black and white": ("{} in black and white", "{}, black and white", "a black and white photo of {}"),
    "line drawing": ("{} as a line drawing", "{}, line drawing", "a line drawing of {}", "{} as a coloring page"),
    "mosaic": ("{} as a mosaic", "{}, mosaic", "a mosaic of {}"),
    "neon": ("{} in neon lights", "{} as a neon sign", "{}, neon"),
    "sepia": ("{} in sepia", "an old photo of {}", "{} as an old photo"),
}
TONE_WORDS = ("{{}} in shades of {0}", "{{}} in {0} tones", "{{}}, all in {0}")
STYLE_EDITS: dict[str, tuple[str, ...]] = {
    "pencil sketch": ("turn it into a pencil sketch", "make it a pencil sketch", "as a pencil drawing"),
    "pixel art": ("turn it into pixel art", "make it pixel art", "as pixel art"),
    "black and white": ("make it black and white", "in black and white", "remove the color"),
    "line drawing": ("turn it into a line drawing", "make it a line drawing", "as a coloring page"),
    "mosaic": ("turn it into a mosaic", "make it a mosaic", "as a mosaic"),
    "neon": ("turn it into a neon sign", "draw it in neon lights", "as a neon sign"),
    "sepia": ("make it an old photo", "turn it into an old photo", "in sepia"),
}
TONE_EDITS = ("in shades of {}", "make it all {}", "draw it in {} tones")
TIME_EDITS = {
    "night": ("make it night", "make it night", "turn day into night", "make it dark"),
    "day": ("make it day", "make it day", "by daylight", "make it bright"),
    "sunset": ("make it sunset", "make it evening", "at sunset"),
}  # fmt: skip
WEATHER_EDITS = {
    "rain": ("make it rain", "make it rain", "add rain", "let it rain"), "snow": ("make it snow", "make it snow", "add snow", "let it snow"),
    "fog": ("add fog", "make it foggy", "in the fog"), None: ("make it sunny", "with good weather", "clear the sky"),
}  # fmt: skip
SIDES = ("left", "right")


def article(words: str, before: str | None = None) -> str:
    """`words` with the article that they (or `before`, which will take their place) need."""
    return f"{'an' if (before or words)[0] in 'aeiou' else 'a'} {words}"


def plural(name: str) -> str:
    head = re.match(r"(.+?)( (?:of|with|without|in|behind|over|and rain)\b.*)", name)
    if head:
        return plural(head[1]) + head[2]
    if name.endswith("s") and not name.endswith(("ss", "us")):
        return name
    if name.endswith(("s", "x", "ch", "sh")):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") and name[-2:-1] not in "aeiou" else f"{name}s"


def style_words(rng: Random, style: str) -> str:
    if style.endswith(" tones"):
        return rng.choice(TONE_WORDS).format(style.removesuffix(" tones"))
    return rng.choice(STYLE_WORDS[style])


def worn_words(accessory: Accessory) -> str:
    """`a red cap`, `sunglasses`."""
    words = f"{accessory.colour} {accessory.name}" if accessory.colour else accessory.name
    return words if words.endswith("s") else article(words)


def background_words(rng: Random, scene: Scene) -> str:
    """Place, weather and time, in one of the orders that one would say them in."""
    if scene.background in PLACES:
        words = rng.choice(PLACE_WORDS[scene.background])
        if scene.background in INDOORS:
            return words
        if scene.weather:
            words = f"{words} {rng.choice(WEATHER_WORDS[scene.weather])}"
        if scene.time == "day":
            return words + rng.choice(("", "", "", "", " during the day", " by day"))
        time = rng.choice(TIME_WORDS[scene.time])
        return f"{time} {words}" if rng.random() < 0.12 else f"{words} {time}"
    if scene.background == "white":
        return rng.choice(("", "", "", "", "on white", "on a white background"))
    background = article(f"{scene.background} background")
    return rng.choice((f"on {background}", f"on {background}", f"against {background}", f"with {background}", f"on {scene.background}"))


def scene_words(rng: Random, scene: Scene, mentions: list[str], worn: str | None, style: str | None) -> str:
    """`mentions`: a phrase for each subject; `worn` and `style`: phrases for the accessory and (with {}) for the style, or None."""
    place, first = background_words(rng, scene), mentions[0] if mentions else ""
    if scene.kind == "empty":
        after = {"day": "", "night": " at night", "sunset": " at sunset"}[scene.time]
        weather = f" {rng.choice(WEATHER_WORDS[scene.weather])}" if scene.weather else ""
        what, place = rng.choice(PLACE_NAMES[scene.background]) + weather + after, ""
    elif scene.kind == "twins":
        what = rng.choice(("two {}", "two {}", "a pair of {}", "2 {}")).format(first)
    elif scene.kind == "triplets":
        what = rng.choice(("three {}", "3 {}", "three of {}")).format(first)
    elif scene.kind == "four":
        what = rng.choice(("four {}", "4 {}", "four of {}")).format(first)
    elif scene.kind == "on":
        what = rng.choice(("{} on {}", "{} on top of {}", "{} standing on {}", "{} sitting on {}")).format(*mentions)
    elif scene.kind == "under":
        what = rng.choice(("{} under {}", "{} below {}", "{} with {} on top")).format(*mentions)
    elif scene.kind == "front":
        what = "{} in front of {}".format(*mentions)
    elif scene.kind == "behind":
        what = "{} behind {}".format(*mentions)
    elif scene.kind == "group" and len(mentions) == 2:
        what = rng.choice(("{} next to {}", "{} next to {}", "{} and {}", "{} and {}", "{} with {}", "{} beside {}")).format(*mentions)
    elif scene.kind == "group":
        what = rng.choice(("{}, {} and {}", "{} next to {} and {}", "{} and {} and {}")).format(*mentions)
    elif scene.kind in SIDES:
        what = rng.choice(("{} on the {}", "{} at the {}")).format(first, scene.kind)
    elif scene.size == "tiny":
        what = rng.choice(("tiny {}", "a tiny {}", "small {}", "{}, tiny", "little {}")).format(first)
    elif scene.size == "big":
        what = rng.choice(("big {}", "a huge {}", "giant {}", "{}, big", "a close-up of {}")).format(first)
    else:
        what = first
        if not scene.colour and not style:
            what = rng.choice(("{}",) * 7 + (article("{}", first), "a photo of {}", "a picture of {}", "an image of {}")).format(first)
    if scene.colour:
        what = rng.choice(("{}, {}", "{}, {}", "{}, {}", "{} in {}", "{}, painted {}")).format(what, scene.colour)
    if worn:
        what = rng.choice(("{} wearing {}", "{} wearing {}", "{} with {}")).format(what, worn)
    text = what + (", " if place and rng.random() < 0.06 else " ") + place
    return (style.format(text.strip()) if style else text).strip()


def describe(rng: Random, scene: Scene) -> str:
    """The scene in words alone, its subjects by name."""
    many = scene.kind in ("twins", "triplets", "four")
    mentions = [plural(subject.name) if many else subject.name for subject in scene.subjects]
    worn = worn_words(scene.accessory) if scene.accessory else None
    return scene_words(rng, scene, mentions, worn, style_words(rng, scene.style) if scene.style else None)


def caption(rng: Random, pair: Pair) -> str:
    if pair.source == "text":
        return describe(rng, pair.target)
    if pair.source == "edit":
        return edit_words(rng, pair)
    target, worn = pair.target, None
    named = rng.random() < 0.5 and len(pair.references) < 3
    mentions = [picture_mention(rng, subject.name, named) for subject in target.subjects]
    if target.accessory:
        worn = picture_mention(rng, target.accessory.name, named) if pair.kind == "accessory picture" else worn_words(target.accessory)
    if pair.kind == "style picture":
        forms = ("{} in the style of ", "{} in the style of ", "{}, in the style of ", "{} in the same style as ", "{} drawn like ")
        style = rng.choice(forms) + MARK
    else:
        style = style_words(rng, target.style) if target.style else None
    return scene_words(rng, target, mentions, worn, style)


def picture_mention(rng: Random, name: str, named: bool) -> str:
    return rng.choice((f"{name} {MARK}", f"{name} {MARK}", f"{MARK} {name}")) if named else MARK


def edit_words(rng: Random, pair: Pair) -> str:
    """`<i>` and the change, which is told from the scenes before and after."""
    base, target, kind = pair.references[0], pair.target, pair.kind
    named = rng.random() < 0.5 and len(base.subjects) == 1
    it = f"the {base.subjects[0].name}" if named else "it"
    if kind == "time":
        words = rng.choice(TIME_EDITS[target.time])
    elif kind == "weather":
        words = rng.choice(WEATHER_EDITS[target.weather])
    elif kind == "place":
        place = rng.choice(PLACE_WORDS[target.background])
        name = rng.choice(PLACE_NAMES[target.background])
        words = rng.choice((f"put {it} {place}", f"put {it} {place}", f"show {it} {place}", f"change the background to {name}"))
    elif kind == "plain" and target.background == "white":
        words = rng.choice(("remove the background", "remove the background", "on a white background", f"cut {it} out"))
    elif kind == "plain":
        background = target.background
        words = rng.choice((f"make the background {background}", f"on {article(background)} background", f"change the background to {background}"))
    elif kind == "style":
        tone = target.style.removesuffix(" tones")
        words = rng.choice(STYLE_EDITS[target.style]) if target.style in STYLE_EDITS else rng.choice(TONE_EDITS).format(tone)
    elif kind == "colour":
        words = rng.choice(("make {} {}", "make {} {}", "paint {} {}", "color {} {}")).format(it, target.colour)
    elif kind == "size":
        smaller, bigger = ("make {} tiny", "make {} small", "shrink {}"), ("make {} big", "make {} huge", "a close-up of {}")
        words = rng.choice(smaller if target.size == "tiny" else bigger).format(it)
    elif kind == "count":
        number = {"twins": "two", "triplets": "three", "four": "four"}[target.kind]
        words = rng.choice(("make it {}", "now {} of them", "with {} of them")).format(number)
    elif kind == "accessory":
        words = rng.choice(("give {0} {1}", "put {1} on {0}", "wearing {1}", "add {1}")).format(it, worn_words(target.accessory))
    elif kind == "undress":
        name = base.accessory.name
        words = rng.choice(("take off the {}", "remove the {}", "without the {}")).format(name)
    elif kind == "remove":
        gone = 1 if target.kind == "left" else 0
        name = base.subjects[gone].name
        words = rng.choice((f"remove the {name}", f"remove the one on the {SIDES[gone]}", f"without the {name}"))
    elif kind == "mirror":
        words = rng.choice(("flip it", "mirror it", "mirrored"))
    elif kind == "accessory picture":
        second = picture_mention(rng, target.accessory.name, rng.random() < 0.5)
        words = rng.choice(("give {0} {1}", "put {1} on {0}", "wearing {1}", "add {1}")).format(it, second)
    elif kind == "style picture":
        words = rng.choice(("in the style of {}", "in the style of {}", "redraw it in the style of {}", "make it look like {}")).format(MARK)
    else:
        new = next(subject for subject in target.subjects if subject not in base.subjects)
        second = picture_mention(rng, new.name, rng.random() < 0.5)
        additions, exchanges = ("add {1}", "add {1}", "put {1} next to {0}"), ("replace {0} with {1}", "replace {0} with {1}", "{1} instead")
        words = rng.choice(additions if kind == "add" else exchanges).format(it, second)
    return rng.choice((f"{MARK} {words}", f"{MARK} {words}", f"{MARK}, {words}"))


def every_word() -> list[str]:
    """All that the grammar can say, for the tokenizer's test."""
    tables = (PLACE_WORDS, PLACE_NAMES, TIME_WORDS, WEATHER_WORDS, STYLE_WORDS, STYLE_EDITS, TIME_EDITS, WEATHER_EDITS)
    return [words.format("") for table in tables for entry in table.values() for words in entry] + list(COLOURS)
