"""Which subjects there are, family by family, what they are called, and which of them no training may see.

A family is one style of art: an emoji set, a set of coloured icons, clip art. A subject is one picture of a family with its name. A tenth of
the meanings is held out, in every family alike, by a hash of the meaning, so that no seed and no order of files can move a subject from
one side to the other.
"""

import hashlib
import json
import os
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
CACHE = Path(os.environ.get("TRAINING_CACHE", HERE.parent / "cache"))
"""What can be made again: art, shards, runs. $TRAINING_CACHE names another folder."""
CLIP_ART = CACHE / "clipart/usr/share/openclipart/svg"
"""Where `python -m data.fetch_clipart` puts Debian's package."""

EMOJI = ("fluent-3d", "twemoji", "noto", "fluent-flat", "emojione", "fxemoji", "noto-v1", "streamline-emojis")
ICONS = ("flat-color-icons", "fluent-color", "streamline-ultimate-color", "streamline-kameleon-color", "streamline-stickies-color")
FAMILIES = (*EMOJI, *ICONS, "openclipart")
PACKAGE_OF = {"fluent-3d": "@lobehub/fluent-emoji-3d", "twemoji": "@discordapp/twemoji", "fluent-flat": "@iconify-json/fluent-emoji-flat"}
"""npm packages whose name does not follow from the family's."""

GROUPS = {0, 1, 3, 4, 5, 6, 7}  # CLDR: smileys, people, animals, food, travel, activities, objects: no symbols, flags, skin tones
SUBGROUPS_LEFT_OUT = {15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30, 31, 58, 83}  # signs, hands, gestures, families, clocks
WHOLE_SCENES = {
    "foggy", "fog", "night with stars", "cityscape", "cityscape at dusk", "sunrise", "sunrise over mountains", "sunset", "bridge at night", "milky way",
    "desert", "desert island", "beach with umbrella", "camping", "national park", "motorway", "railway track", "landslide",
}  # fmt: skip
"""Pictures of places: no subjects to be put elsewhere."""
ROUND_FACES = set(range(11)) | {12}
ANIMAL_FACES = {
    "monkey face", "dog face", "wolf", "fox", "raccoon", "cat face", "lion", "tiger face", "cow face", "pig face", "mouse face", "hamster",
    "rabbit face", "bear", "polar bear", "koala", "panda", "frog",
}  # fmt: skip
CREATURES = ROUND_FACES | {11, 13, 25, 26, 34, 35, 36, 37}
MORE_CREATURES = {"teddy bear", "snowman", "snowman without snow", "dinosaur", "santa claus", "reindeer", "robot", "rubber duck", "alien", "astronaut"}

NO_CREATURES = {"feather", "wing", "spiral shell", "coral", "pig nose", "oyster", "skull", "skull and crossbones", "pile of poo"}

