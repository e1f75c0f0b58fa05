"""What one side of the subjects is asked, and what its pictures come to."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from data.scenery import FLOATING, OVERSAMPLING, PLACES, UNITS, draw_background
from data.scenes import SIZE, Scene, Subject, placements, put, render, render_reference, sprite_of, top_of
from kosmosg.text import IMAGE_MARK

from .cases import ATTRIBUTES, RELATIONS, UNTOUCHED, Case, attribute_cases, count_cases, edit_cases, identity_cases, relation_cases, truth
from .drawing import Request
from .networks import Embedding, Probes, ask, embed
from .subjects import Sprites, lookalikes, mixed, photographed

GALLERY = 50
ONLY_WITH_PICTURES = ("style picture", "edits")
"""Sets whose prompts cannot be said in words alone, nor pasted."""


@dataclass(frozen=True)
class Exam:
    cases: dict[str, list[Case]]
    """By set: identity, lookalikes, the ATTRIBUTES, style picture, count, the RELATIONS' words, edits"""
    gallery: list[Subject]
    """Among whom the embedding has to find the subject"""
    lookalikes: list[Subject]
    """The same for the set `lookalikes`; may be empty"""

    def first(self, count: int) -> "Exam":
        """Only the first cases of each set."""
        return replace(self, cases={name: cases[:count] for name, cases in self.cases.items()})

    def without_edits(self) -> "Exam":
        return replace(self, cases={name: cases for name, cases in self.cases.items() if name not in ONLY_WITH_PICTURES})


def sets(name: str, subjects: list[Subject], creatures: list[Subject], alike: list[Subject], share: float, identity: int, pairs: int) -> dict[str, list[Case]]:
    """`share` scales what is asked of attributes, counts, relations and edits; each subject is drawn `identity` times alone; `pairs` side by side."""
    return {
        "identity": identity_cases(f"{name} identity", subjects, identity),
        "lookalikes": identity_cases(f"{name} lookalikes", alike, identity),
        **attribute_cases(name, subjects, creatures, share),
        "count": count_cases(f"{name} count", subjects, max(1, round(12 * share))),
        "next to": relation_cases(name, subjects, pairs, "group"),
        "on": relation_cases(name, subjects, max(1, round(20 * share)), "on"),
        "in front of": relation_cases(name, subjects, max(1, round(20 * share)), "front"),
        "edits": edit_cases(f"{name} edits", subjects, creatures, max(1, round(3 * share))),
    }


def exam(sprites: Sprites, rows: list[dict], held_out: bool, share: float = 1.0) -> Exam:
    """Of held-out or of trained subjects. A `share` of 1 asks for 529 pictures, of 0.5 for about half."""
    name = "held-out" if held_out else "trained"
    subjects, creatures, alike = mixed(rows, held_out, GALLERY), mixed(rows, held_out, 24, creatures=True), lookalikes(sprites, rows, held_out, GALLERY)
    return Exam(sets(name, subjects, creatures, alike, share, round(2 * share), round(50 * share)), subjects, alike)


def photo_exam(sprites: Sprites, rows: list[dict]) -> Exam:
    """Of photographed subjects: to be found among each other and held-out drawn ones."""
    subjects = photographed(sprites)
    creatures = [replace(subject, creature=True) for subject in subjects if subject.name in ("cat", "dog", "duck toy")]
    others = mixed(rows, True, GALLERY - len(subjects))
    return Exam(sets("photos", subjects, creatures, [], 0.25, 4, len(subjects)), [*subjects, *others], [])


def requests(cases: list[Case], sprites: Sprites, size: int) -> list[Request]:
    return [Request(case.prompt, tuple(render(scene, sprites, size) for scene in case.references), case.name) for case in cases]


def requests_in_words(cases: list[Case]) -> list[Request]:
    """The subjects' names instead of their pictures; the noise is the same."""
    return [Request(case.words, (), case.name) for case in cases if IMAGE_MARK in case.prompt]


def true_pictures(cases: list[Case], sprites: Sprites, size: int = SIZE) -> np.ndarray:
    """uint8 [N, size, size, 3]"""
    return np.stack([render(case.target, sprites, size) for case in cases])


def paste(scene: Scene, sprites: Sprites, size: int = SIZE) -> np.ndarray:
    """The cut-out scaled and pasted where the scene has its subjects: no light of the hour, no shadow, no colour, style or thing to wear.

    uint8 [size, size, 3]
    """
    canvas = draw_background(scene.background, scene.time, scene.variant, scene.weather, size)
    floating, below = scene.background in FLOATING or scene.background not in PLACES, None
    for index, x, base, longest in placements(scene):
        if scene.kind == "on" and below is not None:
            base = top_of(below) * UNITS / canvas.width
        elif floating and scene.kind in ("front", "four"):
            base -= 8
        elif floating and scene.kind != "on":
            base = 49 + longest / 2 + 0.3 * (base - 84)
        below = put(canvas, sprite_of(scene.subjects[index], sprites), x, base, longest, "day", shadow=False)
    return np.asarray(canvas.reduce(OVERSAMPLING))


