"""The generator of training pairs: licences, the hold-out, determinism, pictures, wordings. Tests that need the art skip where it was not fetched."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from data import accessories, catalogue, encode, entities, pairs, scenes, scenery, styles, wording
from data.dataset import NUM_QUERIES, SceneDataset, epoch_order, shard_files
from data.fetch_clipart import PACKAGE, VERSION
from data.pairs import MAX_REFERENCES, GeneratorConfig, compose
from data.scenes import Accessory, Scene, Subject, render
from kosmosg import autoencoder_tiny as taef2
from kosmosg.text import UNK, Tokenizer

FOLDER = catalogue.HERE
needs_art = pytest.mark.skipif(not catalogue.PACKAGES.exists(), reason="npm ci --prefix training/data fetches the art")
SPDX = {"MIT": "MIT", "Apache 2.0": "Apache-2.0", "CC-BY 4.0": "CC-BY-4.0"}
SMALL = GeneratorConfig(subjects=60, scenes=150)


def license_table() -> list[tuple[str, str, str, str]]:
    """family, package, version, licence"""
    row = r"^\| `([\w-]+)` \|[^|]*`([@\w./-]+)` ([\d.:+\w-]+) \|.*\| ([^|]+) \|$"
    return [
        (family, package, version, licence.strip())
        for family, package, version, licence in re.findall(row, (FOLDER / "LICENSES.md").read_text(), re.M)
    ]


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    """The entity list as `entities.main` writes it, from the catalogue alone: no drawing needed."""
    return [row for family in catalogue.FAMILIES for row in catalogue.subjects(family)]


@pytest.fixture(scope="module")
def shards(rows: list[dict]) -> list[pairs.Shard]:
    return [compose("train", number, rows) for number in range(3)]


@pytest.fixture
def sprites() -> np.ndarray:
    """Four discs, the last one a flat bar."""
    rng = np.random.default_rng(0)
    found = np.zeros((4, 112, 112, 4), np.uint8)
    y, x = np.mgrid[:112, :112]
    for at, sprite in enumerate(found):
        sprite[..., :3] = rng.integers(60, 255, 3)
        sprite[..., 3] = 255 * ((x - 56) ** 2 + ((y - 56) * (3 if at == 3 else 1)) ** 2 < 50**2)
    return found


def subject(entity: int, **values: object) -> Subject:
    return Subject(entity, f"thing {entity}", **values)


# licences


def test_every_family_is_listed_with_an_open_licence() -> None:
    table = license_table()
    assert [family for family, *_ in table] == list(catalogue.FAMILIES)
    assert {licence for *_, licence in table} == {*SPDX, "public domain"}
    pinned = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    listed = {package: version for _, package, version, _ in table if package != PACKAGE}
    assert {**listed, "emojibase-data": "17.0.0"} == pinned  # the last: names, no pictures
    assert (PACKAGE, VERSION) in {(package, version) for _, package, version, _ in table}
    assert "`emojibase-data` 17.0.0 (MIT)" in (FOLDER / "LICENSES.md").read_text()


def test_nothing_is_of_openmoji() -> None:
    for name in ("package.json", "package-lock.json", "picked_art.txt"):
        assert "openmoji" not in (FOLDER / name).read_text().lower()
    assert not any("openmoji" in family for family in catalogue.FAMILIES)


@needs_art
def test_listed_licences_are_those_in_the_packages() -> None:
    for _, package, version, licence in license_table():
        folder = catalogue.PACKAGES / package
        if package == PACKAGE:
            if catalogue.CLIP_ART.exists():
                notice = (catalogue.CACHE / "clipart/usr/share/doc" / PACKAGE / "copyright").read_text()
                assert "Public Domain Dedication" in notice
            continue
        manifest = json.loads((folder / "package.json").read_text())
        assert manifest["version"] == version
        if (folder / "info.json").exists():
            assert json.loads((folder / "info.json").read_text())["license"]["spdx"] == SPDX[licence] == manifest["license"]
        else:
            assert SPDX[licence] in re.split(r" AND ", manifest["license"])
    assert json.loads((catalogue.PACKAGES / "emojibase-data/package.json").read_text())["license"] == "MIT"
    assert not any("openmoji" in path.name.lower() for path in catalogue.PACKAGES.glob("**/package.json"))


# the hold-out


@needs_art
def test_meaning_ignores_who_and_how_and_keeps_what() -> None:
    meaning = catalogue.meaning
    assert meaning("woman elf") == meaning("elf") == meaning("man elf")
    assert meaning("cat face") == meaning("cat") == meaning("black cat") == meaning("kitten") != meaning("dog face")
    assert meaning("red apple") == meaning("apples") and meaning("man") == "man" and meaning("orange") == meaning("tangerine")
    assert meaning("automobile") == meaning("car") and meaning("t rex") == meaning("dinosaur")
    assert catalogue.roots("cat with wry smile") == catalogue.roots("sitting cat") == {"cat"}


@needs_art
def test_a_tenth_is_held_out_by_meaning_in_every_family_alike(rows: list[dict]) -> None:
    held = {row["name"] for row in rows if row["held_out"]}
    trained = {row["name"] for row in rows if not row["held_out"]}
    assert 0.08 < sum(row["held_out"] for row in rows) / len(rows) < 0.12 and 0.08 < len(held) / len(held | trained) < 0.12
    assert not held & trained and "penguin" in held
    for family in catalogue.FAMILIES:
        assert any(row["held_out"] for row in rows if row["family"] == family), family
    held_words = {frozenset(catalogue.meaning(name).split()) for name in held}
    trained_words = {frozenset(catalogue.meaning(name).split()) for name in trained}
    # over the whole catalogue: no trained subject's meaning holds a held-out one's, nor the other way round
    assert not any(h <= t or t <= h for h in held_words for t in trained_words)


@needs_art
def test_what_lies_on_both_sides_is_on_neither(rows: list[dict]) -> None:
    names = {row["name"] for row in rows}
    between = {row["name"] for row in catalogue.cldr()} - names
    assert 0 < len(between) < 12
    assert all(len({catalogue.chosen(root) for root in catalogue.roots(name)}) == 2 for name in between)


@needs_art
def test_no_held_out_subject_reaches_a_training_shard(rows: list[dict], shards: list[pairs.Shard]) -> None:
    def shown(shard: pairs.Shard) -> set[int]:
        return {entity for scene in [*shard.references(), *(pair.target for pair in shard.pairs)] for entity in encode.shown(scene)}

    held_names = {row["name"] for row in rows if row["held_out"]}
    for shard in shards:
        assert not any(rows[entity]["held_out"] for entity in shown(shard))
        spoken = {subject.name for pair in shard.pairs for subject in pair.target.subjects}
        assert not spoken & held_names
    assert all(rows[entity]["held_out"] for entity in shown(compose("held_out", 0, rows)))
    assert all(catalogue.side(name) == "train" for name in accessories.PLACE_OF)  # drawn by rule, hence in training


@needs_art
def test_catalogue_has_no_flags_symbols_clocks_or_skin_tones(rows: list[dict]) -> None:
    codes = [[int(part, 16) for part in row["code"].split("-")] for row in rows if row["family"] in catalogue.EMOJI]
    for code in codes:
        assert not any(0x1F1E6 <= part <= 0x1F1FF or 0x1F3FB <= part <= 0x1F3FF or 0x1F550 <= part <= 0x1F567 or part == 0x20E3 for part in code)
        assert not {0x1F3C1, 0x1F3F3, 0x1F3F4} & set(code)  # flags
        assert not {0x231A, 0x23F0, 0x23F1, 0x23F2, 0x1F570} & set(code)  # clocks
    picked = " ".join(name for family in catalogue.picked().values() for name in family.values())
    assert not re.search(r"\b(logo|arrow|flag|cursor|button|google|facebook|linux)\b", picked)


@needs_art
@pytest.mark.parametrize("family", ["fluent-3d", "noto-v1", "streamline-stickies-color"])
def test_subjects_of_a_family_are_drawn_alike_each_time(family: str) -> None:
    every = 40 if family in catalogue.EMOJI else 5
    drawn, sprites = entities.draw_family(family, every)
    assert len(drawn) == len(sprites) > 4 and sprites.shape[1:] == (112, 112, 4)
    assert all((sprite[..., 3] > 8).any(0).sum() == 112 or (sprite[..., 3] > 8).any(1).sum() == 112 for sprite in sprites)
    again, same = entities.draw_family(family, every)
    assert again == drawn and np.array_equal(sprites, same)


# shards


@needs_art
def test_a_shard_is_a_function_of_its_number(rows: list[dict]) -> None:
    assert compose("train", 5, rows, SMALL) == compose("train", 5, rows, SMALL)
    assert compose("train", 5, rows, SMALL) != compose("train", 6, rows, SMALL)
    large = compose("train", 5, rows, replace(SMALL, size=128))
    assert large == compose("train", 5, rows, SMALL)  # larger pictures of the same


@needs_art
def test_sources_are_mixed_as_asked_and_plain_prompts_are_commonest(rows: list[dict], shards: list[pairs.Shard]) -> None:
    count = Counter(pair.source for shard in shards for pair in shard.pairs)
    total = sum(count.values())
    assert abs(count["text"] / total - 0.2) < 0.03 and abs(count["composed"] / total - 0.4) < 0.03
    kinds = Counter(pair.kind for shard in shards for pair in shard.pairs if pair.source == "composed")
    assert kinds.most_common(1)[0][0] == "place"
    for source, weights in (("text", pairs.TEXT_KINDS), ("composed", pairs.COMPOSED_KINDS), ("edit", pairs.EDIT_KINDS)):
        assert {pair.kind for shard in shards for pair in shard.pairs if pair.source == source} == set(weights)
    only = compose("train", 0, rows, replace(SMALL, mix={"edit": 1.0}))
    assert {pair.source for pair in only.pairs} == {"edit"}


@needs_art
def test_half_of_the_subjects_are_given_on_white(shards: list[pairs.Shard]) -> None:
    given = {s for shard in shards for pair in shard.pairs for scene in pair.references if scene.kind == "portrait" for s in scene.subjects}
    assert 0.45 < sum(s.reference_background == "white" for s in given) / len(given) < 0.55
    assert 0.45 < sum(s.mirrored for s in given) / len(given) < 0.55


@needs_art
def test_captions_have_a_mark_for_each_picture_and_drop_names_half_of_the_time(shards: list[pairs.Shard]) -> None:
    named = pictured = 0
    for shard in shards:
        for pair, captions, description in zip(shard.pairs, shard.captions, shard.descriptions, strict=True):
            assert len(captions) == encode.WORDINGS and len(pair.references) <= MAX_REFERENCES
            for text in [*captions, description]:
                assert text and text == text.strip() and not re.search(r"  |[{}]|\ba [aeio]", text), text
            assert all(text.count("<i>") == len(pair.references) for text in captions) and "<i>" not in description
            if pair.source == "composed" and pair.kind in ("place", "group"):
                pictured += 1
                named += pair.target.subjects[0].name in captions[0]
    assert 0.45 < named / pictured < 0.55


@needs_art
def test_tokenizer_knows_every_word_and_nearly_all_wordings_fit(shards: list[pairs.Shard]) -> None:
    tokenizer = Tokenizer(FOLDER.parent / "tokenizer")
    prompts = [tokenizer.encode_prompt(text) for shard in shards for captions in shard.captions for text in captions]
    assert not any((prompt.ids == UNK).any() for prompt in prompts)
    assert np.mean([len(prompt.ids) <= NUM_QUERIES for prompt in prompts]) > 0.99
    names = {row["name"] for row in catalogue.cldr()} | {name for family in catalogue.picked().values() for name in family.values()}
    assert not any(UNK in tokenizer.encode_snippet(words) for words in [*names, *wording.every_word(), *accessories.PLACE_OF])


@needs_art
def test_an_edit_keeps_what_it_does_not_name(shards: list[pairs.Shard]) -> None:
    changes = {
        "time": {"time"}, "weather": {"weather"}, "style": {"style"}, "style picture": {"style"}, "colour": {"colour"}, "size": {"size"},
        "count": {"kind"}, "mirror": {"flipped"}, "accessory": {"accessory"}, "accessory picture": {"accessory"}, "undress": {"accessory"},
        "plain": {"background", "time", "weather"}, "place": {"background", "time", "weather"},
        "add": {"kind", "subjects"}, "remove": {"kind", "subjects"}, "replace": {"subjects", "accessory"},
    }  # fmt: skip
    for shard in shards:
        for pair in shard.pairs:
            if pair.source == "edit":
                before, after = vars(pair.references[0]), vars(pair.target)
                changed = {key for key in before if before[key] != after[key]}
                assert changed and changed <= changes[pair.kind], pair


@needs_art
def test_style_and_accessory_pictures_show_what_the_target_takes_from_them(shards: list[pairs.Shard]) -> None:
    for shard in shards:
        for pair in shard.pairs:
            if pair.kind == "style picture":
                style = pair.references[-1]
                assert style.style == pair.target.style and style.background != pair.target.background
                assert not set(style.subjects) & set(pair.target.subjects)
            if pair.kind == "accessory picture":
                assert pair.references[-1].accessory == pair.target.accessory is not None
            if pair.source == "composed":  # hue and direction are turned on reference and target alike
                given = [scene.subjects[0] for scene in pair.references if scene.kind == "portrait" and scene.subjects]
                assert given == list(pair.target.subjects)


@needs_art
def test_a_configuration_may_ask_for_other_kinds(rows: list[dict]) -> None:
    config = encode.load_config(FOLDER.parent / "configs" / "data-attributes.json")
    usual = GeneratorConfig().kinds
    assert {source: kinds.keys() for source, kinds in config.kinds.items()} == {source: kinds.keys() for source, kinds in usual.items()}
    worn = {source: {kind: float(kind == "accessory") for kind in kinds} for source, kinds in usual.items()}
    assert {pair.kind for pair in compose("train", 0, rows, replace(SMALL, kinds=worn)).pairs} == {"accessory"}


@needs_art
def test_shards_are_written_and_read(rows: list[dict], tmp_path: Path) -> None:
    small = rows[::200]
    stand_in = np.random.default_rng(0).integers(0, 255, (len(small), 112, 112, 4), dtype=np.uint8)
    config = GeneratorConfig(subjects=12, scenes=24, wordings=2)
    encoder = torch.nn.Conv2d(3, 32, 8, 8)  # for the real one, which takes its time

    def draw(asked: list[Scene], size: int) -> list[np.ndarray]:
        return [render(scene, stand_in, size) for scene in asked]

    path = encode.write_shard("train", 0, small, encoder, draw, config, tmp_path)
    shard = compose("train", 0, small, config)
    stored = load_file(path)
    assert stored["reference_pixels"].shape == (len(shard.references()), 96, 96, 3)
    assert np.array_equal(stored["reference_pixels"][0], render(shard.references()[0], stand_in))
    folder = tmp_path / "again"
    folder.mkdir()
    again = load_file(encode.write_shard("train", 0, small, encoder, draw, config, folder))
    assert all(torch.equal(again[name], tensor) for name, tensor in stored.items())

    tokenizer = Tokenizer(FOLDER.parent / "tokenizer")
    dataset = SceneDataset(tokenizer, torch.zeros(32), torch.ones(32), pixels=True, folder=tmp_path)
    assert dataset.generator["size"] == 96 and dataset.generator["version"] == pairs.GENERATOR_VERSION
    batch = dataset.batch(np.arange(len(dataset)), np.zeros(len(dataset), int))
    for row, pair in enumerate(shard.pairs):
        assert batch.num_images[row] == len(pair.references)
        for column, scene in enumerate(pair.references):
            assert np.array_equal(batch.reference_pixels[row, column], render(scene, stand_in))
    assert torch.allclose(batch.targets, taef2.fold(stored["target_latents"].float(), torch.zeros(32), torch.ones(32)))

    encode.write_shard("train", 1, small, encoder, draw, replace(config, size=128), tmp_path)
    assert len(shard_files("train", tmp_path)) == 2
    with pytest.raises(ValueError, match="drawn otherwise"):
        SceneDataset(tokenizer, torch.zeros(32), torch.ones(32), folder=tmp_path)


@needs_art
@pytest.mark.skipif(not (catalogue.CACHE / "entities.npy").exists(), reason="python -m data.entities draws the subjects")
def test_pictures_do_not_depend_on_the_number_of_processes() -> None:
    sprites, rows = entities.load()
    asked = [pair.target for pair in compose("train", 0, rows, GeneratorConfig(scenes=12)).pairs]
    for picture, other in zip(encode.drawing(1)(asked, 96), encode.drawing(2)(asked, 96), strict=True):
        assert np.array_equal(picture, other)


# pictures


def test_the_widest_run_of_a_gap_is_the_whole_row() -> None:
    assert accessories.widest_run(np.array([0, 1, 0, 1, 1, 0], bool)) == (3, 5)
    assert accessories.widest_run(np.zeros(6, bool)) == (0, 6)


def test_pictures_are_deterministic_and_follow_the_scene(sprites: np.ndarray) -> None:
    scene = Scene("one", "beach", "night", subjects=(subject(0),))
    picture = render(scene, sprites)
    assert picture.shape == (96, 96, 3) and picture.dtype == np.uint8
    scenery._background.cache_clear()
    assert np.array_equal(picture, render(scene, sprites))
    changes = [
        {"time": "day"}, {"background": "snow"}, {"colour": "red"}, {"size": "tiny"}, {"kind": "twins"}, {"kind": "four"}, {"kind": "left"},
        {"subjects": (subject(1),)}, {"flipped": True}, {"kind": "empty", "subjects": ()},
        *({"style": style} for style in styles.STYLES), *({"weather": weather} for weather in scenery.WEATHER),
    ]  # fmt: skip
    for change in changes:
        assert np.abs(render(replace(scene, **change), sprites).astype(int) - picture).mean() > 1, change


def test_a_larger_picture_shows_the_same(sprites: np.ndarray) -> None:
    for kind, style in (("one", None), ("on", None), ("behind", "pencil sketch"), ("group", "black and white")):
        scene = Scene(kind, "city", subjects=(subject(0), subject(1)) if kind != "one" else (subject(0),), style=style, weather="snow")
        large = render(scene, sprites, 128)
        assert large.shape == (128, 128, 3)
        small = np.asarray(Image.fromarray(large).resize((96, 96), Image.Resampling.BOX), int)
        assert np.abs(small - render(scene, sprites)).mean() < 12


def test_there_are_places_for_every_taste_and_night_darkens_them() -> None:
    assert len(scenery.PLACES) >= 12 and set(wording.PLACE_WORDS) == set(wording.PLACE_NAMES) == set(scenery.PLACES)
    for place in scenery.OPEN_AIR:
        for weather in (None, *scenery.WEATHER):
            day, night = (np.asarray(scenery.draw_background(place, time, 0, weather)).mean() for time in ("day", "night"))
            assert night < 0.75 * day, (place, weather)


def test_plain_colours_are_plain(sprites: np.ndarray) -> None:
    picture = render(Scene("one", "blue", subjects=(subject(0),)), sprites)
    assert np.array_equal(picture[2, 2], scenery.COLOURS["blue"])


def where(picture: np.ndarray, sprite: np.ndarray) -> tuple[float, float]:
    """Centre (x, y) of a sprite's colour in a picture on white."""
    near = np.abs(picture.astype(int) - sprite[56, 56, :3]).max(-1) < 40
    ys, xs = np.where(near)
    return xs.mean(), ys.mean()


