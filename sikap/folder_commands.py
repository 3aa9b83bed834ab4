"""`sikap score` and `sikap report`: archives into tables, tables into a page to read."""

import gc
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from sikap.errors import InputError, Stopped

if TYPE_CHECKING:
    from models.bundle import Bundle
    from serving.documents import Columns, Found
    from serving.engine import Engine
    from sikap.display import Display

MinConfidence = Annotated[
    float | None,
    typer.Option(min=0, max=1, help="Call labels below this confidence uncertain; default: the bundle's thresholds."),
]
console = Console(stderr=True)


def score(
    paths: Annotated[
        list[str], typer.Argument(help="Folders, files, globs, addresses (s3://…), or - for standard input.")
    ],
    out: Annotated[Path, typer.Option(help="Where to write: .parquet, .csv, .jsonl or .sqlite.")],
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="ROLE=NAME for records: which column is the text, title, date, outlet or source. Default: guessed."
        ),
    ] = None,
    min_confidence: MinConfidence = None,
    fresh: Annotated[bool, typer.Option(help="Start over instead of using what an earlier run scored.")] = False,
    allow_failures: Annotated[
        bool, typer.Option("--allow-failures", help="Exit with 0 although documents failed; their rows say why.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print errors only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print progress and summary as JSON lines.")] = False,
    engine: Annotated[Literal["local", "ray"], typer.Option(help="This process, or a Ray cluster.")] = "local",
    address: Annotated[str | None, typer.Option(help="Of the Ray cluster; default: one on this machine.")] = None,
    workers: Annotated[str, typer.Option(help="Model workers on Ray: a number, or MIN:MAX to grow and shrink.")] = "2",
    threads: Annotated[int, typer.Option(min=0, help="Cores for the model (on Ray: of each worker); 0 for all.")] = 0,
) -> None:
    """Score archives into a table, one row a paragraph; the same command again does what is new, changed or undone."""
    from models.shelf import bundles_root, load_current
    from serving.documents import Columns
    from serving.folder import run_settings, score_folder
    from serving.tables import check_format, companion

    check_format(out)
    columns = Columns.parse(column or [])
    gc.set_threshold(50_000, 50, 100)  # millions of rows pass through, and none of them is part of a cycle
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a machine that is shut down ends a run as Ctrl+C does
    try:
        # Ray writes what it sees happen to standard output, which is the display's.
        with _standard_input(paths) as stdin, _display(quiet, as_json) as display, redirect_stdout(sys.stderr):
            found = _found(paths, stdin, columns, out)
            bundle = load_current(bundles_root())
            display.start(found)
            scoring = _engine(engine, paths, bundle, min_confidence, address, workers, threads)
            settings = run_settings(bundle.manifest, bundle.digest, min_confidence, columns)
            done = score_folder(found, out, scoring, settings, columns, fresh, display.show)
            display.finish(found, done, list(dict.fromkeys([out, companion(out)])))
    except KeyboardInterrupt:
        raise Stopped(f"stopped; the same command goes on from the last finished shard towards {out}") from None
    if done.counts.failures and not allow_failures:
        raise typer.Exit(1)


def _display(quiet: bool, as_json: bool) -> "Display":
    from sikap.display import Bar, JsonLines, Quiet

    if quiet and as_json:
        raise InputError("--quiet and --json: found both, expected one of them")
    return JsonLines() if as_json else Quiet() if quiet else Bar(console)


@contextmanager
def _standard_input(paths: list[str]) -> Iterator[Path | None]:
    """What comes on standard input, kept in a file while it is read."""
    if "-" not in paths:
        yield None
        return
    with tempfile.NamedTemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.flush()
        yield Path(file.name)


def _found(paths: list[str], stdin: Path | None, columns: "Columns", out: Path) -> "Found":
    from serving.documents import Found, find_documents, from_stdin
    from serving.folder import own_files

    if stdin is None:
        return find_documents(paths, own_files(out))
    if len(paths) > 1:
        raise InputError("- and other paths: standard input is scored alone")
    source = from_stdin(stdin, columns)
    return Found([source], 1, source.size)


def _engine(
    name: str,
    paths: list[str],
    bundle: "Bundle",
    min_confidence: float | None,
    address: str | None,
    workers: str,
    threads: int,
) -> "Engine":
    from serving.classifier import Classifier
    from serving.engine import LocalEngine
    from serving.scoring import Scorer

    if name == "ray":
        if paths == ["-"]:
            raise InputError("- with --engine ray: workers elsewhere have no standard input; leave --engine out")
        from serving.cluster import Cluster, RayEngine

        return RayEngine(bundle, min_confidence, Cluster.parse(address, workers, threads))
    if address is not None:
        raise InputError(f"--address {address}: only --engine ray has one")
    return LocalEngine(Scorer(Classifier(bundle, threads), min_confidence))


def report(
    scores: Annotated[Path, typer.Argument(help="A table that `sikap score` wrote, with its companion beside it.")],
    out: Annotated[Path | None, typer.Option(help="The page to write; default: scores.report.html beside it.")] = None,
) -> None:
    """Turn scored tables into a page to read: framing over time and by outlet, holders, quotes, doubts, failures."""
    from serving.report.writer import write_report
    from serving.tables import report_of

    page, folder = write_report(scores, out or report_of(scores))
    console.print(f"{page}, and the same tables as CSV in {folder}", markup=False, highlight=False, soft_wrap=True)
