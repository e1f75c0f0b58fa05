"""The scene generator: licences, the hold-out, determinism. Tests that need the art skip where it was not fetched."""

import json
import re
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from data import entities, scenes, scenery
from data.dataset import epoch_order
from data.encode import MAX_SUBJECTS, WORDINGS, compose

FOLDER = entities.HERE
needs_art = pytest.mark.skipif(not entities.PACKAGES.exists(), reason="npm ci --prefix training/data fetches the art")
OPEN_LICENCES = {"MIT", "Apache 2.0", "CC-BY 4.0"}


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    """The entity list as `entities.main` writes it, from the catalogue alone: no drawing needed."""
    return [
        {**row, "family": family, "held_out": entities.is_held_out(row["name"])} for family in entities.FAMILIES for row in entities.catalogue()
    ]


@pytest.fixture
def sprites() -> np.ndarray:
    rng = np.random.default_rng(0)
    discs = np.zeros((4, 112, 112, 4), np.uint8)
    y, x = np.mgrid[:112, :112]
    for disc in discs:
        disc[..., :3] = rng.integers(0, 255, 3)
        disc[..., 3] = 255 * ((x - 56) ** 2 + (y - 56) ** 2 < 50**2)
    return discs


def subject(entity: int) -> scenes.Subject:
    return scenes.Subject(entity, f"thing {entity}")


def test_every_family_has_an_open_licence_listed() -> None:
    table = re.findall(r"^\| `([\w-]+)` \| `(@[\w./-]+)` ([\d.]+) \|.*\| ([^|]+) \|$", (FOLDER / "LICENSES.md").read_text(), re.M)
    assert {family for family, *_ in table} == set(entities.FAMILIES)
    assert {licence.strip() for *_, licence in table} <= OPEN_LICENCES
    pinned = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    assert {package: version for _, package, version, _ in table}.items() <= pinned.items()
    assert set(pinned) - {package for _, package, *_ in table} == {"emojibase-data"}  # names, no pictures
    assert not any("openmoji" in package for package in json.loads((FOLDER / "package-lock.json").read_text())["packages"])


@needs_art
def test_listed_licences_are_those_in_the_packages() -> None:
    spdx = {"MIT": "MIT", "Apache 2.0": "Apache-2.0", "CC-BY 4.0": "CC-BY-4.0"}
    for package, licence in re.findall(r"\| `(@iconify-json/[\w-]+)` .*\| ([^|]+) \|$", (FOLDER / "LICENSES.md").read_text(), re.M):
        assert json.loads((entities.PACKAGES / package / "info.json").read_text())["license"]["spdx"] == spdx[licence.strip()]
    assert "CC-BY 4.0" in (entities.PACKAGES / "@discordapp/twemoji/README.md").read_text()
    assert json.loads((entities.PACKAGES / "@lobehub/fluent-emoji-3d/package.json").read_text())["license"] == "MIT"


def test_meaning_ignores_who_and_keeps_what() -> None:
    assert entities.meaning("woman elf") == entities.meaning("elf") == entities.meaning("man elf")
    assert entities.meaning("cat face") == entities.meaning("cat") != entities.meaning("dog face")
    assert entities.meaning("man") == "man"


@needs_art
def test_no_held_out_meaning_reaches_training(rows: list[dict]) -> None:
    held = [row for row in rows if row["held_out"]]
    assert 0.07 < len(held) / len(rows) < 0.13
    held_codes, held_meanings = {row["code"] for row in held}, {entities.meaning(row["name"]) for row in held}
    held_names = {row["name"] for row in held}
    for number in range(3):
        subjects, picked, captions = compose("train", number, rows)
        shown = {rows[s.entity]["code"] for s in subjects} | {rows[s.entity]["code"] for scene in picked for s in scene.subjects}
        assert not shown & held_codes
        assert not {entities.meaning(rows[s.entity]["name"]) for s in subjects} & held_meanings
        spoken = {scene_subject.name for scene in picked for scene_subject in scene.subjects}
        assert not spoken & held_names and len(captions) == len(picked)
    subjects, _, _ = compose("held_out", 0, rows)
    assert {rows[s.entity]["code"] for s in subjects} <= held_codes


@needs_art
def test_catalogue_has_no_flags_symbols_clocks_or_skin_tones(rows: list[dict]) -> None:
    codes = [[int(part, 16) for part in row["code"].split("-")] for row in rows]
    for code in codes:
        assert not any(0x1F1E6 <= part <= 0x1F1FF or 0x1F3FB <= part <= 0x1F3FF or 0x1F550 <= part <= 0x1F567 or part == 0x20E3 for part in code)
        assert not {0x1F3C1, 0x1F3F3, 0x1F3F4} & set(code)  # flags
        assert not {0x231A, 0x23F0, 0x23F1, 0x23F2, 0x1F570} & set(code)  # clocks


@needs_art
def test_a_shard_is_a_function_of_its_number(rows: list[dict]) -> None:
    assert compose("train", 5, rows) == compose("train", 5, rows)
    assert compose("train", 5, rows) != compose("train", 6, rows)


def test_pictures_are_deterministic_and_follow_the_scene(sprites: np.ndarray) -> None:
    scene = scenes.Scene("one", "beach", "night", subjects=(subject(0),))
    picture = scenes.render(scene, sprites)
    assert picture.shape == (96, 96, 3) and picture.dtype == np.uint8
    scenery._background.cache_clear()
    assert np.array_equal(picture, scenes.render(scene, sprites))
    for change in ({"time": "day"}, {"background": "snow"}, {"colour": "red"}, {"size": "tiny"}, {"kind": "twins"}, {"style": "pencil sketch"}, {"subjects": (subject(1),)}):
        other = scenes.render(replace(scene, **change), sprites)
        assert np.abs(other.astype(int) - picture).mean() > 1, change


def test_night_darkens_and_plain_colours_are_plain(sprites: np.ndarray) -> None:
    for place in set(scenery.PLACES) - scenery.INDOORS:
        day, night = (np.asarray(scenery.draw_background(place, time, 0)).mean() for time in ("day", "night"))
        assert night < 0.75 * day, place
    picture = scenes.render(scenes.Scene("one", "blue", subjects=(subject(0),)), sprites)
    assert np.array_equal(picture[2, 2], scenery.COLOURS["blue"])


def test_captions_name_each_picture_once_and_drop_names_half_of_the_time() -> None:
    rng = Random(0)
    subjects = [subject(index) for index in range(50)]
    named = pictured = 0
    for _ in range(2000):
        scene = scenes.sample_scene(rng, subjects)
        text = scenes.caption(rng, scene)
        assert text and text == text.strip() and "  " not in text and "{" not in text
        expected = len(scene.subjects) if scene.pictured else 0
        assert text.count("<i>") == expected <= MAX_SUBJECTS
        if expected in (1, 2):
            pictured += 1
            named += "thing" in text
    assert 0.45 < named / pictured < 0.55


def test_epoch_order_is_seeded_and_visits_every_scene() -> None:
    order, wordings = epoch_order(1000, 64, 0, 3)
    again, _ = epoch_order(1000, 64, 0, 3)
    assert np.array_equal(order, again) and not np.array_equal(order, epoch_order(1000, 64, 0, 4)[0])
    assert len(np.unique(order)) == order.size == 960 and wordings.max() < WORDINGS