def test_relations_put_the_pictures_where_the_words_say(sprites: np.ndarray) -> None:
    def centres(kind: str) -> tuple[tuple[float, float], tuple[float, float]]:
        picture = render(Scene(kind, subjects=(subject(0), subject(1))), sprites)
        return where(picture, sprites[0]), where(picture, sprites[1])

    (x, _), (other_x, _) = centres("group")
    assert x < other_x - 20
    (x, y), (other_x, other_y) = centres("on")
    assert abs(x - other_x) < 3 and y < other_y - 25
    (_, y), (_, other_y) = centres("under")
    assert y > other_y + 25
    for kind, front in (("front", 0), ("behind", 1)):  # the one in front is lower and hides part of the other
        two = centres(kind)
        assert two[front][1] > two[1 - front][1] + 5


def test_accessories_sit_on_the_subject(sprites: np.ndarray) -> None:
    bare = Scene("one", subjects=(subject(0, creature=True, face=True),))
    before = render(bare, sprites).astype(int)
    ys = np.where((before < 250).any(-1))[0]
    top, bottom = ys.min(), ys.max()
    for name, place in accessories.PLACE_OF.items():
        after = render(replace(bare, accessory=Accessory(name, place)), sprites).astype(int)
        changed = np.where(np.abs(after - before).max(-1) > 30)[0]
        middle = (changed.mean() - top) / (bottom - top)
        assert len(changed) > 40 and {"head": middle < 0.2, "eyes": 0.3 < middle < 0.55, "neck": middle > 0.75}[place], (name, middle)
    assert {row for row in accessories.OF_A_COLOUR} <= set(accessories.PLACE_OF)


