"""The report of `sikap evaluate`: a bundle's figures beside those of the baselines on the same paragraphs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from rich.console import Console
from rich.table import Table

from labels.store import read_articles
from models.bundle import Bundle
from training.baselines import Classifier, all_baselines, baseline_sample
from training.dataset import paragraphs_of
from training.evaluate import GoldDocument, Report, judge, report
from training.metrics import LABELS, Judged, class_f1, confusion, macro_f1
from training.slices import Slice, slices


@dataclass(frozen=True)
class Compared:
    """A bundle's report, its confusion counts, each baseline's F1 by name of the figure, its slices, and every paragraph."""

    bundle: str
    report: Report
    confusion: list[list[int]]
    baselines: dict[str, dict[str, float]]
    slices: list[Slice]
    sample: Sequence[Judged]

    def as_dict(self) -> dict[str, Any]:
        """As JSON-ready values, without the paragraphs."""
        values = asdict(replace(self, sample=()))
        del values["sample"]
        return values


def own_baselines() -> dict[str, Classifier]:
    """The baselines, trained on the project's own labels as the shipped bundle was."""
    articles = read_articles()
    parts = [paragraphs_of([a for a in articles if a.split == split]) for split in ("train", "validation")]
    return all_baselines(*parts)


def compare_with_baselines(documents: Sequence[GoldDocument], bundle: Bundle) -> Compared:
    """Judge a bundle and the baselines on the same documents."""
    sample = judge(documents, bundle.predictor())
    figures = {"macro_f1": macro_f1, **{f"f1_{label}": class_f1(label) for label in LABELS}}
    baselines = {
        name: {figure: function(baseline_sample(sample, classify)) for figure, function in figures.items()}
        for name, classify in own_baselines().items()
    }
    name = f"{bundle.manifest.name}/{bundle.manifest.version}"
    return Compared(name, report(sample), confusion(sample).tolist(), baselines, slices(sample), sample)


def show_figures(
    found: Report,
    console: Console,
    title: str = "value",
    baselines: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
) -> None:
    """Print figures with their intervals, and beside them those of baselines by name."""
    table = Table("figure", title, "95 % interval", *baselines)
    for name, value in found.values.items():
        low, high = found.intervals[name]
        beside = [f"{figures[name]:.3f}" if name in figures else "" for figures in baselines.values()]
        table.add_row(name, f"{value:.3f}", f"{low:.3f} to {high:.3f}", *beside)
    console.print(f"{found.paragraphs} paragraphs of {found.documents} articles")
    console.print(table)


def show_report(found: Compared, console: Console) -> None:
    """Print figures, baselines and confusion as tables."""
    show_figures(found.report, console, found.bundle, found.baselines)
    counts = Table("hand label \\ predicted", *LABELS)
    for label, row in zip(LABELS, found.confusion, strict=True):
        counts.add_row(label, *map(str, row))
    console.print(counts)
    parts = Table("slice", "paragraphs", "right", "macro-F1 of its stances")
    for part in found.slices:
        parts.add_row(f"{part.kind}: {part.name}", str(part.paragraphs), f"{part.accuracy:.1%}", f"{part.macro_f1:.3f}")
    console.print(parts)
