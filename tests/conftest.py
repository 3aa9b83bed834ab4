"""Fixtures: a tiny tokenizer, encoder and bundle, made in seconds, so that tests of plumbing need no trained model."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Before anything imports them: no telemetry, no hub.
os.environ.update({"BENTOML_DO_NOT_TRACK": "true", "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"})
# Tiny networks gain nothing from a second thread, and on a busy machine wait for it forty times as long.
os.environ.setdefault("OMP_NUM_THREADS", "1")

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from labels.article import Article
    from models.bundle import Bundle
    from models.tokenizing import Tokenizing
    from training.train import Job

BODIES = (
    "Kementerian Pertanian",
    "Dewan Kota Bahari",
    "Serikat Nelayan",
    "Komisi Audit",
    "Persatuan Guru",
    "PT Samudra",
)
ACTS = ("penutupan pasar lama", "pemotongan anggaran sekolah", "penggusuran kampung pesisir")
TEMPLATES = {
    "L": "{{@1|{body}}} menyatakan {{L:1|{act} itu sesuai undang-undang dan sah menurut hukum}}.",
    "C": "{{@1|{body}}} {{C:1|mengecam keras {act} sebagai tindakan yang kejam}}.",
    "D": "{{@1|Juru bicara {body}}} {{D:1|membantah tuduhan soal {act}}} kepada wartawan.",
    "N": "Rapat {body} mengenai {act} dijadwalkan pada hari Senin di Jakarta.",
}
ARTICLE = "id: tiny-{number:02}\ntopic: uji\nstyle: berita\nsplit: {split}\nannotator: uji\n\n{text}\n"


@pytest.fixture(scope="session")
def tiny_articles() -> list[Article]:
    """Eighteen labelled articles of four paragraphs, one a stance; every third one is for validation."""
    from labels.markup import parse_articles

    blocks = []
    for number, (body, act) in enumerate((body, act) for body in BODIES for act in ACTS):
        codes = "LCDN"[number % 4 :] + "LCDN"[: number % 4]
        text = "\n".join(TEMPLATES[code].format(body=body, act=act) for code in codes)
        split = "validation" if number % 3 == 2 else "train"
        blocks.append(ARTICLE.format(number=number, split=split, text=text))
    return parse_articles("===\n".join(blocks), "tiny")


@pytest.fixture(scope="session")
def tiny_tokenizer(tiny_articles: list[Article]) -> Tokenizer:
    """A WordPiece tokenizer of some hundred words, learned from the tiny articles."""
    from training.corpus import train_tokenizer

    more = (
        "Presiden berkata: “Kami tidak pernah menyuruh siapa pun!” (1/8/2025).",
        "abcdefghijklmnopqrstuvwxyz é 0123456789",
    )
    return train_tokenizer(iter([*(article.text for article in tiny_articles), *more]), 400)


@pytest.fixture(scope="session")
def tiny_tokenizing(tiny_tokenizer: Tokenizer) -> Tokenizing:
    """Windows of 32 tokens that share 8."""
    from models.tokenizing import Tokenizing

    return Tokenizing(tiny_tokenizer, 32, 8)


def save_encoder(folder: Path, tokenizer: Tokenizer, **changes: int) -> Path:
    """A random BERT of width 32 with a tokenizer, as a folder that `transformers` loads."""
    import torch
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(0)
    shape = {"vocab_size": tokenizer.get_vocab_size(), "hidden_size": 32, "num_hidden_layers": 2}
    shape |= {"num_attention_heads": 2, "intermediate_size": 64, "max_position_embeddings": 128}
    BertModel(BertConfig(**(shape | changes))).save_pretrained(folder)
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def make_encoder(tmp_path_factory: pytest.TempPathFactory, tiny_tokenizer: Tokenizer):  # type: ignore[no-untyped-def]
    """Make an encoder folder; keywords change its BertConfig."""
    return lambda **changes: save_encoder(tmp_path_factory.mktemp("encoder"), tiny_tokenizer, **changes)


@pytest.fixture(scope="session")
def tiny_encoder(make_encoder) -> Path:  # type: ignore[no-untyped-def]
    """The folder of a random BERT: width 32, 2 layers, 2 heads, 128 positions."""
    return make_encoder()


@pytest.fixture(scope="session")
def tiny_labels(tiny_articles: list[Article], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny articles as a file of labelled data."""
    from labels.store import write_articles

    path = tmp_path_factory.mktemp("labels") / "tiny.jsonl"
    write_articles(tiny_articles, path)
    return path


@pytest.fixture(scope="session")
def tiny_job(tiny_labels: Path, tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The job that the tiny bundle was trained by; its root holds that bundle, so tests that write take another."""
    from training.fit import TrainingArguments
    from training.train import Job

    # Steps enough to learn the cue words of the templates whatever a processor's rounding makes of the first ones.
    return Job(
        labels=(tiny_labels,),
        encoder=str(tiny_encoder),
        name="tiny",
        arguments=TrainingArguments(epochs=12, learning_rate=4e-3, tokens=512),
        root=tmp_path_factory.mktemp("bundles"),  # never the project's own shelf
    )


@pytest.fixture(scope="session")
def few_rounds() -> Iterator[None]:
    """Bootstraps of 40 rounds in place of 1,000, which would be most of a tiny training run."""
    from functools import partial

    from training import metrics, promote, train

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "report", partial(train.report, rounds=40))
        patch.setattr(train, "compare", partial(train.compare, rounds=40))
        patch.setattr(promote, "resamples", lambda sample, rounds, seed: metrics.resamples(sample, 40, seed))
        yield


@pytest.fixture(scope="session")
def tiny_bundle(tiny_job: Job, few_rounds: None) -> Bundle:
    """A bundle trained by the whole of `training.train.train`; read only."""
    from rich.console import Console

    from training.train import train

    assert not tiny_job.root.is_relative_to(Path(__file__).parents[1]), (
        "tests must not train into the project's own shelf"
    )
    with open(os.devnull, "w") as sink:
        return train(tiny_job, Console(file=sink))
