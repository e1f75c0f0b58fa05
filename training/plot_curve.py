"""Draws a curve CSV of the image decoder: `python plot_curve.py figures/decoder-curve.csv figures/decoder-curve.png`."""

import csv
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def main() -> None:
    rows = list(csv.DictReader(open(sys.argv[1])))
    samples = [int(row["samples"]) / 1000 for row in rows]
    figure, (loss, error) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    loss.plot(samples, [float(row["loss"]) for row in rows], color="black")
    loss.set(xlabel="thousand samples", ylabel="v-prediction loss", yscale="log")
    names = [name for name in rows[0] if name.startswith("x0_mse_t")]
    for index, name in enumerate(names):
        error.plot(samples, [float(row[name]) for row in rows], color=plt.cm.viridis(index / len(names)), label=f"t = {name[8:]}")
    error.set(xlabel="thousand samples", ylabel="MSE of predicted x0 (variance 1)", ylim=(0, 1))
    error.legend(fontsize=7, ncols=2)
    figure.savefig(sys.argv[2], dpi=90)


if __name__ == "__main__":
    main()
