"""Evaluation: labelled documents through the whole pipeline, and the figures that come out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from labels.article import Article, Span
from labels.furniture import is_furniture
from labels.splitter import split
from labels.stance import Stance
from labels.store import read_articles
from models.decoding import STANCES, Prediction
from models.predictor import Predictor
from sikap.errors import InputError
from training.metrics import LABELS, Interval, Judged, bootstrap, figures

VALIDATION: Final = "validation"
TAKEN: Final = (VALIDATION, "export")  # what the metrics of a manifest hold beside the files that are named
NEUTRAL_SCORES = (0.0, 0.0, 0.0, 1.0)  # what furniture counts as: no stance was found in it


@dataclass(frozen=True)
class GoldParagraph:
    """A paragraph with its true stance; span offsets count within `text`."""

    text: str
    stance: str
    spans: tuple[Span, ...]
    acceptable: tuple[str, ...] = ()


@dataclass(frozen=True)
class GoldDocument:
    """An article to be judged; `alone` where its paragraphs are read one by one, not as one text."""

    id: str
    paragraphs: tuple[GoldParagraph, ...]
    alone: bool = False
    topic: str = ""
    outlet: str = ""


def read_gold(path: Path) -> list[GoldDocument]:
    """Read labelled data, or articles with a list of `paragraphs`. Raises InputError naming file, line and field."""
    if not path.is_file() and not path.is_dir():
        raise InputError(f"{path}: no such file; expected labelled articles in JSON Lines")
    if path.is_dir() or not _has_paragraphs(path):
        articles = [article for article in read_articles([path]) if article.split == "validation" or path.is_file()]
        if not articles:
            raise InputError(f"{path}: no article for validation in this folder; name the files to judge on")
        return [gold_document(article) for article in articles]
    documents = []
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: byte {error.start} is not UTF-8; expected labelled articles") from error
    for number, line in enumerate(lines, 1):
        try:
            documents.append(_document(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{path}:{number}: {type(error).__name__}: {error}; expected doc, pick and paragraphs with text, stance, spans"
            ) from error
    return documents


def read_evaluations(paths: Sequence[Path]) -> dict[str, list[GoldDocument]]:
    """What each file holds, by its name without the suffix. Raises InputError where it cannot be read, or its name is taken."""
    found: dict[str, list[GoldDocument]] = {}
    for path in paths:
        if path.stem in (*TAKEN, *found):
            raise InputError(
                f"{path}: the name {path.stem!r} stands for another set in the card; rename the file, or leave it out"
            )
        found[path.stem] = read_gold(path)
    return found


def gold_document(article: Article) -> GoldDocument:
    """A labelled article to be judged, without its furniture, which carries no label."""
    paragraphs = (p for p in article.paragraphs() if not is_furniture(p.text))
    found = tuple(GoldParagraph(p.text, p.stance, p.spans) for p in paragraphs)
    return GoldDocument(article.id, found, topic=article.topic)


def _has_paragraphs(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            row = json.loads(file.readline())
            if not isinstance(row, dict):
                raise ValueError(f"found {row!r:.40}")
            return "paragraphs" in row
    except ValueError as error:
        raise InputError(f"{path}:1: not a JSON object in UTF-8 ({error}); expected labelled articles") from error


def _document(row: dict[str, Any]) -> GoldDocument:
    paragraphs = tuple(
        GoldParagraph(
            _text(p),
            Stance(p["stance"]),
            tuple(_span(s, p["text"]) for s in p["spans"]),
            tuple(p.get("also_acceptable", ())),
        )
        for p in row["paragraphs"]
    )
    origin = {name: str(row.get(name) or "") for name in ("topic", "outlet")}
    return GoldDocument(row["doc"], paragraphs, "cue" in row.get("pick", ""), **origin)


def _text(row: dict[str, Any]) -> str:
    if not isinstance(row["text"], str):
        raise TypeError(f"text is {row['text']!r}")
    return row["text"]


def _span(row: dict[str, Any], text: str) -> Span:
    for start, end in [(row["start"], row["end"]), *([row["holder"]] if row["holder"] else [])]:
        if type(start) is not int or type(end) is not int:
            raise TypeError(f"offsets are {start!r} and {end!r}, expected whole numbers")
        if not 0 <= start < end <= len(text):
            raise ValueError(f"offsets {start}-{end} in a text of {len(text)} characters")
    return Span(row["start"], row["end"], Stance(row["stance"]), tuple(row["holder"]) if row["holder"] else None)


def judge(documents: Sequence[GoldDocument], predictor: Predictor) -> list[Judged]:
    """Send documents through splitting, furniture rules and the model; one row a gold paragraph."""
    texts = [
        ["\n".join(p.text for p in d.paragraphs)] if not d.alone else [p.text for p in d.paragraphs] for d in documents
    ]
    pieces = [
        [(text_number, piece) for text_number, text in enumerate(of_one) for piece in split(text)] for of_one in texts
    ]
    body = [piece.text for of_one in pieces for _, piece in of_one if piece.kind != "furniture"]
    predictions = iter(predictor.predict(body))
    judged: list[Judged] = []
    for number, (document, of_one) in enumerate(zip(documents, pieces, strict=True)):
        read = [
            (t, piece.start, piece.end, next(predictions) if piece.kind != "furniture" else None) for t, piece in of_one
        ]
        judged += _judge_document(number, document, read)
    return judged


def _judge_document(
    number: int, document: GoldDocument, read: list[tuple[int, int, int, Prediction | None]]
) -> list[Judged]:
    rows, start = [], 0
    for order, gold in enumerate(document.paragraphs):
        text_number = order if document.alone else 0
        left = 0 if document.alone else start
        overlapping = [
            (min(end, left + len(gold.text)) - max(begin, left), begin, prediction)
            for t, begin, end, prediction in read
            if t == text_number and begin < left + len(gold.text) and end > left
        ]
        _, begin, prediction = max(overlapping, key=lambda item: item[0], default=(0, 0, None))
        row = _row(number, gold, prediction, begin - left)
        rows.append(replace(row, topic=document.topic, outlet=document.outlet))
        start += len(gold.text) + 1
    return rows


def _row(number: int, gold: GoldParagraph, prediction: Prediction | None, shift: int) -> Judged:
    spans = prediction.spans if prediction else ()
    # Offsets in the gold paragraph: where the splitter merged lines, what lies outside is another paragraph's.
    inside = range(len(gold.text))
    characters = {(i + shift, str(s.stance)) for s in spans for i in range(s.start, s.end) if i + shift in inside}
    mentions = [(s.holder[0] + shift, s.holder[1] + shift) for s in spans if s.holder]
    holders = [gold.text[start:end].lower() for start, end in mentions if start in inside]
    return Judged(
        document=number,
        gold=gold.stance,
        predicted=str(prediction.stance) if prediction else STANCES[-1],
        scores=prediction.scores if prediction else NEUTRAL_SCORES,
        acceptable=gold.acceptable,
        gold_characters=frozenset((i, str(s.stance)) for s in gold.spans for i in range(s.start, s.end)),
        predicted_characters=frozenset(characters),
        gold_spans=frozenset((s.start, s.end, str(s.stance)) for s in gold.spans),
        predicted_spans=frozenset((s.start + shift, s.end + shift, str(s.stance)) for s in spans),
        gold_holders=frozenset(gold.text[slice(*s.holder)].lower() for s in gold.spans if s.holder),
        predicted_holders=frozenset(holders),
        text=gold.text,
    )


@dataclass(frozen=True)
class Report:
    """Figures with their 95 % intervals, over the paragraphs judged."""

    paragraphs: int
    documents: int
    support: dict[str, int]
    values: dict[str, float]
    intervals: dict[str, Interval]


def report(sample: Sequence[Judged], rounds: int = 1000) -> Report:
    """Every headline figure of a sample."""
    named = figures()
    return Report(
        len(sample),
        len({row.document for row in sample}),
        {label: sum(row.gold == label for row in sample) for label in LABELS},
        {name: figure(sample) for name, figure in named.items()},
        {name: bootstrap(sample, figure, rounds) for name, figure in named.items()} if rounds else {},
    )
