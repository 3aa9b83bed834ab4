"""Folder scoring measured: share of the raw runtime's speed, growth of time and memory with size, and Ray beside it.

    python benchmarks/folders.py speed             20,000 files, and a Parquet file of 100,000 paragraphs
    python benchmarks/folders.py pipeline          a sample, against transformers.pipeline over datasets, same weights
    python benchmarks/folders.py sizes             four sizes: is the cost linear? A fit says
    python benchmarks/folders.py memory            a million paragraphs with a tiny model, in a process without torch: is the memory flat?
    python benchmarks/folders.py ray               one process against Ray with one worker and with two

`--scale 0.01` makes everything a hundredth as large. Texts are the project's own paragraphs, repeated with variations.
Needs what training needs, `ray` also Ray. Machines are shared and noisy: trust the ratios, which come from one run.
"""

import argparse
import math
import multiprocessing
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import linear_regression

import psutil
import pyarrow
from pyarrow import parquet
from rich.console import Console

from labels.store import read_articles
from models.bundle import TOKENIZER, Bundle, load_bundle, save_bundle
from models.shelf import bundles_root, load_current
from serving.classifier import Classifier
from serving.cluster import Cluster, RayEngine
from serving.documents import find_documents
from serving.engine import Engine, LocalEngine
from serving.folder import Progress, run_settings, score_folder
from serving.pieces import FILES, SHARD
from serving.scoring import Scorer

TEXT_FILES, PARAGRAPHS_A_FILE = 20_000, 5
ROWS = 100_000
MILLION = 1_000_000
SAMPLE = 2_000
THREADS = 2
console = Console()


def variations() -> Iterator[str]:
    """Real paragraphs, over and over, each time with another number in them."""
    from training.dataset import paragraphs_of

    texts = [paragraph.text for paragraph in paragraphs_of(read_articles())]
    number = 0
    while True:
        for text in texts:
            number += 1
            yield f"{text} ({number})"


def write_files(folder: Path, files: int) -> Path:
    """A folder of small text files."""
    folder.mkdir()
    texts = variations()
    for number in range(files):
        (folder / f"{number:06}.txt").write_text("\n".join(islice(texts, PARAGRAPHS_A_FILE)), encoding="utf-8")
    return folder


def write_rows(path: Path, rows: int) -> Path:
    """A Parquet file of a paragraph a row."""
    texts = variations()
    schema = pyarrow.schema([("text", pyarrow.string())])
    with parquet.ParquetWriter(path, schema) as writer:
        for start in range(0, rows, 10_000):
            writer.write_table(pyarrow.table({"text": list(islice(texts, min(10_000, rows - start)))}, schema))
    return path


def tiny_bundle(folder: Path) -> Bundle:
    """A random model of width 32: what is left of the time and memory is the rest of the way."""
    from transformers import BertConfig, BertModel

    from models.network import StanceNetwork
    from models.tokenizing import Tokenizing
    from training.export import save_graph, to_graph

    shipped = load_current(bundles_root())
    manifest = shipped.manifest
    words = Tokenizing.from_file(
        shipped.folder / TOKENIZER, manifest.window, manifest.overlap
    ).tokenizer.get_vocab_size()
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    draft = folder / "draft"
    draft.mkdir()
    save_graph(to_graph(StanceNetwork(BertModel(BertConfig(vocab_size=words, **shape)))), draft)
    shutil.copy(shipped.folder / TOKENIZER, draft)
    return save_bundle(draft, folder, manifest.model_copy(update={"name": "tiny", "precision": "f32"}))


def score(
    path: Path, bundle: Bundle, engine: Engine, report: Callable[[Progress], None] = lambda _: None
) -> tuple[int, float]:
    """Score from start to finish; returns paragraphs and seconds."""
    with tempfile.TemporaryDirectory() as folder:
        settings = run_settings(bundle.manifest, bundle.digest)
        began = time.perf_counter()
        out = Path(folder) / "scores.parquet"
        done = score_folder(find_documents([path]), out, engine, settings, report=report)
        return done.counts.paragraphs, time.perf_counter() - began


def raw(classifier: Classifier, texts: Sequence[str], step: int) -> tuple[float, float]:
    """Paragraphs a second of the predictor alone, and of the network alone on what is tokenised already."""
    predictor = classifier.predictor
    batches = [texts[start : start + step] for start in range(0, len(texts), step)]
    began = time.perf_counter()
    for batch in batches:
        predictor.predict(batch)
    whole = time.perf_counter() - began
    tokenised = [predictor.tokens(batch) for batch in batches]
    began = time.perf_counter()
    for tokens in tokenised:
        predictor.logits(tokens)
    return len(texts) / whole, len(texts) / (time.perf_counter() - began)


