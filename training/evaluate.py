"""Measures a bundle: metrics.json beside it, the table of its model card, and two contact sheets.

    python -m data.entities && python evaluate.py       # the shipped mini, about 15 minutes of one core
    python evaluate.py --quick --out /tmp/quick         # whether it runs: two steps, two cases of each kind

Subjects that no training has seen, trained ones, and cut-outs of photos are asked alike. Identity is retrieval: an embedding looks at the
subject's place in the drawn picture and has to find its reference among 50. Scenes, attributes, counts and relations are read off by probes.
Both were trained apart, on true scenes of training subjects (`evaluation/`, `weights/evaluation_*`), and are never used in training the mini.

What the judges themselves get right is the ceiling: the same cases, drawn by the true renderer. Two baselines: the model with the subject's
name in words instead of its picture, and the cut-out pasted into the empty scene.

Drawn pictures stay in cache/evaluation, by bundle, so that a second run only judges. A CUDA device is used where there is one.
"""

import argparse
import csv
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from evaluation.cases import Case
from evaluation.drawing import DRAWN, Painter, Request
from evaluation.exams import Exam, Share, exam, grade, pasted_pictures, photo_exam, requests, requests_in_words, true_pictures
from evaluation.networks import load_embedding, load_probes
from evaluation.sheets import contact_sheet, sheet_of_64, write
from evaluation.subjects import Sprites, load_art, mixed, restrict
from sample import MINI

HERE = Path(__file__).parent
FIGURES = HERE / "figures"
TARGETS = {"identity_r1": 0.9, "identity_r5": 0.98, "identity_r1_lookalikes": 0.7, "scene_accuracy": 0.95, "attribute_accuracy": 0.85, "two_subjects": 0.8}
"""For held-out subjects."""
ROWS = {
    "identity_r1": "the right subject, of 50", "identity_r5": "among the five likeliest", "identity_r1_lookalikes": "the right one of 50 look-alikes",
    "identity_r5_lookalikes": "among the five likeliest", "two_subjects": "two subjects, both right", "scene_accuracy": "place and hour",
    "attribute_accuracy": "attributes, mean of the five", "colour_accuracy": "- colour of the subject", "size_accuracy": "- tiny, big",
    "style_accuracy": "- style", "weather_accuracy": "- weather", "accessory_accuracy": "- thing worn", "count_accuracy": "count, one to four",
    "relation_accuracy": "relations, mean of the three", "next_to_accuracy": "- next to", "on_accuracy": "- on", "in_front_of_accuracy": "- in front of",
    "style_picture_accuracy": "style of a second picture", "edit_accuracy": "edits: the change made, the place kept",
    "edit_identity_r1": "edits of hour, weather, place: the right subject, of 50",
}  # fmt: skip
"""Figures of the card's table, in its order."""
BEGIN, END = "<!-- measured: evaluate.py writes from here", "<!-- to here -->"


def training_record(folder: Path) -> dict:
    """What the training took, from the curves that it left: samples by stage and core-hours (or device-hours, where training.json says so)."""
    path = folder / "training.json"
    if path.exists():
        return json.loads(path.read_text())
    samples, seconds = {}, 0.0
    for stage in ("decoder", "mllm", "align", "instruct"):
        curve = folder / f"{stage}-curve.csv"
        if curve.exists():
            rows = list(csv.DictReader(curve.open()))
            samples[stage] = int(rows[-1]["samples"])
            before = 0.0
            for row in rows:
                seconds += (float(row["seconds"]) - before) * int(row.get("cores") or 1)
                before = float(row["seconds"])
    return {"samples": samples, "compute": {"cpu_core_hours": round(seconds / 3600, 1)}}


def percent(value: float, error: float) -> str:
    return f"{100 * value:.0f} ± {100 * error:.0f}"


def table(metrics: dict) -> str:
    """Markdown: a row for each figure, in % with its standard error."""
    columns = {
        "held-out": ("held_out",), "trained": ("trained",), "photos": ("photos",), "no picture": ("baselines", "no_image"), "pasted": ("baselines", "paste"),
        "ceiling": ("ceiling",),
    }  # fmt: skip
    lines = [f"| % | {' | '.join(columns)} | target |", "| --- |" + " --- |" * (len(columns) + 1)]
    for key, words in ROWS.items():
        cells = []
        for path in columns.values():
            values, errors = metrics, metrics["standard_error"]
            for part in path:
                values, errors = values[part], errors[part]
            cells.append(percent(values[key], errors[key]) if key in values else "")
        target = f"≥ {100 * TARGETS[key]:.0f}" if key in TARGETS else ""
        lines.append(f"| {words} | {' | '.join(cells)} | {target} |")
    return "\n".join(lines)


