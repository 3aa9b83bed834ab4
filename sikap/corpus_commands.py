"""`sikap labels` beside other text: near-copies within the set, published news to be measured against, what to label next."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sikap.errors import InputError

if TYPE_CHECKING:
    from serving.documents import Document
    from training.realism import Realism, Score

corpus = typer.Typer()
Files = Annotated[list[Path] | None, typer.Argument(help="Files or folders; default: the project's own labels.")]
Labelled = Annotated[
    list[Path] | None, typer.Option("--labels", help="Labelled files or folders; default: the project's own labels.")
]


@corpus.command()
def duplicates(paths: Files = None) -> None:
    """List paragraphs that share a run of eight words with an earlier one; exit code 1 where there are any."""
    from labels.duplicates import RUN, near_copies
    from labels.store import DATA, read_articles

    pairs = near_copies(read_articles(paths or [DATA]))
    out = Console()
    if not pairs:
        out.print(f"no two paragraphs share a run of {RUN} words")
        return
    table = Table("shared words", "paragraph", "earlier paragraph", "what they share")
    for pair in pairs:
        table.add_row(
            str(len(pair.run)), escape(str(pair.later)), escape(str(pair.earlier)), escape(" ".join(pair.run))
        )
    out.print(table)
    later = len({pair.later for pair in pairs})
    out.print(f"{len(pairs)} pairs; {later} paragraphs repeat an earlier one")
    raise typer.Exit(1)


@corpus.command()
def realism(
    published: Annotated[
        Path, typer.Argument(help="Published articles: a folder (.txt, .md, .html), or .jsonl with `paragraphs`.")
    ],
    labelled: Labelled = None,
    only: Annotated[list[str] | None, typer.Option(help="Judge only articles whose id begins so.")] = None,
    top: Annotated[int, typer.Option(min=1, help="How many features to show on either side.")] = 15,
    png: Annotated[Path | None, typer.Option(help="Draw the features as a bar chart in this file.")] = None,
) -> None:
    """Measure how well a classifier tells the labelled articles from published ones by style alone; AUC 0.5 is perfect."""
    from labels.splitter import split
    from labels.store import DATA, read_articles

    try:
        from training.plots import plot_features
        from training.published import Published, read_published
        from training.realism import judge_realism
    except ImportError as error:
        raise InputError(
            f"realism needs {error.name}, which is not installed; `make .venv/.train` installs what training needs"
        ) from None

    if published.suffix == ".jsonl":
        articles = read_published(published)
    else:
        found, _ = _read_documents(published)
        articles = [Published(shown, tuple(p.text for p in split(document.text))) for shown, document in found]
    ours = [a for a in read_articles(labelled or [DATA]) if not only or a.id.startswith(tuple(only))]
    judged = judge_realism(ours, articles)
    _show_realism(judged, top)
    if png:
        plot_features(judged, png, top)


def _show_realism(found: "Realism", top: int) -> None:
    from training.texture import LEGEND

    out = Console()
    within = f"within {', '.join(found.topics)}" if found.topics else "all topics together"
    out.print(f"{found.total.paragraphs} labelled and {found.published} published paragraphs, {within}", markup=False)
    table = Table("origin", "paragraphs", "AUC", "95 % interval")

    def row(name: str, score: "Score") -> None:
        low, high = score.interval
        table.add_row(escape(name), str(score.paragraphs), f"{score.auc:.3f}", f"{low:.3f} to {high:.3f}")

    for name, score in found.origins.items():
        row(name, score)
    row("all", found.total)
    out.print(table)
    out.print("0.5 is perfect. Origins are judged by the classifier of all; --only fits one to an origin alone.")
    out.print(f"What speaks most for labelled, then for published text ({LEGEND}):", markup=False)
    table = Table("feature", "weight", "labelled", "published")
    for feature in (*found.features[:top], *reversed(found.features[-top:])):
        table.add_row(escape(feature.name), f"{feature.weight:+.2f}", f"{feature.ours:.2f}", f"{feature.published:.2f}")
    out.print(table)


@corpus.command()
def suggest(
    folder: Annotated[Path, typer.Argument(help="Unlabelled articles: a folder of .txt, .md or .html files.")],
    out: Annotated[Path, typer.Option(help="The file of pre-annotated tasks to write.")],
    format_: Annotated[
        Literal["label-studio", "doccano"], typer.Option("--format", help="The tool that the tasks are for.")
    ] = "label-studio",
    most: Annotated[int, typer.Option("-n", min=1, help="How many paragraphs (with --whole: articles).")] = 50,
    whole: Annotated[bool, typer.Option(help="Write whole articles, not paragraphs alone.")] = False,
    labelled: Labelled = None,
) -> None:
    """Choose what to label next: paragraphs that the current model is unsure of, or where a rare stance is likely."""
    from rich.progress import Progress

    from labels.formats.registry import write
    from labels.store import DATA, read_articles
    from models.shelf import bundles_root, load_current
    from training.suggest import MOST_OF_ONE, Unlabelled, read_candidates
    from training.suggest import suggest as choose

    found, failed = _read_documents(folder)
    documents = [Unlabelled(shown, document.text, document.title, document.date) for shown, document in found]
    known = read_articles(labelled or [DATA])
    predictor = load_current(bundles_root()).predictor()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("reading", total=len(documents))
        candidates = read_candidates(documents, predictor.predict, lambda done: progress.update(task, completed=done))
    chosen = choose(candidates, known, most, 1 if whole else MOST_OF_ONE)
    write([suggestion.article(whole) for suggestion in chosen], out, format_)
    reasons = Counter(str(suggestion.reason) for suggestion in chosen)
    Console().print(
        f"{out}: {len(chosen)} {'articles' if whole else 'paragraphs'} of the {len(candidates)} paragraphs read: "
        + ", ".join(f"{reason} {number}" for reason, number in reasons.most_common()),
        markup=False,
    )
    if len(chosen) < most:
        Console().print(
            "fewer than asked for: the rest is certain and of no rare stance, or resembles these or labelled ones"
        )
    if failed:
        raise typer.Exit(1)


def _read_documents(folder: Path) -> tuple[list[tuple[str, "Document"]], int]:
    """The documents of a folder by their paths in it, and how many could not be read, each of which is named."""
    from serving.documents import Columns, Document, Track, find_documents, read_documents

    documents, failed = [], 0
    for source in find_documents([folder]).sources:
        for item in read_documents(source, Columns(), Track()):
            if isinstance(item.content, Document):
                documents.append((f"{item.path}:{item.number}" if item.number else item.path, item.content))
            else:
                failed += 1
                Console(stderr=True).print(f"{item.path}: {item.content}", markup=False, soft_wrap=True)
    return documents, failed