def speed(folder: Path, scale: float) -> None:
    """Folder and Parquet file against the raw runtime on the same paragraphs."""
    bundle = load_current(bundles_root())
    classifier = Classifier(bundle, THREADS, warm=True)
    engine = LocalEngine(Scorer(classifier))
    for what, path, step in (
        ("text files", write_files(folder / "files", int(TEXT_FILES * scale)), FILES * PARAGRAPHS_A_FILE),
        ("rows of one Parquet file", write_rows(folder / "rows.parquet", int(ROWS * scale)), SHARD),
    ):
        count, seconds = score(path, bundle, engine)
        predictor, network = raw(classifier, list(islice(variations(), min(count, 20_000))), step)
        rate = count / seconds
        console.print(
            f"{count:,} paragraphs, {what}: {rate:.0f} a second, {rate / predictor:.0%} of the predictor's {predictor:.0f}, "
            f"{rate / network:.0%} of the network's {network:.0f}"
        )


def pipeline_over_datasets(folder: Path, scale: float) -> None:
    """A sample through transformers.pipeline over datasets and through folder scoring; same encoder weights."""
    import torch
    from datasets import Dataset
    from transformers import BertForSequenceClassification, PreTrainedTokenizerFast, pipeline
    from transformers.pipelines.pt_utils import KeyDataset

    from training.encoder import COMPACT, WINDOW

    torch.set_num_threads(THREADS)
    path = write_rows(folder / "rows.parquet", int(SAMPLE * scale))
    model = BertForSequenceClassification.from_pretrained(COMPACT, num_labels=4, dtype=torch.float32)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(COMPACT)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, batch_size=32)
    data = KeyDataset(Dataset.from_parquet(str(path), cache_dir=str(folder)), "text")
    began = time.perf_counter()
    count = sum(1 for _ in classify(data, truncation=True, max_length=WINDOW))
    theirs = count / (time.perf_counter() - began)
    bundle = load_current(bundles_root())
    count, seconds = score(path, bundle, LocalEngine(Scorer(Classifier(bundle, THREADS, warm=True))))
    console.print(
        f"{count:,} paragraphs: {theirs:.0f} a second, folder scoring {count / seconds / theirs:.1f} times that"
    )


def sizes(folder: Path, scale: float) -> None:
    """Seconds for a thousand paragraphs at four sizes, and the power of the size that all of them grow with."""
    bundle = load_current(bundles_root())
    engine = LocalEngine(Scorer(Classifier(bundle, THREADS, warm=True)))
    seen = []
    for rows in (12_500, 25_000, 50_000, 100_000):
        count, seconds = score(write_rows(folder / f"{rows}.parquet", int(rows * scale)), bundle, engine)
        seen.append((math.log(count), math.log(seconds)))
        console.print(f"{count:,} paragraphs: {1000 * seconds / count:.3f} seconds for a thousand")
    slope, _ = linear_regression(*zip(*seen, strict=True))
    console.print(f"slope {slope:.3f}: seconds grow as paragraphs to this power, and 1 is linear")


def memory(folder: Path, scale: float) -> None:
    """Resident memory along the way through a million paragraphs, of a process that only scores."""
    bundle, rows = tiny_bundle(folder), int(MILLION * scale)
    path = write_rows(folder / "rows.parquet", rows)
    fresh = multiprocessing.get_context("spawn").Process(target=follow, args=(bundle.folder, path, rows))
    fresh.start()
    fresh.join()
    sys.exit(fresh.exitcode)


def follow(place: Path, path: Path, rows: int) -> None:
    """Score, and print the memory at every twentieth of the way."""
    bundle = load_bundle(place)
    process = psutil.Process()
    seen: dict[int, float] = {}

    def look(done: Progress) -> None:
        seen[20 * done.counts.documents // rows] = process.memory_info().rss / 2**20

    count, seconds = score(path, bundle, LocalEngine(Scorer(Classifier(bundle, THREADS))), look)
    console.print(", ".join(f"{5 * place} %: {value:.0f} MiB" for place, value in seen.items()))
    console.print(
        f"{count:,} paragraphs in {seconds:.0f} seconds; at the end {process.memory_info().rss / 2**20:.0f} MiB"
        f"{', torch among them' if 'torch' in sys.modules else ''}"
    )


def on_ray(folder: Path, scale: float) -> None:
    """One process with two threads against workers with one each; the start of the cluster counted and not counted."""
    import ray

    bundle = load_current(bundles_root())
    path = write_rows(folder / "rows.parquet", int(ROWS * scale))
    count, alone = score(path, bundle, LocalEngine(Scorer(Classifier(bundle, THREADS, warm=True))))
    console.print(f"{count:,} paragraphs: one process with {THREADS} threads {count / alone:.0f} a second")
    for workers in (1, 2):
        engine = RayEngine(bundle, None, Cluster(fewest=workers, most=workers))
        _, cold = score(path, bundle, engine)
        ray.init(log_to_driver=False)
        _, running = score(path, bundle, engine)
        ray.shutdown()
        console.print(
            f"Ray, workers: {workers}: {count / running:.0f} a second, {alone / running:.0%} of one process, on a cluster "
            f"that runs; {alone / cold:.0%} with its start"
        )


MEASURES = {"speed": speed, "pipeline": pipeline_over_datasets, "sizes": sizes, "memory": memory, "ray": on_ray}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=MEASURES)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        MEASURES[given.measure](Path(folder), given.scale)


if __name__ == "__main__":
    main()