HELD_OUT_SHARE = 10
PHRASES = {
    "lady beetle": "ladybug", "t rex": "dinosaur", "sauropod": "dinosaur", "light bulb": "lightbulb", "ewe": "sheep", "ram": "sheep", "ox": "cow",
    "sport utility vehicle": "car", "lower left": "", "front facing": "", "bullet train": "train", "high speed": "",
    "soft ice cream": "ice cream", "ice cream": "icecream",
    "shaved ice": "shavedice", "ice skate": "iceskate", "hot dog": "hotdog", "corn dog": "corndog", "wrapped gift": "gift", "closed": "", "old": "",
    "couch and lamp": "sofa", "wastebasket": "trash bin", "clapper board": "clapperboard", "bow and arrow": "archery", "ear of corn": "corn",
    "hot pepper": "pepper", "sports medal": "medal", "military medal": "medal", "film projector": "projector", "speaker low volume": "speaker",
    "speaker medium volume": "speaker", "speaker high volume": "speaker", "muted speaker": "speaker", "red paper lantern": "lantern",
    "classical building": "building", "office building": "building", "glass of milk": "milk", "clinking glasses": "clinking", "baguette bread": "bread",
}  # fmt: skip
SYNONYMS = {
    "automobile": "car", "bunny": "rabbit", "hare": "rabbit", "puppy": "dog", "poodle": "dog", "kitten": "cat", "plane": "airplane", "jet": "airplane",
    "motorbike": "motorcycle", "telephone": "phone", "tv": "television", "bike": "bicycle", "donut": "doughnut", "hamburger": "burger", "couch": "sofa",
    "locomotive": "train", "railway": "train", "metro": "train", "honeybee": "bee", "tangerine": "orange", "eyeglasses": "glasses", "sneakers": "shoe",
    "padlock": "lock", "locked": "lock", "unlocked": "lock", "shirt": "tshirt", "present": "gift", "firefighter": "fireman", "sailboat": "boat",
    "speedboat": "boat", "yacht": "boat", "canoe": "boat", "ferry": "ship", "truck": "lorry", "pickup": "lorry", "jeep": "car", "candies": "candy",
    "loudspeaker": "speaker", "jack": "pumpkin", "mitten": "glove", "microphone": "mic", "television": "tv", "hens": "chicken", "hen": "chicken",
    "chick": "chicken", "rooster": "chicken", "buffalo": "bison", "boar": "pig", "seedling": "sprout", "bulb": "lightbulb", "coins": "coin",
    "minibus": "bus", "trolleybus": "bus", "pepperoni": "pizza", "mug": "cup", "teacup": "cup", "dove": "bird", "harpist": "harp", "camcorder": "camera",
    "webcam": "camera", "laptop": "computer", "notebook": "book", "newspaper": "news", "crayon": "pencil",
}  # fmt: skip
DESCRIPTIONS = {
    *"man woman person face boy girl mr mrs mx prince princess of the with and a an".split(),
    *"red orange yellow green blue purple pink black white gray grey brown light dark".split(),
    *"open tear off rolled up spiral small big little lucky potted simple left tilted right pointing".split(),
}  # fmt: skip
SINGULAR_IN_S = {"glasses", "sunglasses", "scissors", "jeans", "shorts", "christmas", "news", "maracas", "chess"}


def word_stem(word: str) -> str:
    if len(word) > 3 and word not in SINGULAR_IN_S and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return SYNONYMS.get(word, word)


def meaning(name: str) -> str:
    """The words that tell subjects apart, in alphabetical order: `man elf` and `elf` mean one thing, so do `cat` and `cat face`."""
    text = " ".join(re.findall(r"[a-z0-9]+", name.lower()))
    for phrase, word in PHRASES.items():
        text = re.sub(rf"\b{phrase}\b", word, text) if text != phrase or word else text
    words = [word_stem(word) for word in text.split()]
    kept = [word for word in words if word not in DESCRIPTIONS]
    return " ".join(sorted(set(kept or words)))


def chosen(of: str) -> bool:
    """True for about one meaning in ten: a hash, so that neither a seed nor the order of files can move one."""
    digest = hashlib.sha256(of.encode()).digest()
    return int.from_bytes(digest[:4], "big") % HELD_OUT_SHARE == 0


@cache
def meanings() -> frozenset[str]:
    """Every meaning that a family's subjects have."""
    names = [row["name"] for row in cldr()] + [name for family in picked().values() for name in family.values()]
    return frozenset(meaning(name) for name in names)


@cache
def roots(name: str) -> frozenset[str]:
    """The shortest meanings of the catalogue within the name's: those of `cat with wry smile` are {cat}. Its own where there is no shorter one."""
    words = set(meaning(name).split())
    within = [other for other in meanings() if set(other.split()) <= words]
    shortest = [other for other in within if not any(set(shorter.split()) < set(other.split()) for shorter in within)]
    return frozenset(shortest or [meaning(name)])


def side(name: str) -> str | None:
    """train, held_out, or None for a subject that neither may show, since one of its parts is held out and another trained.

    Decided by the roots, so that a sitting cat cannot be in training while cats are held out, nor the other way round.
    """
    held = {chosen(root) for root in roots(name)}
    return None if len(held) > 1 else "held_out" if held == {True} else "train"


