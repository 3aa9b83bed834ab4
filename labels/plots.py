"""The figure of `sikap labels stats --png`: stances by topic, and words a paragraph."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from labels.stance import Stance
from labels.statistics import Counts
from sikap.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS: Final = {
    Stance.LEGAL_JUSTIFICATION: "#2f6db3",
    Stance.CONDEMNATION: "#c2413b",
    Stance.DENIAL: "#e3a21a",
    Stance.NEUTRAL_REPORT: "#d3d6da",
}
LONGEST: Final = 80  # words; longer paragraphs share the last bar


def plot_counts(counts: Counts, path: Path) -> None:
    """Draw a set's counts as a PNG. Raises InputError where matplotlib is missing."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise InputError(
            "--png needs matplotlib, which is not installed; `make .venv/.train` installs what training needs"
        ) from None
    figure = Figure(figsize=(12, max(4.0, 1.6 + 0.24 * len(counts.topics))), layout="constrained")
    topics, words = figure.subplots(1, 2, width_ratios=(3, 2))
    _draw_topics(topics, counts)
    _draw_words(words, counts)
    figure.savefig(path, format="png", dpi=110)


def _draw_topics(axes: "Axes", counts: Counts) -> None:
    rows = sorted(counts.topics.items(), key=lambda item: item[1].paragraphs)
    places = range(len(rows))
    left = [0] * len(rows)
    for stance, colour in COLOURS.items():
        values = [row.stances[stance] for _, row in rows]
        share = counts.total.stances[stance] / max(1, counts.total.paragraphs)
        axes.barh(places, values, left=left, color=colour, label=f"{stance} ({share:.0%})", height=0.8)
        left = [before + value for before, value in zip(left, values, strict=True)]
    axes.set_yticks(places, [name for name, _ in rows], parse_math=False)
    axes.set(xlabel="paragraphs", title=f"{counts.total.paragraphs:,} paragraphs of {counts.total.articles:,} articles")
    axes.margins(y=0.01)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="lower right", frameon=False)


def _draw_words(axes: "Axes", counts: Counts) -> None:
    lengths = [min(length, LONGEST) for length in counts.lengths]
    axes.hist(lengths, bins=range(0, LONGEST + 3, 2), color="#6b7684", edgecolor="white", linewidth=0.4)
    for words in counts.words:
        axes.axvline(words, color="black", linestyle="--", linewidth=1)
    axes.set(xlim=(0, LONGEST + 2), xlabel=f"words ({LONGEST} stands for all above)", ylabel="paragraphs")
    low, middle, high = counts.words
    axes.set_title(f"words a paragraph: {low} / {middle} / {high}\n(5th, 50th and 95th percentile, dashed)")
    axes.spines[["top", "right"]].set_visible(False)
