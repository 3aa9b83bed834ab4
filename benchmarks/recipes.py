"""Recipes of fitting at equal footing: the same encoder, labels and seeds, one or more arguments changed.

    python benchmarks/recipes.py base masked=0.25 class_power=0.5,smoothing=0 rdrop=1 --evaluate news.jsonl [--share 0.25] [--seeds 3] [--out table.jsonl]

Each recipe names what it changes of `TrainingArguments` (training/fit.py), or of `Ways`, which the product does without; `base` changes
nothing. Every fit is judged on the validation articles (or on a share of them), which choose, and on the files of `--evaluate`, which
confirm. With `--out` every fit is a line of that file, and a second start does the missing ones alone.
"""

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import torch
import typer
from augmentation import augmented, other_case, other_holders, typos, without_cues
from learning_curve import part_of
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from labels.article import LabelledParagraph
from labels.cues import TALK, cued_stance
from labels.stance import Stance
from labels.store import DATA
from models.network import StanceNetwork
from sikap.errors import InputError
from training.calibrate import prior_shift, stance_shares
from training.dataset import build_dataset, joined
from training.device import autocast
from training.encoder import COMPACT, load_encoder
from training.evaluate import VALIDATION, GoldDocument, judge, read_evaluations, report
from training.fit import Batch, TrainingArguments, fit, parameter_groups, stance_loss, tag_losses
from training.seeds import calibrated_predictor
from training.train import digest, read_material

BASE: Final = "base"
SHOWN: Final = ("macro_f1", "evidence_f1", "holder_f1", "ece")
Figures = dict[str, dict[str, float]]
"""The figures of each set that was judged, by its name."""


@dataclass(frozen=True)
class Ways:
    """What else a recipe can change.

    Args:
        focal: the power to which what a paragraph's stance lacks of certainty weighs its loss (Lin et al., ICCV 2017); 0 is plain.
        rdrop: weight of the distance between two passes with other dropout (Liang et al., NeurIPS 2021).
        layer_decay: how much slower each layer of the encoder learns than the one above (Howard and Ruder, ACL 2018); 1 is alike.
        names, typos, case, cues: share of the paragraphs with another holder, with slips, in other case, without cue words.
        hard: how often neutral paragraphs that talk of a stance, or hold a cue word, are shown in an epoch.
        joined: whether some neighbours are joined to long paragraphs.
    """

    focal: float = 0.0
    rdrop: float = 0.0
    layer_decay: float = 1.0
    names: float = 0.0
    typos: float = 0.0
    case: float = 0.0
    cues: float = 0.0
    hard: int = 1
    joined: int = 1


@dataclass(frozen=True)
class Recipe:
    """One row of the table."""

    arguments: TrainingArguments
    ways: Ways


def recipe_of(name: str) -> Recipe:
    """The recipe of `base`, or of `name=value` pairs parted by commas. Raises InputError."""
    of_arguments, of_ways = ({field.name for field in fields(its)} for its in (TrainingArguments, Ways))
    known = (of_arguments | of_ways) - {"seed"}
    changes: dict[str, Any] = {}
    for pair in () if name == BASE else name.split(","):
        key, _, value = pair.partition("=")
        if key not in known:
            raise InputError(
                f"recipe {name!r}: found {key!r}, expected {BASE}, or name=value with {', '.join(sorted(known))}"
            )
        try:
            changes[key] = int(value) if value.isdecimal() else float(value)
        except ValueError as error:
            raise InputError(f"recipe {name!r}: found {value!r}, expected a number") from error
    arguments, ways = ({key: changes[key] for key in changes.keys() & its} for its in (of_arguments, of_ways))
    return Recipe(replace(TrainingArguments(), **arguments), replace(Ways(), **ways))


def prepared(training: Sequence[LabelledParagraph], ways: Ways, seed: int) -> list[LabelledParagraph]:
    """The paragraphs that a recipe fits on."""
    found = list(training)
    changes = (
        (ways.names, other_holders(training)),
        (ways.typos, typos),
        (ways.case, other_case),
        (ways.cues, without_cues),
    )
    for number, (share, change) in enumerate(changes):
        if share:
            found = augmented(found, share, change, 10 * seed + number)
    hard = [p for p in training if p.stance == Stance.NEUTRAL_REPORT and (TALK.search(p.text) or cued_stance(p.text))]
    return [*found, *hard * (ways.hard - 1), *(joined(training) if ways.joined else ())]


def groups_of(network: StanceNetwork, arguments: TrainingArguments, decay: float) -> list[dict[str, Any]]:
    """Parameter groups whose rates fall by `decay` from each layer to the one below; the embedding's is the lowest."""
    encoder, heads = parameter_groups(network, arguments)
    layers = list(network.encoder.encoder.layer)
    inside = {id(p): number for number, layer in enumerate(layers) for p in layer.parameters()}
    by_depth: dict[int, list[nn.Parameter]] = {}
    for parameter in encoder["params"]:
        by_depth.setdefault(inside.get(id(parameter), -1), []).append(parameter)
    rates = {depth: encoder["lr"] * decay ** (len(layers) - 1 - depth) for depth in by_depth}
    return [*({"params": by_depth[depth], "lr": rates[depth]} for depth in by_depth), heads]


