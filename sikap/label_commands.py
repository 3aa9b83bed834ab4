"""`sikap labels`: checking, counting, importing and exporting labelled articles."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sikap.errors import InputError

labels = typer.Typer(no_args_is_help=True, help="Check, count, import and export labelled articles.")
Files = Annotated[list[Path] | None, typer.Argument(help="Files or folders; default: the project's own labels.")]


@labels.command()
def check(paths: Files = None) -> None:
    """Check labelled articles; every problem is shown as file:line."""
    from labels.store import DATA, LabelError, check_files

    articles, problems = check_files(paths or [DATA])
    if problems:
        raise LabelError(problems)
    Console().print(f"{len(articles)} articles, no problem found")


@labels.command()
def stats(paths: Files = None) -> None:
    """Count articles, paragraphs, spans and holders, by topic and stance."""
    from labels.stance import Stance
    from labels.statistics import count
    from labels.store import DATA, read_articles

    counted = count(read_articles(paths or [DATA]))
    table = Table("topic", "articles", "paragraphs", *map(str, Stance))
    for topic, row in [*sorted(counted.topics.items()), ("all", counted.total)]:
        table.add_row(
            escape(topic), str(row.articles), str(row.paragraphs), *(str(row.stances[stance]) for stance in Stance)
        )
    out = Console()
    out.print(table)
    out.print(
        f"{counted.spans} spans, {counted.holders / max(1, counted.spans):.0%} with a holder; "
        f"{counted.two_stances} paragraphs with two stances or more; {counted.validation} articles in validation; "
        f"words a paragraph: {counted.words}"
    )


@labels.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="Articles in the inline markup (docs/labelling.md).")],
    out: Annotated[Path, typer.Option(help="The .jsonl file to write.")],
) -> None:
    """Turn articles written in the inline markup into labelled data."""
    from labels.markup import read_markup
    from labels.store import write_articles

    if not source.is_file():
        raise InputError(f"{source}: no such file")
    articles = read_markup(source)
    write_articles(articles, out)
    Console().print(f"{out}: {len(articles)} articles", markup=False)


@labels.command()
def export(
    out: Annotated[Path, typer.Option(help="The markup file to write.")],
    paths: Files = None,
) -> None:
    """Write labelled articles in the inline markup, to be read or corrected by hand."""
    from labels.markup import render_articles
    from labels.store import DATA, read_articles

    articles = read_articles(paths or [DATA])
    out.write_text(render_articles(articles), encoding="utf-8")
    Console().print(f"{out}: {len(articles)} articles", markup=False)


@labels.command()
def agreement(
    first: Annotated[Path, typer.Argument(help="Labelled articles: a file or a folder.")],
    second: Annotated[Path, typer.Argument(help="The same articles, labelled by someone else.")],
) -> None:
    """Compare two annotations of the same articles: alpha, F1 by stance, spans, holders."""
    from labels.agreement import compare
    from labels.stance import Stance
    from labels.store import read_articles

    found = compare(read_articles([first]), read_articles([second]))
    low, high = found.interval
    out = Console()
    out.print(
        f"{found.paragraphs} paragraphs; Krippendorff's alpha {found.alpha:.3f} (95 % interval {low:.3f} to {high:.3f})"
    )
    out.print(f"macro-F1 {found.macro_f1:.3f}; spans F1 {found.span_f1:.3f}; holders F1 {found.holder_f1:.3f}")
    table = Table("first \\ second", *map(str, Stance), "F1")
    for stance in Stance:
        counts = [str(found.confusion.get((stance, other), 0)) for other in Stance]
        table.add_row(str(stance), *counts, f"{found.f1[stance]:.3f}")
    out.print(table)