def is_held_out(name: str) -> bool:
    return side(name) == "held_out"


@cache
def cldr() -> list[dict]:
    """CLDR's list of pictures: code (hex, no variation selectors), name, and whether it is a creature or a face from the front."""
    rows = json.loads((PACKAGES / "emojibase-data/en/data.json").read_text())
    found = []
    for row in rows:
        if row.get("group") not in GROUPS or row["subgroup"] in SUBGROUPS_LEFT_OUT:
            continue
        name = re.sub(r"[^a-z0-9 '\-]", "", row["label"].lower().replace("⊛", "")).replace("-", " ").strip()
        name = " ".join(name.split())
        if name in WHOLE_SCENES:
            continue
        face = name not in NO_CREATURES and (row["subgroup"] in ROUND_FACES or name in ANIMAL_FACES)
        creature = name not in NO_CREATURES and (face or row["subgroup"] in CREATURES or name in MORE_CREATURES)
        found.append({"code": normal_code(row["hexcode"]), "name": name, "creature": creature, "face": face})
    return found


@cache
def picked() -> dict[str, dict[str, str]]:
    """picked_art.txt: family to picture to name."""
    families: dict[str, dict[str, str]] = {}
    for line in (HERE / "picked_art.txt").read_text().splitlines():
        if line.startswith("["):
            family = families.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            picture, _, name = line.partition(" = ")
            family[picture] = name or re.sub(r"-?\d+$", "", picture).replace("-", " ")
    return families


def normal_code(code: str) -> str:
    return "-".join(part for part in code.lower().split("-") if part != "fe0f")


def bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def package_folder(family: str) -> Path:
    return CLIP_ART if family == "openclipart" else PACKAGES / PACKAGE_OF.get(family, f"@iconify-json/{family}")


def iconify_svgs(family: str) -> dict[str, str]:
    """SVG documents of an Iconify set by icon name."""
    icons = json.loads((package_folder(family) / "icons.json").read_text())

    def document(icon: dict) -> str:
        width, height = icon.get("width", icons.get("width", 16)), icon.get("height", icons.get("height", 16))
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
        )

    return {name: document(icon) for name, icon in icons["icons"].items()}


def emoji_pictures(family: str) -> dict[str, Path | str]:
    """By code, or by `name:` and the bare name where the set has no codes: a picture file or an SVG document."""
    folder = package_folder(family)
    if family == "fluent-3d":
        return {normal_code(path.stem): path for path in (folder / "assets").glob("*.webp")}
    if family == "twemoji":
        return {normal_code(path.stem): path for path in (folder / "dist/svg").glob("*.svg")}
    svgs = iconify_svgs(family)
    codes = json.loads((folder / "chars.json").read_text()) if (folder / "chars.json").exists() else {}
    if codes:
        return {normal_code(code): svgs[name] for code, name in codes.items() if name in svgs}
    # some sets number the pictures of one name: the first counts
    return {"name:" + bare(re.sub(r"-\d$", "", name)): svgs[name] for name in sorted(svgs, reverse=True)}


def subjects(family: str) -> list[dict]:
    """The family's rows that either side may show: name, code, family, held_out, creature, face, and its picture's `source`."""
    if family in EMOJI:
        pictures = emoji_pictures(family)
        found = [{**row, "source": pictures.get(row["code"]) or pictures.get("name:" + bare(row["name"]))} for row in cldr()]
    else:
        pictures = {} if family == "openclipart" else iconify_svgs(family)
        like = {row["name"]: row for row in cldr() if row["creature"]}
        found = [
            {"code": picture, "name": name, "creature": name in like or name in MORE_CREATURES, "face": False,
             "source": CLIP_ART / picture if family == "openclipart" else pictures[picture]}
            for picture, name in picked()[family].items()
        ]  # fmt: skip
    found = [{**row, "family": family, "held_out": is_held_out(row["name"])} for row in found if side(row["name"])]
    return [row for row in found if row["source"] is not None]
