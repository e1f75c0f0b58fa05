"""Draws every subject of every art family once: `cache/entities.npy`, `cache/entities.json`. Families stay drawn in `cache/art`.

    npm ci --prefix data && python -m data.fetch_clipart && python -m data.entities
"""

import hashlib
import io
import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import resvg_py
from PIL import Image

from .catalogue import CACHE, FAMILIES, HERE, package_folder, subjects

SPRITE_SIZE = 112
"""Longest side of a drawn subject, pixels."""
USER_UNITS = {"pt": 1.25, "mm": 90 / 25.4, "cm": 90 / 2.54, "in": 90.0}
"""Of clip art without a viewBox: its editors took 90 units an inch."""


def with_view_box(svg: str) -> str:
    """resvg wants a viewBox where the size is in inches or points."""
    root = re.search(r"<svg[^>]*>", svg, re.S)
    if root is None or "viewBox" in root[0]:
        return svg
    sides = []
    for key in ("width", "height"):
        length = re.search(rf'\s{key}="([\d.]+)([a-z%]*)"', root[0])
        sides.append(float(length[1]) * USER_UNITS.get(length[2], 1) if length else 1000.0)
    bare_root = re.sub(r'\s(?:width|height)="[^"]*"', "", root[0])
    return svg.replace(root[0], f'{bare_root[:-1]} viewBox="0 0 {sides[0]} {sides[1]}">', 1)


def draw(source: Path | str) -> Image.Image:
    if isinstance(source, Path) and source.suffix == ".webp":
        return Image.open(source).convert("RGBA")
    svg = source.read_text(encoding="utf-8", errors="replace") if isinstance(source, Path) else source
    return Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=with_view_box(svg), width=144, height=144)))).convert("RGBA")


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


def draw_family(family: str, every: int = 1) -> tuple[list[dict], np.ndarray]:
    """Rows (without their sources) and sprites uint8 [N, 112, 112, 4] of every `every`-th subject of a family."""
    rows, sprites = [], []
    for row in subjects(family)[::every]:
        try:
            sprite = tight(draw(row["source"]))
        except (ValueError, OSError) as error:
            print(f"{family}: {row['name']} left out: {error}")
            continue
        if sprite is not None:
            rows.append({key: value for key, value in row.items() if key != "source"})
            sprites.append(sprite)
    return rows, np.stack(sprites)


def family_digest(family: str) -> str:
    """Of all that a family's drawing depends on: the package's version and the code and lists here."""
    manifest = package_folder(family) / "package.json"
    parts = [manifest.read_bytes() if manifest.exists() else family.encode()]
    parts += [(HERE / name).read_bytes() for name in ("catalogue.py", "entities.py", "picked_art.txt")]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def drawn_family(family: str) -> tuple[list[dict], np.ndarray]:
    """draw_family, kept in `cache/art` until something changes."""
    folder = CACHE / "art"
    folder.mkdir(parents=True, exist_ok=True)
    listed, pictured, digest = folder / f"{family}.json", folder / f"{family}.npy", family_digest(family)
    if listed.exists() and pictured.exists():
        kept = json.loads(listed.read_text())
        if kept["digest"] == digest:
            return kept["rows"], np.load(pictured, mmap_mode="r")
    rows, sprites = draw_family(family)
    np.save(pictured, sprites)
    listed.write_text(json.dumps({"digest": digest, "rows": rows}))
    return rows, sprites


def catalogue_digest(rows: list[dict]) -> str:
    """Which subjects there are, in order: shards of different catalogues do not mix."""
    return hashlib.sha256(json.dumps([(row["family"], row["code"], row["name"], row["held_out"]) for row in rows]).encode()).hexdigest()[:16]


def load() -> tuple[np.ndarray, list[dict]]:
    """All sprites, uint8 [N, 112, 112, 4] (mapped from disk), and their rows."""
    return np.load(CACHE / "entities.npy", mmap_mode="r"), json.loads((CACHE / "entities.json").read_text())


def main() -> None:
    families = sys.argv[1:] or list(FAMILIES)
    rows: list[dict] = []
    parts = []
    for family in families:
        start = time.time()
        family_rows, sprites = drawn_family(family)
        rows += family_rows
        parts.append(sprites)
        print(f"{family}: {len(family_rows)} subjects, {sum(row['held_out'] for row in family_rows)} held out, {time.time() - start:.0f} s", flush=True)
    whole = np.lib.format.open_memmap(CACHE / "entities.npy", "w+", np.uint8, (len(rows), SPRITE_SIZE, SPRITE_SIZE, 4))
    at = 0
    for sprites in parts:
        whole[at : at + len(sprites)] = sprites
        at += len(sprites)
    whole.flush()
    (CACHE / "entities.json").write_text(json.dumps(rows))
    print(f"{len(rows)} subjects of {len({row['name'] for row in rows})} names, catalogue {catalogue_digest(rows)}")


if __name__ == "__main__":
    main()