def loss_of(network: StanceNetwork, batch: Batch, weights: Tensor, arguments: TrainingArguments, ways: Ways) -> Tensor:
    """The joint loss of training/fit.py with a focal stance loss, or of two passes and the distance between them."""
    passes = []
    total = torch.zeros((), device=batch.ids.device)
    for _ in range(2 if ways.rdrop else 1):
        with autocast(batch.ids.device):
            logits = network(batch.ids, batch.mask)
        stance = logits.stance.float()
        if ways.focal:
            smooth = (1 - arguments.smoothing) * batch.scores + arguments.smoothing / batch.scores.shape[1]
            logs = stance.log_softmax(-1)
            losses = -(weights * smooth * (1 - logs.exp()) ** ways.focal * logs).sum(-1)
            total = total + losses.sum() / (weights * batch.scores).sum()
        else:
            total = total + stance_loss(stance, batch.scores, weights, arguments.smoothing)
        total = total + tag_losses(logits, batch, arguments)
        passes.append(stance.log_softmax(-1))
    if len(passes) == 2:
        apart = sum(
            nn.functional.kl_div(one, other, log_target=True, reduction="batchmean")
            for one, other in (passes, passes[::-1])
        )
        total = total / 2 + ways.rdrop * apart / 2
    return total


def fit_and_judge(
    training: Sequence[LabelledParagraph],
    validation: Sequence[LabelledParagraph],
    sets: Mapping[str, Sequence[GoldDocument]],
    encoder: str,
    recipe: Recipe,
    console: Console,
) -> Figures:
    """One seed of one recipe, judged on every set."""
    loaded, arguments, ways = load_encoder(encoder), recipe.arguments, recipe.ways
    tokenizing = loaded.tokenizing
    dataset = build_dataset(prepared(training, ways, arguments.seed), tokenizing)
    torch.manual_seed(0)
    network = StanceNetwork(loaded.model, arguments.dropout)
    with console.status("fitting") as status:
        fit(
            network,
            dataset,
            tokenizing,
            arguments,
            lambda step, steps, loss: status.update(f"step {step} of {steps}, loss {loss:.3f}"),
            partial(groups_of, decay=ways.layer_decay),
            partial(loss_of, ways=ways),
        )
    predictor = calibrated_predictor(network, tokenizing, validation, prior_shift(stance_shares(training)))
    return {name: report(judge(documents, predictor), 0).values for name, documents in sets.items()}


def read_done(out: Path | None, asked: Mapping[str, Any]) -> dict[tuple[str, int], Figures]:
    """What an earlier start that was asked the same has left in `out`, by recipe and seed. Raises InputError."""
    if not out or not out.exists():
        return {}
    found = {}
    for number, line in enumerate(out.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            if asked.items() <= row.items():
                found[row["recipe"], row["seed"]] = row["figures"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
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
    recipes: Annotated[list[str], typer.Argument(help="`base`, or name=value pairs parted by commas.")],
    evaluate: Annotated[list[Path], typer.Option(help="Labelled articles that confirm; may be repeated.")],
    labels: Annotated[list[Path] | None, typer.Option(help="Labelled files or folders.")] = None,
    share: Annotated[float, typer.Option(min=0.01, max=1, help="Of the training articles.")] = 0.25,
    judged: Annotated[float, typer.Option(min=0.01, max=1, help="Of the validation articles.")] = 1,
    seeds: Annotated[int, typer.Option(min=1)] = 3,
    encoder: Annotated[str, typer.Option(help="Folder or hub id of a BERT.")] = str(COMPACT),
    out: Annotated[Path | None, typer.Option(help="A file that keeps every fit.")] = None,
) -> None:
    """Fit each recipe with each seed, and print the table."""
    console = Console()
    planned = {name: recipe_of(name) for name in recipes}
    labels = labels or [DATA]
    material = read_material(labels)
    asked = {"encoder": encoder, "labels": digest(labels), "share": share, "judged": judged}
    done = read_done(out, asked)
    # Before the first fit, which takes minutes: what cannot be read is told now.
    training, validation = part_of(material.training, share), part_of(material.validation, judged)
    held = {paragraph.article.id for paragraph in validation}
    gold = [document for document in material.gold if document.id in held]
    sets = {VALIDATION: gold, **read_evaluations(evaluate)}
    found: dict[str, list[Figures]] = {recipe: [] for recipe in planned}
    for seed in range(seeds):
        for name, recipe in planned.items():
            figures = done.get((name, seed))
            if figures is None or not figures.keys() >= sets.keys():
                console.print(f"{name}, seed {seed}")
                seeded = replace(recipe, arguments=replace(recipe.arguments, seed=seed))
                figures = fit_and_judge(training, validation, sets, encoder, seeded, console)
                if out:
                    with out.open("a", encoding="utf-8") as file:
                        row = asked | {"recipe": name, "seed": seed, "figures": figures}
                        file.write(json.dumps(row) + "\n")
            found[name].append(figures)
    console.print(table_of(found, sets))


if __name__ == "__main__":
    try:
        typer.run(main)
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
