"""Cross-validation by topic: every topic is judged by a network that saw none of it.

    python benchmarks/cross_validation.py [--labels labels/data] [--folds 5] [--encoder models/compact]

Topics are dealt to folds so that these are alike in size. Temperatures come from a tenth of the training articles, which are
left out of fitting; splits marked in the labels play no part.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from labels.article import Article
from labels.store import DATA, read_articles
from sikap.errors import InputError
from training.dataset import paragraphs_of
from training.encoder import COMPACT, load_encoder
from training.evaluate import gold_document, judge, report
from training.fit import TrainingArguments
from training.metrics import Judged
from training.report import show_figures
from training.seeds import fit_predictor


def deal(articles: Sequence[Article], folds: int) -> list[set[str]]:
    """Topics by fold, the largest first, each to the fold that is smallest so far."""
    dealt: list[set[str]] = [set() for _ in range(folds)]
    sizes = [0] * folds
    for topic, number in Counter(article.topic for article in articles).most_common():
        fold = sizes.index(min(sizes))
        dealt[fold].add(topic)
        sizes[fold] += number
    return dealt


def judge_fold(
    articles: Sequence[Article], topics: set[str], encoder: str, title: str, console: Console
) -> list[Judged]:
    """Fit on the articles of other topics, judge on those of `topics`."""
    seen = [article for article in articles if article.topic not in topics]
    held = [article for article in articles if article.topic in topics]
    calibrating, training = paragraphs_of(seen[::10]), paragraphs_of([a for n, a in enumerate(seen) if n % 10])
    predictor = fit_predictor(load_encoder(encoder), training, calibrating, TrainingArguments(), console, what=title)
    return judge([gold_document(article) for article in held], predictor)


def main(
    labels: Annotated[list[Path] | None, typer.Option(help="Labelled files or folders.")] = None,
    folds: Annotated[int, typer.Option(min=2)] = 5,
    encoder: Annotated[str, typer.Option(help="Folder or hub id of a BERT.")] = str(COMPACT),
) -> None:
    """Print the figures over all folds together."""
    console = Console()
    articles = read_articles(labels or [DATA])
    sample: list[Judged] = []
    for number, topics in enumerate(deal(articles, folds), 1):
        found = judge_fold(articles, topics, encoder, f"fold {number} of {folds}, seed", console)
        console.print(f"fold {number}: {len(found)} paragraphs of {', '.join(sorted(topics))}")
        shift = len(articles) * number  # documents of two folds are different ones
        sample += [replace(row, document=row.document + shift) for row in found]
    show_figures(report(sample), console)


if __name__ == "__main__":
    try:
        typer.run(main)
    except InputError as error:
        raise SystemExit(f"error: {error}") from None
