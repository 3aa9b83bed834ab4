"""Labelled articles on disk: JSON Lines, checked field by field, all problems at once."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labels.article import Article, Offsets, Span
from labels.stance import MARKED, Stance
from labels.unicode import lone_surrogate
from sikap.errors import InputError

DATA = Path(__file__).parent / "data"
_TEXTS = ("id", "topic", "style", "text", "annotator")
_OPTIONAL = ("title", "date")
_FIELDS = {*_TEXTS, *_OPTIONAL, "split", "spans"}


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: where (`file:line`), which field, what was found and what was expected."""

    place: str
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.place}: {self.field}: found {self.found}, expected {self.expected}"


class LabelError(InputError):
    """Labelled data that does not pass its checks; `problems` holds them all."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def label_files(paths: Iterable[Path]) -> list[Path]:
    """The `.jsonl` files that `paths` name; a folder stands for those in it. Raises InputError where there are none."""
    files: list[Path] = []
    for path in paths:
        found = sorted(path.glob("*.jsonl")) if path.is_dir() else [path] if path.is_file() else []
        if not found:
            raise InputError(f"{path}: no such labelled data; expected a .jsonl file or a folder that holds some")
        files += found
    return files


def read_articles(paths: Iterable[Path] = (DATA,)) -> list[Article]:
    """Read and check labelled articles. Raises LabelError with every problem of every file."""
    articles, problems = check_files(paths)
    if problems:
        raise LabelError(problems)
    return articles


def check_files(paths: Iterable[Path]) -> tuple[list[Article], list[Problem]]:
    """The articles that could be read, and every problem found."""
    intake = Intake()
    for file in label_files(paths):
        for number, line in enumerate(_lines(file, intake.problems), 1):
            if line.strip():
                intake.line(f"{file}:{number}", line)
    return intake.articles, intake.problems


class Intake:
    """Articles that come in from files, row by row, and everything that is wrong with them."""

    def __init__(self) -> None:
        self.articles: list[Article] = []
        self.problems: list[Problem] = []
        self._places: dict[str, str] = {}

    def line(self, place: str, line: str) -> None:
        """Take the article that a line of JSON holds."""
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            self.problems.append(Problem(place, "line", repr(line[:40]), f"a JSON object ({error})"))
        else:
            self.row(place, row)

    def row(self, place: str, row: Any) -> None:
        """Take the article that `row`, the JSON object of the format on disk, holds."""
        article = _Check(place, self.problems).article(row)
        if article is None:
            return
        if known := self._places.get(article.id):
            self.problems.append(Problem(place, "id", repr(article.id), f"a new one; {known} has it"))
        self._places[article.id] = place
        self.articles.append(article)


def _lines(file: Path, problems: list[Problem]) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        problems.append(Problem(f"{file}:1", "encoding", f"byte {error.start} that is not UTF-8", "UTF-8 text"))
    except OSError as error:
        problems.append(Problem(f"{file}:1", "file", str(error.strerror), "a readable file"))
    return []


class _Check:
    """Reads one row of a file, noting what is wrong with it."""

    def __init__(self, place: str, problems: list[Problem]) -> None:
        self.place, self.problems = place, problems
        self.known = len(problems)

    def wrong(self, field: str, found: object, expected: str) -> None:
        self.problems.append(Problem(self.place, field, shorten(found), expected))

    def article(self, row: Any) -> Article | None:
        if not isinstance(row, dict):
            self.wrong("line", row, "a JSON object")
            return None
        self._fields(row)
        if len(self.problems) > self.known:
            return None
        spans = self._spans(row["spans"], row["text"])
        if len(self.problems) > self.known:
            return None
        return Article(
            id=row["id"],
            topic=row["topic"],
            style=row["style"],
            text=row["text"],
            annotator=row["annotator"],
            spans=tuple(sorted(spans)),
            split=row["split"],
            title=row.get("title"),
            date=row.get("date"),
        )

    def _fields(self, row: dict[str, Any]) -> None:
        for field in _TEXTS:
            if not isinstance(row.get(field), str) or not row[field].strip():
                self.wrong(field, row.get(field), "a string that is not empty")
        for field in (*_TEXTS, *_OPTIONAL):
            if isinstance(row.get(field), str) and lone_surrogate(row[field]) is not None:
                self.wrong(field, row[field], "valid Unicode, without lone surrogates")
        for field in _OPTIONAL:
            if not isinstance(row.get(field), str | None):
                self.wrong(field, row[field], "a string, or nothing")
        if row.get("split") not in ("train", "validation"):
            self.wrong("split", row.get("split"), "'train' or 'validation'")
        if not isinstance(row.get("spans"), list):
            self.wrong("spans", row.get("spans"), "a list")
        for field in sorted(row.keys() - _FIELDS):
            self.wrong(field, row[field], f"no such field; the fields are {', '.join(sorted(_FIELDS))}")
        if isinstance(row.get("text"), str):
            self._text(row["text"])

    def _text(self, text: str) -> None:
        if "\r" in text:
            self.wrong("text", "\\r", "paragraphs split by \\n alone")
        if any(not piece.strip() or piece != piece.strip() for piece in text.split("\n")):
            self.wrong("text", "an empty paragraph, or spaces around one", "paragraphs split by one \\n, trimmed")

    def _spans(self, rows: list[Any], text: str) -> list[Span]:
        spans = [span for number, row in enumerate(rows) if (span := self._span(f"spans[{number}]", row, text))]
        for before, after in zip(sorted(spans), sorted(spans)[1:], strict=False):
            if after.start < before.end:
                self.wrong(
                    "spans", f"{before.start}-{before.end} and {after.start}-{after.end}", "spans that do not overlap"
                )
        return spans

    def _span(self, field: str, row: Any, text: str) -> Span | None:
        if not isinstance(row, dict) or row.keys() != {"start", "end", "stance", "holder"}:
            self.wrong(field, row, "an object with start, end, stance and holder")
            return None
        if row["stance"] not in MARKED:
            self.wrong(f"{field}.stance", row["stance"], f"one of {', '.join(MARKED)}")
            return None
        place = self._offsets(field, [row["start"], row["end"]], text)
        if place is None:
            return None
        holder = None
        if row["holder"] is not None:
            holder = self._offsets(f"{field}.holder", row["holder"], text)
            if holder is None:
                return None
            if "\n" in text[min(place[0], holder[0]) : max(place[1], holder[1])]:
                self.wrong(f"{field}.holder", list(holder), "offsets in the span's own paragraph")
                return None
        return Span(*place, Stance(row["stance"]), holder)

    def _offsets(self, field: str, pair: Any, text: str) -> Offsets | None:
        whole = isinstance(pair, list) and len(pair) == 2 and all(type(number) is int for number in pair)
        if not whole or not 0 <= pair[0] < pair[1] <= len(text):
            self.wrong(field, pair, f"0 <= start < end <= {len(text)}, whole numbers")
            return None
        quote = text[pair[0] : pair[1]]
        if quote != quote.strip() or "\n" in quote:
            self.wrong(field, quote, "words of one paragraph without spaces around them")
            return None
        return pair[0], pair[1]


def shorten(value: object) -> str:
    """How an error shows what it found."""
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "…"


def to_row(article: Article) -> dict[str, Any]:
    """The JSON object of an article."""
    row: dict[str, Any] = {"id": article.id, "topic": article.topic, "style": article.style}
    row |= {key: value for key in _OPTIONAL if (value := getattr(article, key)) is not None}
    row |= {"split": article.split, "text": article.text, "annotator": article.annotator}
    spans = [
        {"start": s.start, "end": s.end, "stance": str(s.stance), "holder": list(s.holder) if s.holder else None}
        for s in sorted(article.spans)
    ]
    return row | {"spans": spans}


def write_articles(articles: Iterable[Article], path: Path) -> None:
    """Write articles as JSON Lines, replacing `path` in one move."""
    write_rows(path, map(to_row, articles))


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write objects as JSON Lines, replacing `path` in one move."""
    replace_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def replace_text(path: Path, text: str) -> None:
    """Write a text file (UTF-8) in one move: where writing fails, `path` stays as it was."""
    waiting = path.with_name(f".{path.name}.incoming")
    waiting.write_text(text, encoding="utf-8")
    waiting.replace(path)
