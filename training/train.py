"""`make train`: labels in, a calibrated, judged, exported and promoted bundle out."""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any

from datasets import concatenate_datasets
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from labels.article import Article, LabelledParagraph
from labels.store import DATA, label_files, read_articles
from models.bundle import TOKENIZER, Bundle, Manifest, save_bundle
from models.decoding import Calibration
from models.network import StanceNetwork
from models.predictor import Predictor
from models.runtime import Runtime
from models.shelf import CURRENT, bundles_root, load_current, promote
from models.tokenizing import Tokenizing
from sikap.errors import BundleError, GateError, InputError
from training import parallel
from training.baselines import all_baselines, baseline_sample
from training.calibrate import NATURAL_PRIOR, prior_shift, stance_shares, thresholds
from training.card import Evaluation, write_card
from training.dataset import build_dataset, paragraphs_of, training_set
from training.distil import POOL, SoftLabels, read_paragraphs, soft_labels
from training.encoder import COMPACT, Encoder, load_encoder
from training.evaluate import VALIDATION, GoldDocument, gold_document, judge, read_evaluations, report
from training.export import candidates, compare, save_graph, to_graph
from training.fit import TorchRunner, TrainingArguments
from training.metrics import Judged, macro_f1
from training.promote import reasons_against
from training.seeds import Losses, calibrated_predictor, fit_predictor, fit_seeds


@dataclass(frozen=True)
class Job:
    """What to train from and where to put it.

    Args:
        labels: files or folders of labelled articles.
        encoder: folder or hub id of a BERT.
        name: the bundle's name.
        evaluate: more labelled files to report in the card; nothing is fitted on them.
        unlabelled: file of unlabelled news; a teacher labels as many of its paragraphs as there are labelled ones, to fit on both.
        teacher: folder or hub id of the BERT that is fitted first to label it; empty takes `encoder` itself.
        seeds: networks fitted from as many seeds, their weights averaged.
        arguments: how each is fitted.
        keep_weights: whether the bundle also holds the torch weights; serving needs only the graph.
        root: the folder of bundles.
    """

    labels: tuple[Path, ...] = (DATA,)
    encoder: str = str(COMPACT)
    name: str = "sikap"
    evaluate: tuple[Path, ...] = ()
    unlabelled: Path | None = None
    teacher: str = ""
    seeds: int = 1
    arguments: TrainingArguments = field(default_factory=TrainingArguments)
    keep_weights: bool = True
    root: Path = field(default_factory=bundles_root)


RECIPES = {"default": 1, "full": 3}  # seeds to average


@dataclass(frozen=True)
class Material:
    """The labelled paragraphs of a job, by use."""

    articles: tuple[Article, ...]
    training: tuple[LabelledParagraph, ...]
    validation: tuple[LabelledParagraph, ...]
    gold: tuple[GoldDocument, ...]  # the validation articles, for judging the whole pipeline


def train(job: Job, console: Console) -> Bundle:
    """Run every step. Raises InputError on bad labels or encoder, GateError where the bundle is kept but not promoted."""
    if job.name in ("", ".", "..") or Path(job.name).name != job.name:
        raise InputError(f"--name {job.name!r}: expected a plain folder name")
    if job.teacher and not job.unlabelled:
        raise InputError(f"--teacher {job.teacher!r}: needs --unlabelled, a .jsonl file of news for it to label")
    parallel.join()
    console.quiet = parallel.rank() > 0
    console.print("[bold]1/6[/] reading labels")
    material = read_material(job.labels)
    console.print(f"      {len(material.training)} training and {len(material.validation)} validation paragraphs")
    others = read_evaluations(job.evaluate)  # now: after an hour of fitting is too late to hear of a typo
    console.print(f"[bold]2/6[/] loading encoder {escape(job.encoder)}")
    encoder = load_encoder(job.encoder)
    tokenizing = encoder.tokenizing
    console.print("[bold]3/6[/] fitting")
    network, losses, shares = _fitted(job, encoder, tokenizing, material, console)
    parallel.leave_to_the_first()
    console.print("[bold]4/6[/] calibrating on validation")
    manifest = _calibrated(job, encoder, tokenizing, network, material, shares)
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch)
        console.print("[bold]5/6[/] exporting")
        manifest, sample = _export(draft, manifest, network, tokenizing, material, console)
        console.print("[bold]6/6[/] judging, and writing the card")
        evaluations = _evaluations(draft, manifest, others, tokenizing, material, sample)
        manifest = manifest.model_copy(update={"metrics": manifest.metrics | _metrics(evaluations)})
        write_card(draft, manifest, evaluations, losses)
        if job.keep_weights:
            network.save(draft)
        bundle = save_bundle(draft, job.root, manifest)
    return _through_gate(bundle, job.root, material, sample, console)


