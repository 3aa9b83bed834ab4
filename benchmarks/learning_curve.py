"""Learning curve: the same network on growing shares of the articles, judged on other articles, with bootstrap intervals.

    python benchmarks/learning_curve.py EVALUATE.jsonl [--labels labels/data] [--shares 0.1,0.25,0.5,1] [--seeds 1] [--png curve.png]

A smaller share is a part of every larger one, drawn by a hash of the articles' ids. Temperatures are fitted on the validation
articles, which all shares have in common.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import matplotlib
import typer
from rich.console import Console
from rich.table import Table

from labels.article import LabelledParagraph
from labels.store import DATA
from sikap.errors import InputError
from training.encoder import COMPACT, load_encoder
from training.evaluate import GoldDocument, Report, judge, read_gold, report
from training.fit import TrainingArguments
from training.seeds import fit_predictor
from training.train import Material, read_material

matplotlib.use("Agg")
from matplotlib import pyplot

SHOWN = (
    "macro_f1",
    "f1_legal-justification",
    "f1_condemnation",
    "f1_denial",
    "f1_neutral-report",
    "evidence_f1",
    "holder_f1",
    "ece",
)


def part_of(training: Sequence[LabelledParagraph], share: float) -> list[LabelledParagraph]:
    """The paragraphs of the first `share` of the articles, in the order of their ids' hashes."""
    ids = sorted({p.article.id for p in training}, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    kept = set(ids[: max(1, round(share * len(ids)))])
    return [paragraph for paragraph in training if paragraph.article.id in kept]


def run(
    material: Material, share: float, gold: Sequence[GoldDocument], encoder: str, seeds: int, console: Console
) -> Report:
    """Fit on a share of the training paragraphs, and judge."""
    training = part_of(material.training, share)
    title = f"{share:.0%}, seed"
    loaded, arguments = load_encoder(encoder), TrainingArguments()
    predictor = fit_predictor(loaded, training, material.validation, arguments, console, seeds, title)
    return report(judge(gold, predictor))


def plot(shares: Sequence[float], articles: int, reports: Sequence[Report], path: Path) -> None:
    """Macro-F1 with its interval, and F1 of the scarce stances, by the number of articles."""
    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    numbers = [share * articles for share in shares]
    for name in SHOWN[:5]:
        values = [its.values[name] for its in reports]
        axes.plot(numbers, values, "o-", linewidth=2.5 if name == "macro_f1" else 1, label=name.removeprefix("f1_"))
    low, high = zip(*(its.intervals["macro_f1"] for its in reports), strict=True)
    axes.fill_between(numbers, low, high, alpha=0.15)
    axes.set(
        xscale="log",
        xlabel="training articles",
        ylabel="F1",
        ylim=(0, 1),
        title="learning curve (band: 95 % of macro-F1)",
    )
    axes.set_xticks(numbers, [f"{number:.0f}" for number in numbers])
    axes.minorticks_off()
    axes.legend(fontsize="small")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main(
    evaluate: Annotated[Path, typer.Argument(help="Labelled articles to judge on.")],
    labels: Annotated[list[Path] | None, typer.Option(help="Labelled files or folders.")] = None,
    shares: Annotated[str, typer.Option(help="Parted by commas.")] = "0.1,0.25,0.5,1",
    encoder: Annotated[str, typer.Option(help="Folder or hub id of a BERT.")] = str(COMPACT),
    seeds: Annotated[int, typer.Option(min=1, help="Networks whose weights are averaged.")] = 1,
    png: Annotated[Path | None, typer.Option(help="Draw the curve in this file.")] = None,
) -> None:
    """Print the figures of every share."""
    console = Console()
    material = read_material(labels or [DATA])
    gold = read_gold(evaluate)
    parts = [float(share) for share in shares.split(",")]
    reports = [run(material, share, gold, encoder, seeds, console) for share in parts]
    table = Table("figure", *(f"{share:.0%} of the articles" for share in parts))
    for name in SHOWN:
        cells = [
            f"{its.values[name]:.3f} ({its.intervals[name][0]:.2f} to {its.intervals[name][1]:.2f})" for its in reports
        ]
        table.add_row(name, *cells)
    console.print(table)
    if png:
        plot(parts, len({p.article.id for p in material.training}), reports, png)


if __name__ == "__main__":
    try:
        typer.run(main)
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
