"""The measuring itself: known pictures give known figures, the judges never saw a held-out subject, and what is published is what was measured."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

import evaluate
from data.catalogue import PACKAGES, meaning
from data.scenes import Scene, Subject, render
from evaluation import cases as questions
from evaluation import exams, networks, subjects, train_embedding, train_probes
from evaluation.drawing import Painter, Request, digest_of
from evaluation.exams import Exam, grade, mean, paste, ranks, share
from kosmosg.text import IMAGE_MARK, Tokenizer
from sample import MINI

needs_art = pytest.mark.skipif(not (subjects.art_is_there() and PACKAGES.exists()), reason="python -m data.entities draws the art")
WANTED = ("identity_r1", "identity_r1_lookalikes", "identity_r5", "scene_accuracy", "attribute_accuracy", "count_accuracy", "relation_accuracy", "two_subjects")


@pytest.fixture(scope="module")
def sprites() -> np.ndarray:
    """Discs of random colours."""
    rng = np.random.default_rng(0)
    discs = np.zeros((60, 112, 112, 4), np.uint8)
    y, x = np.mgrid[:112, :112]
    discs[..., :3] = rng.integers(0, 255, (60, 1, 1, 3))
    discs[..., 3] = 255 * ((x - 56) ** 2 + (y - 56) ** 2 < 50**2)
    return discs


@pytest.fixture(scope="module")
def some() -> list[Subject]:
    return [Subject(index, f"thing {index}", creature=True, face=True) for index in range(50)]


@pytest.fixture(scope="module")
def test_of_discs(some: list[Subject]) -> Exam:
    return Exam(exams.sets("discs", some, some, some, 0.1, 1, 5), some, some)


@pytest.fixture(scope="module")
def art() -> tuple[subjects.Sprites, list[dict]]:
    return subjects.load_art()


def test_ranks_of_known_vectors() -> None:
    gallery = np.eye(50)
    assert (ranks(gallery, gallery, list(range(50))) == 0).all()
    turned = ranks(gallery, gallery, [(index + 1) % 50 for index in range(50)])
    assert (turned == 49).all()  # a tie is no find: judges that cannot tell get nothing
    rng = np.random.default_rng(0)
    random = ranks(rng.normal(size=(4000, 64)), rng.normal(size=(50, 64)), rng.integers(0, 50, 4000))
    assert abs((random < 1).mean() - 1 / 50) < 0.01 and abs((random < 5).mean() - 5 / 50) < 0.02


def test_shares_and_their_errors() -> None:
    all_right, half = share(np.array([True] * 10)), share(np.array([True, False] * 50))
    assert all_right.right == 1 and 0.05 < all_right.error < 0.1  # ten of ten is no certainty
    assert half.right == 0.5 and half.error == pytest.approx(0.05, rel=0.02)
    assert mean([half, half]).error == pytest.approx(half.error / 2**0.5) and mean([half, half]).count == 200


def test_every_case_can_be_asked(test_of_discs: Exam) -> None:
    tokenizer = Tokenizer(MINI)
    names = [case.name for cases in test_of_discs.cases.values() for case in cases]
    assert len(set(names)) == len(names)  # a name is a case's noise
    for name, cases in test_of_discs.cases.items():
        for case in cases:
            assert case.prompt.count(IMAGE_MARK) == len(case.references) > 0
            assert case.asks and all(questions.truth(case.target)[question] in questions.ANSWERS[question] for question in case.asks)
            tokenizer.encode_prompt(case.prompt, 128)
            if name not in exams.ONLY_WITH_PICTURES:
                assert IMAGE_MARK not in case.words and "thing" in case.words


def test_all_places_hours_and_answers_are_asked_for(some: list[Subject]) -> None:
    full = exams.sets("discs", some, some, some, 1.0, 2, 50)
    asked = {(case.target.background, case.target.time) for case in full["identity"]}
    assert {place for place, _ in asked} == set(questions.ANSWERS["place"]) and {hour for _, hour in asked} == set(questions.HOURS)
    for question in questions.ATTRIBUTES:
        answers = {questions.truth(case.target)[question] for case in full[question]}
        assert answers >= set(questions.ANSWERS[question]) - {questions.NOTHING, "normal"}, question


def test_a_picture_of_any_size_looks_the_same(sprites: np.ndarray, some: list[Subject]) -> None:
    scene = Scene("one", "beach", subjects=(some[0],))
    small, large = (networks.look(render(scene, sprites, size)[None], 64, questions.BOXES["one"]) for size in (96, 192))
    assert small.shape == (1, 3, 64, 64) and (small - large).abs().mean() < 0.03
    beyond = networks.look(render(scene, sprites)[None], 64, (-0.25, 0, 0.75, 1))
    assert beyond.shape == small.shape and torch.isfinite(beyond).all()


def test_paste_puts_the_subject_where_the_scene_has_it(sprites: np.ndarray, some: list[Subject], test_of_discs: Exam) -> None:
    """By day, on a plain ground, pasting is all that there is to do."""
    for kind, count in (("one", 1), ("twins", 1), ("four", 1), ("group", 2), ("on", 2), ("front", 2)):
        scene = Scene(kind, "blue", subjects=tuple(some[:count]))
        assert np.abs(paste(scene, sprites).astype(int) - render(scene, sprites)).max() <= 1, kind
    lit, pasted = (draw(Scene("one", "beach", "night", subjects=(some[0],)), sprites) for draw in (render, paste))
    assert np.abs(lit.astype(int) - pasted).mean() > 1


def test_rough_pictures_are_seeded(sprites: np.ndarray, some: list[Subject]) -> None:
    x = networks.look(np.stack([render(Scene("one", "snow", subjects=(subject,)), sprites) for subject in some[:3]]), 64)
    first, again, other = (networks.roughen(x, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.shape == x.shape and first.abs().max() <= 1


def test_weights_come_back(tmp_path: Path) -> None:
    for network in (networks.Embedding((8, 8, 8, 8), 4), networks.Probes({"count": ["1", "2"]}, (8, 8, 8, 8), 4)):
        networks.save(network.eval(), tmp_path / "w.safetensors", {"seed": 0})
        back = networks.load(type(network), tmp_path / "w.safetensors")
        x = torch.rand(2, 3, network.side, network.side)
        for a, b in zip(*(out.values() if isinstance(out, dict) else [out] for out in (network(x), back(x))), strict=True):
            assert (a - b).abs().max() < 0.01


def test_noise_belongs_to_the_picture_not_to_the_batch() -> None:
    references = [np.full((96, 96, 3), value, np.uint8) for value in (40, 120, 200)]
    asked = [Request(f"{IMAGE_MARK} on the beach", (reference,), f"case {index}") for index, reference in enumerate(references)]
    together, alone, reseeded = (Painter(MINI, seed, 2, batch, None) for seed, batch in ((0, 3), (0, 1), (1, 3)))
    assert torch.equal(together.noise(asked[1]), alone.noise(asked[1])) and not torch.equal(together.noise(asked[0]), together.noise(asked[1]))
    pictures = together.draw(asked)
    assert np.array_equal(pictures, together.draw(asked))
    # sums over a batch of another size are taken in another order
    assert np.abs(pictures.astype(int) - alone.draw(asked[::-1])[::-1]).max() <= 2
    assert not np.array_equal(pictures, reseeded.draw(asked))


def test_drawn_pictures_are_kept_by_what_was_asked(tmp_path: Path) -> None:
    painter = Painter(MINI, 0, 1, 2, tmp_path)
    asked = [Request("a beach", (), "one"), Request("a beach", (), "two")]
    first = painter.draw(asked)
    assert painter.drawn == 2 and len(list(tmp_path.glob("*/*.png"))) == 2
    assert np.array_equal(painter.draw(asked[::-1]), first[::-1]) and painter.drawn == 2
    keys = {painter.key(request) for request in (*asked, Request("a forest", (), "one"), Request("a beach", (np.zeros((2, 2, 3), np.uint8),), "one"))}
    assert len(keys) == 4


def test_a_bundle_of_other_art_is_asked_only_what_is_held_out_then_and_now() -> None:
    rows = [
        {"name": name, "family": family, "held_out": held_out}
        for name, family, held_out in (("cat", "a", True), ("dog", "a", True), ("cow", "a", False), ("owl", "a", False), ("cat", "b", True))
    ]
    kept = subjects.restrict(rows, {"families": ["a"], "held_out": ["cat", "owl"]})
    assert [row["held_out"] for row in kept] == [True, None, False, None, None]


def test_the_training_record_adds_the_curves_up(tmp_path: Path) -> None:
    (tmp_path / "decoder-curve.csv").write_text("samples,seconds,cores\n100,1800,2\n250,3600,1\n")
    (tmp_path / "align-curve.csv").write_text("step,samples,seconds,loss\n1,40,900,1\n2,80,1800,1\n")
    assert evaluate.training_record(tmp_path) == {"samples": {"decoder": 250, "align": 80}, "compute": {"cpu_core_hours": 2.0}}
    (tmp_path / "training.json").write_text('{"samples": {"all": 1}}')
    assert evaluate.training_record(tmp_path) == {"samples": {"all": 1}}


def test_the_card_shows_what_was_measured() -> None:
    metrics = json.loads((MINI / "metrics.json").read_text())
    card = (MINI / "README.md").read_text(encoding="utf-8")
    assert metrics["bundle"] == digest_of(json.loads((MINI / "model.json").read_text())), "another bundle ships than was measured: python evaluate.py"
    assert evaluate.table(metrics) in card and evaluate.BEGIN in card
    assert (evaluate.FIGURES / "ablation.md").read_text() in card
    for group in (metrics["held_out"], metrics["trained"], metrics["ceiling"], metrics["baselines"]["no_image"], metrics["baselines"]["paste"]):
        assert set(WANTED) <= set(group)
    assert set(WANTED) - {"identity_r1_lookalikes"} <= set(metrics["photos"])


def test_the_probe_weights_are_small_and_seeded() -> None:
    paths = [networks.WEIGHTS / f"evaluation_{name}.safetensors" for name in ("embedding", "probes")]
    assert sum(path.stat().st_size for path in paths) < 2_000_000
    assert networks.load_probes().answers == questions.ANSWERS
    assert networks.load_embedding()(torch.zeros(1, 3, 64, 64)).norm() == pytest.approx(1, abs=1e-3)


@needs_art
def test_the_judges_never_saw_a_held_out_subject(art: tuple[subjects.Sprites, list[dict]]) -> None:
    sprites, rows = art
    held = {meaning(row["name"]) for row in rows if row["held_out"]}
    pool = train_embedding.training_rows(rows)
    assert held and not held & {meaning(rows[index]["name"]) for index in pool}
    rng = Random(0)
    shown = [train_probes.sample_scene(rng, rows, pool, [index for index in pool if rows[index]["creature"]]) for _ in range(500)]
    assert not held & {meaning(subject.name) for scene in shown for subject in scene.subjects}
    asked = exams.exam(sprites, rows, True, 0.1)
    assert {meaning(case.target.subjects[0].name) for cases in asked.cases.values() for case in cases} <= held
    assert len(asked.gallery) == len({meaning(subject.name) for subject in asked.gallery}) == len(asked.lookalikes) == exams.GALLERY


@needs_art
def test_true_pictures_are_found_and_shuffled_ones_are_not(art: tuple[subjects.Sprites, list[dict]]) -> None:
    sprites, rows = art
    judges = networks.load_embedding(), networks.load_probes()
    test = exams.exam(sprites, rows, True, 0.5).without_edits()
    true = {name: exams.true_pictures(cases, sprites) for name, cases in test.cases.items()}
    figures = grade(test, true, sprites, *judges)
    for name in WANTED:
        assert figures[name].right > (0.8 if name == "attribute_accuracy" else 0.88), name
    shuffled = {name: np.roll(pictures, 7, 0) for name, pictures in true.items()}
    chance = grade(test, shuffled, sprites, *judges)
    assert chance["identity_r1"].right < 0.1 and chance["two_subjects"].right < 0.1 and chance["scene_accuracy"].right < 0.2
    pasted = grade(test, {name: exams.pasted_pictures(cases, sprites) for name, cases in test.cases.items()}, sprites, *judges)
    for name in ("identity_r1", "identity_r5", "scene_accuracy", "count_accuracy", "two_subjects"):
        assert pasted[name].right > figures[name].right - 0.1, name
    assert pasted["colour_accuracy"].right < 0.4 and pasted["style_accuracy"].right < 0.2  # what pasting cannot do


@needs_art
def test_a_quick_run_writes_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["evaluate.py", "--quick", "--out", str(tmp_path), "--sheets", str(tmp_path)])
    evaluate.main()
    metrics, published = (json.loads((folder / "metrics.json").read_text()) for folder in (tmp_path, MINI))

    def keys(value: object) -> object:
        return {key: keys(inner) for key, inner in value.items()} if isinstance(value, dict) else None

    measured = {key: value for key, value in keys(metrics).items() if key != "training"}
    assert measured == {key: value for key, value in keys(published).items() if key != "training"}