def read_material(labels: Sequence[Path]) -> Material:
    """Read and check labels; where no article is marked for validation, every eighth by hash is taken."""
    articles = read_articles(labels)
    if not any(article.split == "validation" for article in articles):
        chosen = sorted(articles, key=lambda a: hashlib.sha256(a.id.encode()).hexdigest())[::8]
        articles = [replace(a, split="validation") if a in chosen else a for a in articles]
    training = paragraphs_of([article for article in articles if article.split == "train"])
    held = [article for article in articles if article.split == "validation"]
    stances = {paragraph.stance for paragraph in training}
    if len(stances) < 2:
        raise InputError(
            f"{', '.join(map(str, labels))}: {len(training)} training paragraphs with {len(stances)} stances; "
            "expected at least two stances in at least two articles"
        )
    return Material(tuple(articles), tuple(training), tuple(paragraphs_of(held)), tuple(map(gold_document, held)))


def _fitted(
    job: Job, encoder: Encoder, tokenizing: Tokenizing, material: Material, console: Console
) -> tuple[StanceNetwork, list[Losses], list[float]]:
    """The network, fitted on the labels, and on what a teacher makes of unlabelled text where that is given.

    Also each seed's losses, and the shares of the stances in what it was fitted on.
    """
    dataset = training_set(material.training, tokenizing)
    soft = None
    if job.unlabelled:
        soft = _taught(job, material, console)
        console.print(f"      {len(soft.paragraphs)} paragraphs labelled by the teacher")
        dataset = concatenate_datasets([dataset, build_dataset(soft.paragraphs, tokenizing, soft.scores)])
    network, losses = fit_seeds(encoder, dataset, tokenizing, job.arguments, job.seeds, console)
    return network, losses, stance_shares(material.training, soft.scores if soft else ())


