"""Folder scoring: documents in, a table out, in fixed shards that make a stopped run resumable."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labels.article import Paragraph
from serving.classifier import Classifier, body_of, prepare
from serving.documents import Document, Found, Source, read_document
from serving.journal import Journal
from serving.rows import DOCUMENTS, PARAGRAPHS, Row, document_row, failed_rows, paragraph_rows
from serving.tables import check_format, companion, write_table
from sikap.errors import SikapError

SHARD = 64  # documents whose paragraphs are batched together, and whose rows are kept or lost together


@dataclass(frozen=True)
class Summary:
    """What a run did: documents and paragraphs written, and failures by type of error."""

    documents: int
    paragraphs: int
    failures: Counter[str]


def score_folder(
    found: Found,
    out: Path,
    classifier: Classifier,
    min_confidence: float | None = None,
    fresh: bool = False,
    report: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Score documents into `out` and its companion table. `report` is told how many documents are done.

    Raises InputError where `out` cannot be written or an unfinished run of other settings lies beside it.
    """
    check_format(out)
    model = f"{classifier.model.name}/{classifier.model.version}"
    run = {
        "version": 1,
        "shard": SHARD,
        "model": model,
        "min_confidence": min_confidence,
        "documents": _fingerprint(found.sources),
    }
    journal = Journal(out.with_name(f".{out.name}.journal"), run, fresh)
    finished = False
    try:
        for start in range(journal.shards * SHARD, len(found.sources), SHARD):
            report(start)
            journal.add(*_score_shard(found.sources[start : start + SHARD], classifier, min_confidence, model))
        report(len(found.sources))
        summary = _summary(journal)
        write_table(journal.rows("documents"), DOCUMENTS, companion(out))
        write_table(journal.rows("paragraphs"), PARAGRAPHS, out)
        finished = True
    finally:
        journal.close(finished)
    return summary


def _fingerprint(sources: Sequence[Source]) -> str:
    """A digest of which files are scored and of their sizes and times: a resumed run has to see the same ones."""
    digest = hashlib.sha256()
    for source in sources:
        try:
            state = source.file.stat()
        except OSError:  # a link that leads nowhere: its row will say so
            digest.update(f"{source.shown}\0gone\n".encode())
            continue
        digest.update(f"{source.shown}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _summary(journal: Journal) -> Summary:
    errors = [row["error"]["type"] if row["error"] else None for row in journal.rows("documents")]
    paragraphs = sum(row["paragraph"] is not None for row in journal.rows("paragraphs"))
    return Summary(len(errors), paragraphs, Counter(error for error in errors if error))


def _score_shard(
    sources: Sequence[Source], classifier: Classifier, min_confidence: float | None, model: str
) -> tuple[list[Row], list[Row]]:
    """The rows of one shard: its paragraphs go through the model together."""
    read = [_read(source) for source in sources]
    texts = [text for item in read if not isinstance(item, Exception) for text in body_of(item[1])]
    predictions = iter(classifier.predictor.predict(texts))
    paragraphs: list[Row] = []
    documents: list[Row] = []
    for source, item in zip(sources, read, strict=True):
        if isinstance(item, Exception):
            row, beside = failed_rows(source, item, model)
            paragraphs.append(row)
            documents.append(beside)
            continue
        document, pieces = item
        own = [next(predictions) for _ in body_of(pieces)]
        answer = classifier.assemble(pieces, own, min_confidence).by(classifier.model)
        paragraphs += paragraph_rows(source, document, answer)
        documents.append(document_row(source, document, answer))
    return paragraphs, documents


def _read(source: Source) -> tuple[Document, list[Paragraph]] | SikapError:
    try:
        document = read_document(source)
        return document, prepare(document.text)
    except SikapError as error:
        return error
