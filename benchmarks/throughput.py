"""Paragraphs a second: the bundle's runtime against `transformers.pipeline` on the same encoder, in one run.

Run by `make bench`. Machines differ and are shared, so the ratios are what counts. The heads are fresh: speed does not
depend on what they learned. Each contender reads the same paragraphs several times, taking turns; the median counts.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from transformers import BertForSequenceClassification, PreTrainedTokenizerFast, pipeline
from transformers.utils import logging

from labels.store import read_articles
from models.decoding import Calibration
from models.network import StanceNetwork
from models.predictor import Predictor
from models.runtime import Runtime
from models.tokenizing import Tokenizing
from training.dataset import paragraphs_of
from training.encoder import COMPACT, load_encoder
from training.export import save_graph, to_graph, to_int8
from training.train import OVERLAP, WINDOW

PARAGRAPHS = 512
ROUNDS = 3
THREADS = 2

Read = Callable[[Sequence[str]], object]


def pipeline_reader() -> Read:
    """What one would write first: a text-classification pipeline, fp32, batches of 32 in order of arrival."""
    model = BertForSequenceClassification.from_pretrained(COMPACT, num_labels=4, dtype=torch.float32)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(COMPACT)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, batch_size=32)
    return lambda texts: classify(list(texts), truncation=True, max_length=WINDOW)


def runtime_readers(folder: Path, texts: Sequence[str]) -> dict[str, Read]:
    """Sikap's predictor, spans and holders included, over the graph in each precision."""
    encoder = load_encoder(COMPACT)
    tokenizing = Tokenizing(encoder.tokenizer, WINDOW, OVERLAP)
    graph = to_graph(StanceNetwork(encoder.model))
    windows = [window.ids for window in tokenizing.windows(tokenizing.tokens(texts))]
    readers: dict[str, Read] = {}
    for precision in ("f32", "bf16", "int8"):
        place = folder / precision
        place.mkdir()
        save_graph(to_int8(graph, windows, tokenizing.pad) if precision == "int8" else graph, place)
        runtime = Runtime(place / "model.xml", precision, tokenizing.pad, THREADS)
        runtime.warm(WINDOW)
        readers[f"OpenVINO {precision}"] = Predictor(tokenizing, runtime, Calibration()).predict
    return readers


def main() -> None:
    logging.set_verbosity_error()  # the fresh head is meant to be fresh
    torch.set_num_threads(THREADS)
    texts = [paragraph.text for paragraph in paragraphs_of(read_articles())][::9][:PARAGRAPHS]
    with tempfile.TemporaryDirectory() as folder:
        readers = {"transformers.pipeline": pipeline_reader(), **runtime_readers(Path(folder), texts)}
        rates: dict[str, list[float]] = {name: [] for name in readers}
        latencies: dict[str, list[float]] = {name: [] for name in readers}
        for _ in range(ROUNDS):
            for name, read in readers.items():
                started = time.perf_counter()
                read(texts)
                rates[name].append(len(texts) / (time.perf_counter() - started))
                for text in texts[:50]:
                    started = time.perf_counter()
                    read([text])
                    latencies[name].append(1000 * (time.perf_counter() - started))
    table = Table("", "paragraphs a second", "ratio", "ms for one paragraph (median)")
    base = statistics.median(rates["transformers.pipeline"])
    for name, values in rates.items():
        rate = statistics.median(values)
        table.add_row(name, f"{rate:.0f}", f"{rate / base:.1f}", f"{statistics.median(latencies[name]):.1f}")
    Console().print(f"{len(texts)} paragraphs, {THREADS} threads, median of {ROUNDS} rounds")
    Console().print(table)


if __name__ == "__main__":
    main()