def _taught(job: Job, material: Material, console: Console) -> SoftLabels:
    """Fit the teacher (without one: the encoder itself) on the labels, and let it label unlabelled text."""
    assert job.unlabelled
    wanted = len(material.training)
    texts = read_paragraphs(job.unlabelled, POOL * wanted, job.arguments.seed)
    teacher = load_encoder(job.teacher or job.encoder)
    seeds = 1 if job.teacher else job.seeds
    predictor = fit_predictor(
        teacher, material.training, material.validation, job.arguments, console, seeds, "teacher, seed", natural=False
    )
    columns = (TextColumn("      {task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("unlabelled paragraphs", total=len(texts))
        return soft_labels(texts, predictor.predict, wanted, lambda read: progress.update(task, completed=read))


def _calibrated(
    job: Job,
    encoder: Encoder,
    tokenizing: Tokenizing,
    network: StanceNetwork,
    material: Material,
    shares: list[float],
) -> Manifest:
    """The manifest with temperatures and prior fitted on validation."""
    calibration = calibrated_predictor(network, tokenizing, material.validation, prior_shift(shares)).calibration
    now = datetime.now(UTC)
    return Manifest(
        name=job.name,
        version=_version(job.root / job.name, now),
        created=now.isoformat(timespec="seconds"),
        encoder=encoder.name,
        precision="f32",
        window=tokenizing.window,
        overlap=tokenizing.overlap,
        temperature=calibration.temperature,
        tag_temperature=calibration.tag_temperature,
        training_prior=shares,
        natural_prior=list(NATURAL_PRIOR),
        prior_shift=list(calibration.prior_shift),
        thresholds=[0.5] * 4,
        data={
            "sha256": digest(job.labels),
            "articles": len(material.articles),
            "training_paragraphs": len(material.training),
            "validation_paragraphs": len(material.validation),
            "arguments": asdict(job.arguments) | {"seeds": job.seeds},
            "teacher": _teacher(job),
        },
        metrics={},
        files={},
    )


def _teacher(job: Job) -> str:
    return f"{job.teacher or job.encoder} on {job.unlabelled.name}" if job.unlabelled else ""


def _version(folder: Path, now: datetime) -> str:
    """The next version of a day, later than every one that is here: 2026.11.23-1, -2, …"""
    day = f"{now:%Y.%m.%d}"
    numbers = [path.name.rpartition("-")[2] for path in folder.glob(f"{day}-*")]
    return f"{day}-{1 + max((int(number) for number in numbers if number.isdigit()), default=0)}"


def digest(labels: Sequence[Path]) -> str:
    """SHA-256 (hex) of the labelled files, so that a figure can say what it was measured on."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in label_files(labels))).hexdigest()


def _export(
    draft: Path,
    manifest: Manifest,
    network: StanceNetwork,
    tokenizing: Tokenizing,
    material: Material,
    console: Console,
) -> tuple[Manifest, list[Judged]]:
    """Write the graph of the first precision that keeps the labels. Returns the manifest and the validation sample."""
    runner = TorchRunner(network, tokenizing.pad)
    full = judge(material.gold, Predictor(tokenizing, runner, manifest.calibration))
    graph = to_graph(network)
    windows = tokenizing.windows(tokenizing.tokens([p.text for p in material.training]))
    tokenizing.tokenizer.save(str(draft / TOKENIZER))
    for precision, reduced in candidates(graph, [w.ids for w in windows], tokenizing.pad).items():
        save_graph(reduced(), draft)
        runtime = Runtime(draft / "model.xml", precision, tokenizing.pad)
        sample = judge(material.gold, Predictor(tokenizing, runtime, manifest.calibration))
        result = compare(full, sample)
        low, high = result.interval
        console.print(
            f"      {precision}: keeps {result.kept:.1%} of the labels, macro-F1 {result.difference:+.3f} ({low:+.3f} to {high:+.3f})"
        )
        if result.passes:
            break
    update = {
        "precision": precision,
        "thresholds": thresholds(sample),
        "metrics": {"export": {"kept": round(result.kept, 4), "macro_f1_change": round(result.difference, 4)}},
    }
    return manifest.model_copy(update=update), sample


def _evaluations(
    draft: Path,
    manifest: Manifest,
    others: Mapping[str, Sequence[GoldDocument]],
    tokenizing: Tokenizing,
    material: Material,
    sample: Sequence[Judged],
) -> list[Evaluation]:
    """Figures of validation and of every other set given, by its title."""
    classifiers = all_baselines(material.training, material.validation)
    runtime = Runtime(draft / "model.xml", manifest.precision, tokenizing.pad)

    def evaluation(title: str, note: str, judged: Sequence[Judged], before: Sequence[Judged] = ()) -> Evaluation:
        scores = {name: macro_f1(baseline_sample(judged, classify)) for name, classify in classifiers.items()}
        return Evaluation(title, note, report(judged), judged, scores, before)

    held = (
        "Articles of the project's own labels that nothing was trained on; temperature and thresholds were fitted here."
    )
    raw = judge(material.gold, Predictor(tokenizing, runtime, Calibration()))
    predictor = Predictor(tokenizing, runtime, manifest.calibration)
    rest = (evaluation(title, "Nothing was fitted on it.", judge(gold, predictor)) for title, gold in others.items())
    return [evaluation(VALIDATION, held, sample, raw), *rest]


def _metrics(evaluations: Sequence[Evaluation]) -> dict[str, Any]:
    """What the manifest says of each set that was judged."""
    return {
        e.title: {
            "paragraphs": e.report.paragraphs,
            "mean_confidence": round(fmean(max(row.scores) for row in e.sample), 4),
            **{name: round(value, 4) for name, value in e.report.values.items()},
            "intervals": {name: [round(low, 4), round(high, 4)] for name, (low, high) in e.report.intervals.items()},
            "baselines": {name: round(value, 4) for name, value in e.baselines.items()},
        }
        for e in evaluations
    }


def _through_gate(bundle: Bundle, root: Path, material: Material, sample: Sequence[Judged], console: Console) -> Bundle:
    """Promote the bundle unless the current one does better on the same validation articles."""
    name = f"{bundle.manifest.name}/{bundle.manifest.version}"
    if (root / CURRENT).exists():
        try:
            against = reasons_against(sample, judge(material.gold, load_current(root).predictor()))
        except BundleError as error:
            console.print(f"      the current bundle cannot be read and is replaced ({escape(str(error))})")
            against = []
        if against:
            raise GateError(
                f"{bundle.folder}: kept, not promoted: {'; '.join(against)}. `sikap models promote {name}` does it all the same."
            )
    promote(name, root)
    console.print(f"[bold green]done[/] {escape(name)} is current: {escape(str(bundle.folder))}")
    return bundle
