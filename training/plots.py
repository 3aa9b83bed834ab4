"""Plots of a model's card, and of what tells labelled from published text."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np

from training.metrics import LABELS, Judged, calibration_bins, confusion, ece, risk_coverage
from training.realism import Realism
from training.slices import Slice
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


def plot_reliability(sample: Sequence[Judged], path: Path, title: str, before: Sequence[Judged] = ()) -> None:
    """Accuracy against confidence in 15 bins; a dot's area is the share of paragraphs in its bin.

    `before` holds the same paragraphs with the scores that they had before calibration, drawn as a second line.
    """
    bins = calibration_bins(sample)
    filled = bins[bins[:, 0] > 0]
    figure, axes = pyplot.subplots(figsize=(WIDTH, WIDTH * 0.8), layout="constrained")
    axes.plot([0, 1], [0, 1], "--", color="grey", label="perfect calibration")
    if before:
        raw = calibration_bins(before)
        raw = raw[raw[:, 0] > 0]
        axes.plot(raw[:, 1], raw[:, 2], ".-", color="tab:orange", label=f"before calibration, ECE {ece(before):.3f}")
    axes.plot(filled[:, 1], filled[:, 2], color="tab:blue")
    axes.scatter(filled[:, 1], filled[:, 2], s=20 + 800 * filled[:, 0], color="tab:blue", alpha=0.7, label="15 bins")
    axes.set(xlim=(0.2, 1.02), ylim=(0, 1.05), xlabel="confidence", ylabel="share that is right")
    axes.set_title(f"{title}: ECE {ece(sample):.3f}")
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def plot_risk(sample: Sequence[Judged], path: Path, title: str) -> None:
    """Share of wrong labels among the most confident paragraphs, by the share of paragraphs kept (El-Yaniv and Wiener, JMLR 2010)."""
    curve = risk_coverage(sample)
    figure, axes = pyplot.subplots(figsize=(WIDTH, WIDTH * 0.7), layout="constrained")
    axes.plot(curve[:, 0], curve[:, 1], color="tab:blue")
    axes.axvline(0.9, color="grey", linestyle="--", linewidth=0.8)
    axes.set(
        xlim=(0, 1), ylim=(0, None), xlabel="share of paragraphs, most confident first", ylabel="share that is wrong"
    )
    axes.set_title(title)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def plot_slices(parts: Sequence[Slice], path: Path, title: str) -> None:
    """Macro-F1 of every slice as a bar, its size beside it."""
    figure, axes = pyplot.subplots(figsize=(WIDTH * 1.4, 1.0 + 0.24 * len(parts)), layout="constrained")
    kinds = list(dict.fromkeys(part.kind for part in parts))
    colours = [f"C{kinds.index(part.kind)}" for part in parts]
    bars = axes.barh(range(len(parts)), [part.macro_f1 for part in parts], color=colours)
    axes.bar_label(bars, [f"{part.macro_f1:.2f}  (n={part.paragraphs})" for part in parts], padding=3, fontsize="small")
    axes.set_yticks(range(len(parts)), [f"{part.kind}: {part.name}" for part in parts], parse_math=False)
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.18), xlabel="macro-F1 over the stances that occur", title=title)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def plot_learning(curves: Sequence[Sequence[float]], path: Path) -> None:
    """Training loss at every step (averaged over a fiftieth of the run), a line a seed."""
    figure, axes = pyplot.subplots(figsize=(WIDTH, WIDTH * 0.7), layout="constrained")
    for number, losses in enumerate(curves, 1):
        window = max(1, len(losses) // 50)
        smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
        axes.plot(np.arange(len(smooth)) + window, smooth, label=f"seed {number}")
    axes.set(xlabel="step", ylabel="loss (nats: stance, tags and holders)", ylim=(0, None), title="training loss")
    axes.legend()
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
