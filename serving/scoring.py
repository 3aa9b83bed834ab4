"""Scoring: a shard in, its rows out, in three steps that may run side by side."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final, NamedTuple

from labels.article import Paragraph
from models.decoding import Prediction
from serving.answer import Answer
from serving.classifier import Classifier, body_of, prepare
from serving.documents import Document, Item
from serving.pieces import Shard
from serving.rows import Row, Tables, as_tables, document_row, failed_row, paragraph_rows
from sikap.errors import ModelError, SikapError

MOST_REASONS: Final = 20  # told apart in a summary
OTHERS: Final = "other reasons"
_NUMBER: Final = re.compile(r"(?<![\w-])(?:0x[0-9a-f]+|\d[\d.,]*)\b")


class Reason(NamedTuple):
    """Why documents failed: how many, and the path of one."""

    documents: int
    path: str


@dataclass(frozen=True)
class Counts:
    """What is in a shard, or in a whole run."""

    documents: int = 0
    paragraphs: int = 0
    stances: Counter[str] = field(default_factory=Counter)
    uncertain: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    reasons: Mapping[str, Reason] = field(default_factory=dict)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.documents + other.documents,
            self.paragraphs + other.paragraphs,
            self.stances + other.stances,
            self.uncertain + other.uncertain,
            self.failures + other.failures,
            _merged(self.reasons, other.reasons),
        )

    def as_json(self) -> dict[str, Any]:
        """As an object of JSON."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Counts":
        """Back from `as_json`."""
        counters = {name: Counter(value[name]) for name in ("stances", "failures")}
        reasons = {why: Reason(*reason) for why, reason in value["reasons"].items()}
        return cls(**{**value, **counters, "reasons": reasons})


def _merged(reasons: Mapping[str, Reason], more: Mapping[str, Reason]) -> dict[str, Reason]:
    merged = dict(reasons)
    for why, (documents, path) in more.items():
        key = why if why in merged or len(merged) < MOST_REASONS else OTHERS
        before = merged.get(key, Reason(0, path))
        merged[key] = Reason(before.documents + documents, before.path)
    return merged


def reason_of(message: str) -> str:
    """What the messages of like failures have in common: no numbers, and no advice."""
    return _NUMBER.sub("…", message.partition(";")[0])[:120]


@dataclass(frozen=True)
class Scored:
    """A shard's rows, and what the journal and the summary say of them.

    `retry` marks a shard whose documents failed in reading or in the model, not by themselves: the next start scores it
    again.
    """

    shard: Shard
    tables: Tables
    counts: Counts
    retry: bool


@dataclass(frozen=True)
class Prepared:
    """A shard whose documents are split and tokenised: `texts` are the paragraphs for the model, in order."""

    shard: Shard
    split: list[list[Paragraph] | SikapError]
    texts: list[str]
    tokens: Any


@dataclass(frozen=True)
class Run:
    """A shard that the model has read: its logits, or nothing where it failed on them."""

    prepared: Prepared
    logits: Any


class Scorer:
    """Scores shards with a model.

    Args:
        classifier: the model.
        min_confidence: labels below it are called uncertain; None for the bundle's thresholds.
    """

    def __init__(self, classifier: Classifier, min_confidence: float | None = None) -> None:
        self.classifier, self.min_confidence = classifier, min_confidence
        self.model = f"{classifier.model.name}/{classifier.model.version}"

    def __call__(self, shard: Shard) -> Scored:
        """All three steps."""
        return self.finish(self.run(self.prepare(shard)))

    def prepare(self, shard: Shard) -> Prepared:
        """Split and tokenise."""
        split = [_split(item) for item in shard.items]
        texts = [text for pieces in split if not isinstance(pieces, SikapError) for text in body_of(pieces)]
        try:
            tokens = self.classifier.predictor.tokens(texts)
        except Exception:  # as in run
            tokens = None
        return Prepared(shard, split, texts, tokens)

    def run(self, prepared: Prepared) -> Run:
        """Run the network, the step that takes the time."""
        try:
            return Run(prepared, self.classifier.predictor.logits(prepared.tokens))
        except Exception:  # what memory or the runtime refuse together they may do one by one
            return Run(prepared, None)

    def finish(self, run: Run) -> Scored:
        """Decode and make rows."""
        shard = run.prepared.shard
        predictions = self._decoded(run)
        paragraphs: list[Row] = []
        documents: list[Row] = []
        retry = shard.retry
        for item, pieces in zip(shard.items, run.prepared.split, strict=True):
            try:
                document, answer = self._answer(item, pieces, predictions)
                paragraphs += paragraph_rows(item, document.text, answer)
                documents.append(document_row(item, document, answer))
            except SikapError as error:
                retry |= isinstance(error, ModelError)
                row = failed_row(item, error, self.model)
                paragraphs.append(row)
                documents.append(row)
        return Scored(shard, as_tables(paragraphs, documents), _count(paragraphs, documents), retry)

    def _answer(
        self, item: Item, pieces: list[Paragraph] | SikapError, predictions: Iterator[Prediction] | None
    ) -> tuple[Document, Answer]:
        """Read a document's paragraphs off the shard's predictions; where there are none, ask for its own."""
        if isinstance(item.content, SikapError):
            raise item.content
        if isinstance(pieces, SikapError):
            raise pieces
        texts = body_of(pieces)
        own = [next(predictions) for _ in texts] if predictions else self._alone(texts)
        return item.content, self.classifier.assemble(pieces, own, self.min_confidence).by(self.classifier.model)

    def _decoded(self, run: Run) -> Iterator[Prediction] | None:
        if run.logits is None:
            return None
        try:
            return iter(self.classifier.predictor.decoded(run.prepared.texts, run.prepared.tokens, run.logits))
        except Exception:  # as in run
            return None

    def _alone(self, texts: list[str]) -> Sequence[Prediction]:
        try:
            return self.classifier.predictor.predict(texts)
        except Exception as error:
            raise ModelError(
                f"the model failed ({type(error).__name__}: {error}); the next start tries again"
            ) from error


def _split(item: Item) -> list[Paragraph] | SikapError:
    if isinstance(item.content, SikapError):
        return item.content
    try:
        return prepare(item.content.text)
    except SikapError as error:
        return error


def _count(paragraphs: list[Row], documents: list[Row]) -> Counts:
    failed = [row for row in documents if row.get("error")]
    return Counts(
        len(documents),
        len(paragraphs) - len(failed),
        Counter(row["stance"] for row in paragraphs if row.get("stance")),
        sum(bool(row.get("uncertain")) for row in paragraphs),
        Counter(row["error"]["type"] for row in failed),
        reduce(_merged, ({reason_of(row["error"]["message"]): Reason(1, row["path"])} for row in failed), {}),
    )
