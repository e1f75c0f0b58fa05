"""Draws every subject of every art family once: `cache/entities.npy`, `cache/entities.json`.

A subject is one meaning (a CLDR name) in one family. A tenth of the meanings is held out, in every family alike, by a hash of
the meaning, so that no seed and no order of files can move a subject from one side to the other.

    npm ci --prefix data && python -m data.entities
"""

import hashlib
import io
import json
import re
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
CACHE = HERE.parent / "cache"
SPRITE_SIZE = 112
"""Longest side of a drawn subject, pixels."""

FAMILIES = ("fluent-3d", "twemoji", "noto", "fluent-flat", "emojione", "fxemoji")
GROUPS = {0, 1, 3, 4, 5, 6, 7}  # CLDR: smileys, people, animals, food, travel, activities, objects: no symbols, flags, skin tones
SUBGROUPS_LEFT_OUT = {15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30, 31, 58, 83}  # signs, hands, gestures, families, clocks
PEOPLE_WORDS = {"man", "woman", "person", "face", "boy", "girl", "mr", "mrs", "mx", "prince", "princess", "of", "the", "with"}
HELD_OUT_SHARE = 10


def meaning(name: str) -> str:
    """The words that tell subjects apart: `man elf`, `woman elf` and `elf` mean one thing, so do `cat` and `cat face`."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    kept = [word for word in words if word not in PEOPLE_WORDS]
    return " ".join(sorted(kept or words))


def is_held_out(name: str) -> bool:
    """True for about one meaning in ten. A function of the meaning alone."""
    digest = hashlib.sha256(meaning(name).encode()).digest()
    return int.from_bytes(digest[:4], "big") % HELD_OUT_SHARE == 0


def catalogue() -> list[dict]:
    """CLDR's list of pictures: code (hex, no variation selectors), name."""
    rows = json.loads((PACKAGES / "emojibase-data/en/data.json").read_text())
    found = []
    for row in rows:
        if row.get("group") not in GROUPS or row["subgroup"] in SUBGROUPS_LEFT_OUT:
            continue
        name = re.sub(r"[^a-z0-9 '\-]", "", row["label"].lower().replace("⊛", "")).replace("-", " ").strip()
        found.append({"code": normal_code(row["hexcode"]), "name": " ".join(name.split())})
    return found


def normal_code(code: str) -> str:
    return "-".join(part for part in code.lower().split("-") if part != "fe0f")


def iconify_svgs(package: str) -> dict[str, str]:
    """SVG documents of an Iconify set, by code where the set has codes, and by its bare name (letters and digits only)."""
    folder = PACKAGES / "@iconify-json" / package
    icons = json.loads((folder / "icons.json").read_text())
    codes = json.loads((folder / "chars.json").read_text()) if (folder / "chars.json").exists() else {}

    def document(icon: dict) -> str:
        width, height = icon.get("width", icons.get("width", 16)), icon.get("height", icons.get("height", 16))
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
        )

    found = {normal_code(code): document(icons["icons"][name]) for code, name in codes.items() if name in icons["icons"]}
    if not codes:
        found.update({"name:" + bare(name): document(icon) for name, icon in icons["icons"].items()})
    return found


def bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def sources() -> dict[str, dict[str, Path | str]]:
    """By family: code (or `name:` + bare name) to a picture file or an SVG document."""
    fluent = {normal_code(path.stem): path for path in (PACKAGES / "@lobehub/fluent-emoji-3d/assets").glob("*.webp")}
    twemoji = {normal_code(path.stem): path for path in (PACKAGES / "@discordapp/twemoji/dist/svg").glob("*.svg")}
    return {
        "fluent-3d": fluent,
        "twemoji": twemoji,
        "noto": iconify_svgs("noto"),
        "fluent-flat": iconify_svgs("fluent-emoji-flat"),
        "emojione": iconify_svgs("emojione"),
        "fxemoji": iconify_svgs("fxemoji"),
    }


def draw(source: Path | str) -> Image.Image:
    if isinstance(source, Path) and source.suffix == ".webp":
        return Image.open(source).convert("RGBA")
    svg = source.read_text() if isinstance(source, Path) else source
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg, width=144, height=144)))).convert("RGBA")


def tight(image: Image.Image) -> np.ndarray | None:
    """Cut to what is drawn and centred in a square of SPRITE_SIZE: uint8 [112, 112, 4], or None where (nearly) nothing is drawn."""
    ys, xs = np.where(np.asarray(image)[..., 3] > 8)
    if len(ys) < 50:
        return None
    image = image.crop((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
    scale = SPRITE_SIZE / max(image.size)
    image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))), Image.Resampling.LANCZOS)
    square = Image.new("RGBA", (SPRITE_SIZE, SPRITE_SIZE))
    square.paste(image, ((SPRITE_SIZE - image.width) // 2, (SPRITE_SIZE - image.height) // 2))
    return np.asarray(square)


def draw_family(family: str) -> list[tuple[dict, np.ndarray]]:
    pictures, drawn = sources()[family], []
    for row in catalogue():
        source = pictures.get(row["code"]) or pictures.get("name:" + bare(row["name"]))
        try:
            sprite = tight(draw(source)) if source is not None else None
        except (ValueError, OSError) as error:
            print(f"{family}: {row['name']} left out: {error}")
            continue
        if sprite is not None:
            drawn.append(({**row, "family": family, "held_out": is_held_out(row["name"])}, sprite))
    return drawn


def main() -> None:
    CACHE.mkdir(exist_ok=True)
    with ProcessPoolExecutor(2) as pool:
        drawn = [item for family in pool.map(draw_family, FAMILIES) for item in family]
    np.save(CACHE / "entities.npy", np.stack([sprite for _, sprite in drawn]))
    (CACHE / "entities.json").write_text(json.dumps([row for row, _ in drawn]))
    for family in FAMILIES:
        rows = [row for row, _ in drawn if row["family"] == family]
        print(f"{family}: {len(rows)} subjects, {sum(row['held_out'] for row in rows)} held out")


if __name__ == "__main__":
    main()
