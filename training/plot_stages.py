"""Draws the curves of the MLLM, align and instruct stages and keeps their CSV files:

    python plot_stages.py figures/mini-curves.png      # cache/{mllm,align,instruct}/curve.csv, or those that are kept
"""

import csv
import shutil
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

from data.catalogue import CACHE  # noqa: E402

STAGES = {"mllm": ("lm", "latents"), "align": ("mse", "rec", "latents"), "instruct": ("loss",)}


def main() -> None:
    out = Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(1, len(STAGES), figsize=(13, 3.6), layout="constrained")
    for axis, (stage, names) in zip(axes, STAGES.items(), strict=True):
        axis.set(title=stage, xlabel="thousand samples", yscale="log")
        path, kept = CACHE / stage / "curve.csv", out.parent / f"{stage}-curve.csv"
        if path.exists():
            shutil.copyfile(path, kept)
        if not kept.exists():
            continue
        rows = list(csv.DictReader(kept.open()))
        for name in names:
            points = [(int(row["samples"]) / 1000, float(row[name])) for row in rows if row[name]]
            axis.plot(*zip(*points, strict=True), label=name)
        axis.legend()
    figure.savefig(out, dpi=90)


if __name__ == "__main__":
    main()
