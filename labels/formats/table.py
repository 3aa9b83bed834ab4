"""CSV: one row a span, or one row for an article without spans; each row tells the whole article."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from labels.article import Article, Span
from labels.formats.node import Node, each, read_text
from labels.formats.task import HOLDER, Region, Task, metadata, read_tasks
from labels.markup import HEADERS
from labels.store import replace_text
from sikap.errors import InputError

SPAN = ("start", "end", "stance", "quote", "holder_start", "holder_end", "holder_quote")
COLUMNS = (*HEADERS, *SPAN, "text")
# What the csv module takes for a cell that is too long is 131,072 characters; texts may be longer.
_LONGEST_CELL = 100_000_000


def read(path: Path) -> list[Article]:
    """The articles of a table, in the order in which their ids appear; columns of other names are left out."""
    source = read_text(path).removeprefix("\ufeff")
    header = source.partition("\n")[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","  # spreadsheets write ; in many languages
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.DictReader(io.StringIO(source, newline=""), delimiter=delimiter)
    if missing := {"id", "text", "start", "end", "stance"} - set(reader.fieldnames or ()):
        raise InputError(f"{path}:1: no column {', '.join(sorted(missing))}; expected {', '.join(COLUMNS)}")
    articles: dict[str, list[Node]] = {}
    for row in _rows(path, reader):
        articles.setdefault(row["id"].value, []).append(row)
    return read_tasks(articles.values(), _task)


def _rows(path: Path, reader: "csv.DictReader[str]") -> Iterator[Node]:
    line = reader.line_num
    try:
        for row in reader:
            yield Node(f"{path}:{line + 1}", row)
            line = reader.line_num
    except csv.Error as error:
        raise InputError(f"{path}:{line + 1}: {error}; expected CSV") from error


def _task(rows: list[Node]) -> Task:
    first = rows[0]
    if not first["id"].value:
        raise first["id"].wrong("an id in every row")

    def check(row: Node) -> None:
        for column in (*HEADERS, "text"):
            if row[column].value != first[column].value:
                raise row[column].wrong(f"what {first.place} says of the same article")

    each(rows, check)
    pairs = each(rows, _regions)
    regions = [region for pair in pairs for region in pair]
    links = [(pair[0].name, pair[1].name) for pair in pairs if len(pair) == 2]
    return Task(first.place, first["text"].expect(str), metadata(first), tuple(regions), tuple(links))


def _regions(row: Node) -> list[Region]:
    """The span of a row and the mention of its holder, as far as there are any."""
    if not any(row[column].value for column in ("start", "end", "stance")):
        return []
    span = _region(row, "", row["stance"].expect(str))
    return [span, _region(row, "holder_", HOLDER)] if row["holder_start"].value else [span]


def _region(row: Node, prefix: str, label: str) -> Region:
    line = row.place.rpartition(":")[2]
    start, end = _offset(row[f"{prefix}start"]), _offset(row[f"{prefix}end"])
    return Region(row.place, f"{label} of line {line}", label, start, end, row[f"{prefix}quote"].value or None)


def _offset(cell: Node) -> int:
    if not re.fullmatch(r"\d{1,12}", cell.value or ""):
        raise cell.wrong("a whole number")
    return int(cell.value)


def write(articles: Iterable[Article], path: Path) -> None:
    """Write a table with commas."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for article in articles:
        whole = {column: getattr(article, column) for column in (*HEADERS, "text")}
        writer.writerows([whole | _cells(article.text, span) for span in article.spans] or [whole])
    replace_text(path, out.getvalue())


def _cells(text: str, span: Span) -> dict[str, object]:
    (start, end), holder = (span.start, span.end), span.holder or (None, None)
    quotes = text[start:end], text[slice(*holder)] if span.holder else None
    return dict(zip(SPAN, (start, end, span.stance, quotes[0], *holder, quotes[1]), strict=True))
