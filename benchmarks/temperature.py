"""The stances' temperature, fitted on validation with growing shares of the tokens hidden, and what each is worth on other articles.

    python benchmarks/temperature.py EVALUATE.jsonl [--labels labels/data] [--shares 0,0.15,0.3,0.45,0.6]

Of the current bundle (`SIKAP_MODELS` names another shelf); nothing is trained. `training/calibrate.py` has the share that `make train` takes.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from labels.store import DATA
from models.predictor import Predictor
from models.shelf import bundles_root, load_current
from sikap.errors import SikapError
from training.calibrate import hidden, stance_temperature
from training.evaluate import judge, read_gold, report
from training.metrics import LABELS
from training.train import read_material


def main(
    evaluate: Annotated[Path, typer.Argument(help="Labelled articles to judge on.")],
    labels: Annotated[list[Path] | None, typer.Option(help="Labelled files or folders.")] = None,
    shares: Annotated[str, typer.Option(help="Parted by commas.")] = "0,0.15,0.3,0.45,0.6",
) -> None:
    """Print temperature, accuracy on validation with words hidden, and macro-F1 and ECE on the articles given."""
    validation, gold = read_material(labels or [DATA]).validation, read_gold(evaluate)
    predictor = load_current(bundles_root()).predictor()
    tokenizing, network, calibration = predictor.tokenizing, predictor.network, predictor.calibration
    tokens = tokenizing.tokens([paragraph.text for paragraph in validation])
    table = Table("hidden", "temperature", "accuracy on hidden", "macro-F1", "ECE")
    for share in map(float, shares.split(",")):
        logits = predictor.logits(hidden(tokens, tokenizing.mask, share))
        right = sum(LABELS[its.stance.argmax()] == p.stance for its, p in zip(logits, validation, strict=True))
        temperature = stance_temperature(logits, validation)
        trial = Predictor(tokenizing, network, replace(calibration, temperature=temperature))
        values = report(judge(gold, trial)).values
        figures = (temperature, right / len(validation), values["macro_f1"], values["ece"])
        table.add_row(f"{share:.2f}", *(f"{figure:.3f}" for figure in figures))
    Console().print(table)


if __name__ == "__main__":
    try:
        typer.run(main)
    except SikapError as error:
        raise SystemExit(f"error: {error}") from None
