"""`sikap labels`: checking, counting, importing and exporting labelled articles."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sikap.corpus_commands import Files, corpus

labels = typer.Typer(no_args_is_help=True, help="Check, count, import and export labelled articles.")
labels.add_typer(corpus)
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="markup, label-studio, doccano, prodigy, brat or csv; export only: spacy, bio. Default: seen from the file.",
    ),
]


@labels.command()
def check(paths: Files = None) -> None:
    """Check labelled articles; every problem is shown as file:line."""
    from labels.store import DATA, LabelError, check_files

    articles, problems = check_files(paths or [DATA])
    if problems:
        raise LabelError(problems)
    Console().print(f"{len(articles)} articles, no problem found")


@labels.command()
def stats(
    paths: Files = None,
    png: Annotated[Path | None, typer.Option(help="Draw stances by topic and words a paragraph in this file.")] = None,
) -> None:
    """Count articles, paragraphs, stances and hard cases, beside what the project aims at."""
    from labels.plots import plot_counts
    from labels.quotas import quotas
    from labels.stance import Stance
    from labels.statistics import FEWEST_WORDS, count
    from labels.store import DATA, read_articles

    counted = count(read_articles(paths or [DATA]))
    table = Table("topic", "articles", "paragraphs", *map(str, Stance))
    for topic, row in [*counted.topics.items(), ("all", counted.total)]:
        stances = (str(row.stances[stance]) for stance in Stance)
        table.add_row(escape(topic), str(row.articles), str(row.paragraphs), *stances)
    out = Console()
    out.print(table)
    table = Table("figure", "found", "aim", "")
    for quota in quotas(counted):
        table.add_row(quota.name, quota.found, quota.aim, "[green]reached[/]" if quota.met else "[red]missed[/]")
    out.print(table)
    low, middle, high = counted.words
    out.print(f"words a paragraph: {low} / {middle} / {high} (5th, 50th, 95th percentile)")
    out.print(f"styles: {', '.join(f'{style} {number}' for style, number in counted.styles.items())}", markup=False)
    out.print(f"splits: {counted.total.articles - counted.validation} train, {counted.validation} validation")
    out.print(
        f"left out: {counted.short} paragraphs of under {FEWEST_WORDS} words, {counted.copies} near-copies, "
        "all headings and furniture"
    )
    if png:
        plot_counts(counted, png)


@labels.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="Labelled articles from elsewhere: a file, for brat a folder.")],
    out: Annotated[Path, typer.Option(help="The .jsonl file to write.")],
    format_: Format = None,
    annotator: Annotated[str | None, typer.Option(help="Who labelled them, in place of what the file says.")] = None,
) -> None:
    """Turn the inline markup, or the files of an annotation tool, into labelled data (docs/labelling.md)."""
    from labels.formats.registry import guess, read
    from labels.store import write_articles

    name = format_ or guess(source)
    articles = read(source, name)
    if annotator:
        articles = [replace(article, annotator=annotator) for article in articles]
    write_articles(articles, out)
    Console().print(f"{out}: {len(articles)} articles; {source} was read as {name}", markup=False, soft_wrap=True)


@labels.command()
def export(
    out: Annotated[Path, typer.Option(help="The file to write, for brat the folder.")],
    paths: Files = None,
    format_: Format = None,
) -> None:
    """Write labelled articles in the inline markup, or for an annotation tool or a tagger (docs/labelling.md)."""
    from labels.formats.label_studio import CONFIGURATION
    from labels.formats.registry import by_suffix, write
    from labels.store import DATA, read_articles

    name = format_ or by_suffix(out)
    articles = read_articles(paths or [DATA])
    write(articles, out, name)
    Console().print(f"{out}: {len(articles)} articles, written as {name}", markup=False, soft_wrap=True)
    if name == "label-studio":
        Console().print(f"the project's labelling interface: {CONFIGURATION}", markup=False, soft_wrap=True)


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