def test_styles_are_what_they_are_called(sprites: np.ndarray) -> None:
    scene = Scene("one", "meadow", subjects=(subject(0),))
    art = render(replace(scene, style="pixel art"), sprites)
    assert np.array_equal(art, np.repeat(np.repeat(art[1::3, 1::3], 3, 0), 3, 1))  # 32 x 32 flat cells
    for style in ("black and white", "pencil sketch", "line drawing"):
        picture = render(replace(scene, style=style), sprites).astype(int)
        assert (picture.max(-1) == picture.min(-1)).all(), style
    blue = render(replace(scene, style="blue tones"), sprites).astype(int)
    assert (blue[..., 2] >= blue[..., 0]).all()
    assert render(replace(scene, style="neon"), sprites).mean() < 90


# order


def test_epoch_order_is_seeded_and_visits_every_scene() -> None:
    order, wordings = epoch_order(1000, 64, 0, 3)
    again, _ = epoch_order(1000, 64, 0, 3)
    assert np.array_equal(order, again) and not np.array_equal(order, epoch_order(1000, 64, 0, 4)[0])
    assert len(np.unique(order)) == order.size == 960 and wordings.max() < encode.WORDINGS


def test_subjects_keep_their_hue_where_their_name_says_a_colour() -> None:
    rng = Random(0)
    assert all(not pairs.sample_subject(rng, 0, {"name": "red apple"}).hue for _ in range(50))
    assert any(pairs.sample_subject(rng, 0, {"name": "fox"}).hue for _ in range(50))
