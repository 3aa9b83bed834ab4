"""Plots: confusion matrix and reliability diagram of a model's card, and what tells labelled from published text."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from training.metrics import LABELS, Judged, calibration_bins, confusion, ece
from training.realism import Realism
from training.texture import LEGEND

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


def plot_features(found: Realism, path: Path, top: int) -> None:
    """Weights of the `top` features that speak most for labelled text, and of those that do for published text."""
    features = [*found.features[-top:][::-1], *found.features[:top][::-1]]
    figure, axes = pyplot.subplots(figsize=(WIDTH * 1.5, 1.2 + 0.22 * len(features)), layout="constrained")
    colours = ["tab:blue" if feature.weight < 0 else "tab:orange" for feature in features]
    places = range(len(features))  # names may repeat where `top` is more than half of them
    axes.barh(places, [feature.weight for feature in features], color=colours)
    axes.set_yticks(places, [feature.name for feature in features], parse_math=False)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.margins(y=0.01)
    axes.set(xlabel="← published        weight a standard deviation        labelled →")
    low, high = found.total.interval
    figure.supxlabel(LEGEND, fontsize="small")
    axes.set_title(f"AUC {found.total.auc:.3f} ({low:.3f} to {high:.3f}); 0.5 cannot be told apart")
    figure.savefig(path, format="png", dpi=110)
    pyplot.close(figure)