def pasted_pictures(cases: list[Case], sprites: Sprites, size: int = SIZE) -> np.ndarray:
    return np.stack([paste(case.target, sprites, size) for case in cases])


@dataclass(frozen=True)
class Share:
    """A share of right answers."""

    right: float
    count: int
    error: float
    """Standard error, as if all answers were independent; with one right and one wrong answer more, so that ten of ten is no certainty"""


def share(right: np.ndarray) -> Share:
    """Of bool [N]."""
    likely = (np.sum(right) + 1) / (len(right) + 2)
    return Share(float(np.mean(right)), len(right), math.sqrt(likely * (1 - likely) / (len(right) + 2)))


def mean(shares: list[Share]) -> Share:
    """Of several questions, each counting the same."""
    error = math.sqrt(sum(one.error**2 for one in shares)) / len(shares)
    return Share(sum(one.right for one in shares) / len(shares), sum(one.count for one in shares), error)


def ranks(queries: np.ndarray, gallery: np.ndarray, own: list[int]) -> np.ndarray:
    """How many others of `gallery` [G, D] are as like a query [N, D] as its own is, or more (both of unit length): int64 [N]."""
    likeness = queries @ gallery.T
    return (likeness >= likeness[np.arange(len(own)), own][:, None]).sum(1) - 1


def grade(test: Exam, pictures: dict[str, np.ndarray], sprites: Sprites, embedding: Embedding, probes: Probes) -> dict[str, Share]:
    """The figures of pictures uint8 [N, S, S, 3] by set, one picture for each of the set's cases; of sets without cases there are none."""
    figures: dict[str, Share] = {}

    def references(subjects: list[Subject]) -> np.ndarray:
        return embed(embedding, np.stack([render_reference(subject, sprites) for subject in subjects]))

    def found(name: str, gallery: list[Subject], keys: np.ndarray, which: int = 0, asking: tuple[str, ...] = ()) -> np.ndarray:
        """Ranks of the `which`-th subject of each picture of a set; only of cases that ask one of `asking` first, if any is named."""
        rows = [row for row, case in enumerate(test.cases[name]) if not asking or case.asks[0] in asking]
        cases = [test.cases[name][row] for row in rows]
        queries = embed(embedding, pictures[name][rows], [case.boxes[which] for case in cases])
        numbers = {subject.entity: number for number, subject in enumerate(gallery)}
        return ranks(queries, keys, [numbers[case.target.subjects[which].entity] for case in cases])

    def answered(name: str) -> np.ndarray:
        """Whether all that a case asks is answered rightly, bool [N]."""
        cases, answers = test.cases[name], ask(probes, pictures[name])
        return np.array([all(answers[question][row] == truth(case.target)[question] for question in case.asks) for row, case in enumerate(cases)])

    def asked(names: Iterable[str]) -> list[str]:
        return [name for name in names if test.cases.get(name)]

    scenes = []
    for name, gallery, ending in (("identity", test.gallery, ""), ("lookalikes", test.lookalikes, "_lookalikes")):
        if asked([name]):
            rank = found(name, gallery, references(gallery))
            figures[f"identity_r1{ending}"], figures[f"identity_r5{ending}"] = share(rank < 1), share(rank < 5)
            scenes.append(answered(name))
    if scenes:
        figures["scene_accuracy"] = share(np.concatenate(scenes))
    for mean_of, names in (("attribute", asked(ATTRIBUTES)), ("relation", asked(RELATIONS.values()))):
        shares = {f"{name.replace(' ', '_')}_accuracy": share(answered(name)) for name in names}
        if shares:
            figures |= {**shares, f"{mean_of}_accuracy": mean(list(shares.values()))}
    for name, figure in (("count", "count_accuracy"), ("style picture", "style_picture_accuracy"), ("edits", "edit_accuracy")):
        if asked([name]):
            figures[figure] = share(answered(name))
    keys = references(test.gallery)
    if asked(["next to"]):
        figures["two_subjects"] = share((found("next to", test.gallery, keys, 0) < 1) & (found("next to", test.gallery, keys, 1) < 1))
    if asked(["edits"]):
        figures["edit_identity_r1"] = share(found("edits", test.gallery, keys, asking=UNTOUCHED) < 1)
    return figures
