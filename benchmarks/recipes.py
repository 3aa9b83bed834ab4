"""Recipes of fitting at equal footing: the same encoder, labels and seeds, one or more training arguments changed.

    python benchmarks/recipes.py EVALUATE.jsonl base masked=0.25 class_power=0.5,smoothing=0 [--share 0.25] [--seeds 3] [--out table.jsonl]

Each recipe names what it changes of `TrainingArguments` (training/fit.py); `base` changes nothing. Every fit is judged on the validation articles,
which choose, and on EVALUATE, which confirms. With `--out` every fit is a line of that file, and a second start does the missing ones alone.
"""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from learning_curve import part_of
from rich.console import Console
from rich.table import Table

from labels.article import LabelledParagraph
from labels.store import DATA
from sikap.errors import InputError
from training.encoder import COMPACT, load_encoder
from training.evaluate import GoldDocument, judge, read_gold, report
from training.fit import TrainingArguments
from training.seeds import fit_predictor
from training.train import read_material

BASE: Final = "base"
SHOWN: Final = ("macro_f1", "evidence_f1", "holder_f1", "ece")
Figures = dict[str, dict[str, float]]
"""The figures of each set that was judged, by its name."""


def arguments_of(recipe: str) -> TrainingArguments:
    """The training arguments of `base`, or of `name=value` pairs parted by commas. Raises InputError."""
    known = {field.name for field in fields(TrainingArguments)} - {"seed"}
    changes: dict[str, Any] = {}
    for pair in () if recipe == BASE else recipe.split(","):
        name, _, value = pair.partition("=")
        if name not in known:
            raise InputError(
                f"recipe {recipe!r}: found {name!r}, expected {BASE}, or name=value with {', '.join(sorted(known))}"
            )
        try:
            changes[name] = int(value) if value.isdecimal() else float(value)
        except ValueError as error:
            raise InputError(f"recipe {recipe!r}: found {value!r}, expected a number") from error
    return replace(TrainingArguments(), **changes)


def fit_and_judge(
    training: Sequence[LabelledParagraph],
    validation: Sequence[LabelledParagraph],
    sets: Mapping[str, Sequence[GoldDocument]],
    encoder: str,
    arguments: TrainingArguments,
    console: Console,
) -> Figures:
    """One seed of one recipe, judged on every set."""
    predictor = fit_predictor(load_encoder(encoder), training, validation, arguments, console)
    return {name: report(judge(documents, predictor), 0).values for name, documents in sets.items()}


def read_done(out: Path | None) -> dict[tuple[str, float, int], Figures]:
    """What an earlier start has left in `out`, by recipe, share and seed. Raises InputError."""
    if not out or not out.exists():
        return {}
    found = {}
    for number, line in enumerate(out.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            found[row["recipe"], row["share"], row["seed"]] = row["figures"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{out}:{number}: found {line!r:.40}, expected what this script wrote ({error}); delete the line"
            ) from error
    return found


def table_of(found: dict[str, list[Figures]], sets: Iterable[str]) -> Table:
    """Means over seeds; of macro-F1 also the lowest and the highest."""
    table = Table("recipe", *(f"{name}: {figure.replace('_', ' ')}" for name in sets for figure in SHOWN))
    for recipe, runs in found.items():
        cells = []
        for name in sets:
            for figure in SHOWN:
                values = [run[name][figure] for run in runs]
                spread = f" ({min(values):.3f} to {max(values):.3f})" if figure == SHOWN[0] else ""
                cells.append(f"{statistics.mean(values):.3f}{spread}")
        table.add_row(recipe, *cells)
    return table


def main(
    evaluate: Annotated[Path, typer.Argument(help="Labelled articles that confirm.")],
    recipes: Annotated[list[str], typer.Argument(help="`base`, or name=value pairs parted by commas.")],
    labels: Annotated[list[Path] | None, typer.Option(help="Labelled files or folders.")] = None,
    share: Annotated[float, typer.Option(min=0.01, max=1, help="Of the training articles.")] = 0.25,
    seeds: Annotated[int, typer.Option(min=1)] = 3,
    encoder: Annotated[str, typer.Option(help="Folder or hub id of a BERT.")] = str(COMPACT),
    out: Annotated[Path | None, typer.Option(help="A file that keeps every fit.")] = None,
) -> None:
    """Fit each recipe with each seed, and print the table."""
    console = Console()
    planned = {recipe: arguments_of(recipe) for recipe in recipes}
    material, done = read_material(labels or [DATA]), read_done(out)
    # Before the first fit, which takes minutes: what cannot be read is told now.
    sets = {"validation": material.gold, evaluate.stem: read_gold(evaluate)}
    training = part_of(material.training, share)
    found: dict[str, list[Figures]] = {recipe: [] for recipe in planned}
    for seed in range(seeds):
        for recipe, arguments in planned.items():
            figures = done.get((recipe, share, seed))
            if figures is None or not figures.keys() >= sets.keys():
                console.print(f"{recipe}, seed {seed}")
                seeded = replace(arguments, seed=seed)
                figures = fit_and_judge(training, material.validation, sets, encoder, seeded, console)
                if out:
                    with out.open("a", encoding="utf-8") as file:
                        row = {"recipe": recipe, "share": share, "seed": seed, "figures": figures}
                        file.write(json.dumps(row) + "\n")
            found[recipe].append(figures)
    console.print(table_of(found, sets))


if __name__ == "__main__":
    try:
        typer.run(main)
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
