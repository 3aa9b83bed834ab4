"""Plots of a model's card: confusion matrix and reliability diagram."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from training.metrics import LABELS, Judged, calibration_bins, confusion, ece

matplotlib.use("Agg")
from matplotlib import pyplot

WIDTH = 5.2  # inches


def plot_confusion(sample: Sequence[Judged], path: Path, title: str) -> None:
    """Counts by gold and predicted stance, shaded by share of the gold stance."""
    counts = confusion(sample)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = pyplot.subplots(figsize=(WIDTH, WIDTH * 0.85), layout="constrained")
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(len(LABELS)):
        for column in range(len(LABELS)):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axes.text(
                column, row, f"{counts[row, column]}\n{shares[row, column]:.0%}", ha="center", va="center", color=colour
            )
    axes.set_xticks(range(len(LABELS)), LABELS, rotation=20, ha="right")
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set(xlabel="predicted", ylabel="hand label", title=title)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def plot_reliability(sample: Sequence[Judged], path: Path, title: str) -> None:
    """Accuracy against confidence in 15 bins; a dot's area is the share of paragraphs in its bin."""
    bins = calibration_bins(sample)
    filled = bins[bins[:, 0] > 0]
    figure, axes = pyplot.subplots(figsize=(WIDTH, WIDTH * 0.8), layout="constrained")
    axes.plot([0, 1], [0, 1], "--", color="grey", label="perfect calibration")
    axes.plot(filled[:, 1], filled[:, 2], color="tab:blue")
    axes.scatter(filled[:, 1], filled[:, 2], s=20 + 800 * filled[:, 0], color="tab:blue", alpha=0.7, label="15 bins")
    axes.set(xlim=(0.2, 1.02), ylim=(0, 1.05), xlabel="confidence", ylabel="share that is right")
    axes.set_title(f"{title}: ECE {ece(sample):.3f}")
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