def write_card(card: Path, metrics: dict) -> None:
    """Puts the table where the card has the marks for it; a card without marks stays as it is."""
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    pattern = re.compile(f"({re.escape(BEGIN)}[^\n]*-->\n).*?({re.escape(END)})", re.S)
    if pattern.search(text):
        card.write_text(pattern.sub(lambda match: f"{match[1]}\n{table(metrics)}\n\n{match[2]}", text), encoding="utf-8")


def put(metrics: dict, path: str, figures: dict[str, Share]) -> None:
    """Files figures under `path`, their standard errors and counts under the same path of `standard_error` and `pictures`."""
    for name, values in (
        ("", {key: round(one.right, 4) for key, one in figures.items()}),
        ("standard_error", {key: round(one.error, 4) for key, one in figures.items()}),
        ("pictures", {key: one.count for key, one in figures.items()}),
    ):
        place = metrics
        for part in [*([name] if name else []), *path.split(".")]:
            place = place.setdefault(part, {})
        place.update(values)


def measure(painter: Painter, seen: dict | None, quick: bool) -> dict:
    """All figures, as metrics.json holds them."""
    sprites, rows = load_art()
    rows = rows if seen is None else restrict(rows, seen)
    embedding, probes = load_embedding(), load_probes()
    size = painter.pipeline.bundle["defaults"]["width"]
    exams = {"held_out": exam(sprites, rows, True), "trained": exam(sprites, rows, False, 0.5), "photos": photo_exam(sprites, rows)}
    in_words = exam(sprites, rows, True, 0.5).without_edits()
    if quick:
        exams, in_words = {name: test.first(2) for name, test in exams.items()}, in_words.first(2)
    metrics: dict = {"bundle": painter.digest, "steps": painter.steps, "guidance_scale": painter.guidance, "scheduler": painter.scheduler, "seed": painter.seed}

    def drawn(name: str, test: Exam, ask: Callable[[list[Case]], list[Request]]) -> None:
        print(f"{name}: {sum(map(len, test.cases.values()))} pictures", flush=True)
        put(metrics, name, grade(test, {kind: painter.draw(ask(cases)) for kind, cases in test.cases.items() if cases}, sprites, embedding, probes))

    def rendered(name: str, test: Exam, render: Callable[[list[Case], Sprites, int], np.ndarray]) -> None:
        put(metrics, name, grade(test, {kind: render(cases, sprites, size) for kind, cases in test.cases.items() if cases}, sprites, embedding, probes))

    rendered("ceiling", exams["held_out"], true_pictures)
    rendered("ceiling_trained", exams["trained"], true_pictures)
    rendered("ceiling_photos", exams["photos"], true_pictures)
    rendered("baselines.paste", exams["held_out"].without_edits(), pasted_pictures)
    for name, test in exams.items():
        drawn(name, test, lambda cases: requests(cases, sprites, size))
    drawn("baselines.no_image", in_words, requests_in_words)
    metrics["training"] = training_record(FIGURES)
    return metrics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=MINI)
    parser.add_argument("--out", type=Path, help="where metrics.json goes; the bundle's folder, whose card is written too, if not given")
    parser.add_argument("--sheets", type=Path, default=FIGURES, help="where the contact sheets go")
    parser.add_argument("--seen", type=Path, help="families and held-out names of a bundle that was not trained on today's data")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="two steps, two cases of each kind, no sheets")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seen = json.loads(arguments.seen.read_text()) if arguments.seen is not None else None
    painter = Painter(arguments.bundle, arguments.seed, 2 if arguments.quick else None, cache=None if arguments.quick else DRAWN)
    start = time.time()
    metrics = measure(painter, seen, arguments.quick)
    metrics["seen"] = arguments.seen.name if arguments.seen is not None else None
    out = arguments.out or arguments.bundle
    out.mkdir(parents=True, exist_ok=True)
    (out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(table(metrics))
    if arguments.out is None:
        write_card(out / "README.md", metrics)
    if not arguments.quick:
        sprites, rows = load_art()
        rows = rows if seen is None else restrict(rows, seen)
        size = painter.pipeline.bundle["defaults"]["width"]
        held_out = mixed(rows, True, 64)
        write(contact_sheet(painter, mixed(rows, False, 4), held_out[:4], sprites, size), arguments.sheets / "mini-contact-sheet.png")
        write(sheet_of_64(painter, held_out, sprites, size), arguments.sheets / "mini-64-uncurated.png")
    print(f"{time.time() - start:.0f} s, of which {painter.drawn} pictures took {painter.seconds:.0f}")


if __name__ == "__main__":
    main()
