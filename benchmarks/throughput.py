"""Paragraphs a second: the bundle's runtime against `transformers.pipeline` on the same encoder, in one run.

Run by `make bench`. `--shape indobert` takes random weights of IndoBERT's shape (12x768) in place of the compact encoder;
`--paragraphs 64` is a quick look. `of the limit` is the network's own arithmetic, padding left out, as a share of what a
matrix product alone reaches in that precision (`int8-weights` has none of its own: what meets the weights is quantised as it goes). Machines differ and are shared, so the ratios are what counts. The heads are fresh: speed does not
depend on what they learned. Each contender reads the same paragraphs several times, taking turns; the median counts.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from limit import gemm_limit
from rich.console import Console
from rich.table import Table
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline
from transformers.utils import logging

from labels.store import read_articles
from models.decoding import Calibration
from models.network import StanceNetwork
from models.predictor import Predictor
from models.runtime import Runtime
from training.dataset import paragraphs_of
from training.encoder import COMPACT, WINDOW, Encoder, load_encoder
from training.export import candidates, save_graph, to_graph

PARAGRAPHS = 512
ROUNDS = 3
THREADS = 2
LIMITED = ("f32", "bf16", "int8")
INDOBERT = {
    "vocab_size": 50_000, "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
    "intermediate_size": 3_072, "max_position_embeddings": 512,
}  # fmt: skip

Read = Callable[[Sequence[str]], object]


def classifier_of(shape: str) -> BertForSequenceClassification:
    """The encoder to measure, with a fresh classification head."""
    if shape == "indobert":
        torch.manual_seed(0)
        return BertForSequenceClassification(BertConfig(**INDOBERT, num_labels=4)).eval()
    return BertForSequenceClassification.from_pretrained(COMPACT, num_labels=4, dtype=torch.float32)


def pipeline_reader(model: BertForSequenceClassification) -> Read:
    """What one would write first: a text-classification pipeline, fp32, batches of 32 in order of arrival."""
    tokenizer = PreTrainedTokenizerFast.from_pretrained(COMPACT)
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, batch_size=32)
    return lambda texts: classify(list(texts), truncation=True, max_length=WINDOW)


def operations(config: BertConfig, lengths: Sequence[int]) -> float:
    """GFLOP of the encoder's matrix products over windows of these lengths."""
    wide, deep = config.hidden_size, config.intermediate_size
    each = sum(length * (8 * wide * wide + 4 * wide * deep) + 4 * length * length * wide for length in lengths)
    return config.num_hidden_layers * each / 1e9


def runtime_readers(folder: Path, encoder: Encoder, texts: Sequence[str]) -> dict[str, Read]:
    """Sikap's predictor, spans and holders included, over the graph in each precision."""
    tokenizing = encoder.tokenizing
    graph = to_graph(StanceNetwork(encoder.model))
    windows = [window.ids for window in tokenizing.windows(tokenizing.tokens(texts))]
    readers: dict[str, Read] = {}
    made = {"f32": lambda: graph, **candidates(graph, windows, tokenizing.pad)}
    for precision, reduced in made.items():
        place = folder / precision
        place.mkdir()
        save_graph(reduced(), place)
        runtime = Runtime(place / "model.xml", precision, tokenizing.pad, THREADS)
        runtime.warm(WINDOW)
        readers[precision] = Predictor(tokenizing, runtime, Calibration()).predict
    return readers


def timed(readers: dict[str, Read], texts: Sequence[str]) -> tuple[dict[str, float], dict[str, float]]:
    """Paragraphs a second, and milliseconds for one paragraph, of each: medians over rounds taken in turns."""
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
    median = statistics.median
    return {name: median(r) for name, r in rates.items()}, {name: median(ms) for name, ms in latencies.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shape", choices=("compact", "indobert"), default="compact")
    arguments.add_argument("--paragraphs", type=int, default=PARAGRAPHS)
    given = arguments.parse_args()
    logging.set_verbosity_error()  # the fresh head is meant to be fresh
    torch.set_num_threads(THREADS)
    texts = [paragraph.text for paragraph in paragraphs_of(read_articles())][::9][: given.paragraphs]
    model, compact = classifier_of(given.shape), load_encoder(COMPACT)
    encoder = compact if given.shape == "compact" else Encoder("indobert's shape", model.bert, compact.tokenizer)
    tokenizing = encoder.tokenizing
    lengths = [len(window.ids) for window in tokenizing.windows(tokenizing.tokens(texts))]
    with tempfile.TemporaryDirectory() as folder:
        # The pipeline last: tracing the graph must find the weights as they are.
        ours = runtime_readers(Path(folder), encoder, texts)
        rates, latencies = timed({"pipeline": pipeline_reader(model), **ours}, texts)
    table = Table("", "paragraphs a second", "ratio", "of the limit", "ms for one paragraph (median)")
    for name, rate in rates.items():
        used = operations(model.config, lengths) / len(texts) * rate
        share = f"{100 * used / gemm_limit(name, THREADS):.0f} %" if name in LIMITED else ""
        title = "transformers.pipeline" if name == "pipeline" else f"OpenVINO {name}"
        table.add_row(title, f"{rate:.0f}", f"{rate / rates['pipeline']:.1f}", share, f"{latencies[name]:.1f}")
    Console().print(f"{given.shape}: {len(texts)} paragraphs, {THREADS} threads, median of {ROUNDS} rounds")
    Console().print(table)


if __name__ == "__main__":
    main()
