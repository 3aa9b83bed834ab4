"""Scored tables read back, in every format that they are written in."""

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from serving.inputs.records import MOST_LINE
from serving.rows import DOCUMENTS, PARAGRAPHS, Row
from serving.tables import DATABASES, FORMATS, companion
from sikap.errors import InputError

_NESTED = {"scores", "spans", "error"}


def read_scores(path: Path) -> Iterator[tuple[Row, list[Row]]]:
    """Each document's row with the rows of its paragraphs, in the order of the tables and never all at once.

    Raises InputError where the files are not a pair that `sikap score` has written.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise InputError(f"{path}: found {suffix or 'no extension'}, expected a table that `sikap score` wrote")
    for file in (path, companion(path)):
        if not file.is_file():
            raise InputError(f"{file}: no such file; a report needs both tables that `sikap score` writes")
    try:
        yield from _joined(_rows(path, "paragraphs", PARAGRAPHS), _rows(companion(path), "documents", DOCUMENTS), path)
    except (pyarrow.ArrowException, sqlite3.Error, csv.Error, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}: not a table that `sikap score` wrote ({error})") from error


def _joined(paragraphs: Iterator[Row], documents: Iterator[Row], path: Path) -> Iterator[tuple[Row, list[Row]]]:
    """Both tables go through documents in the same order."""
    waiting = next(paragraphs, None)
    for document in documents:
        own: list[Row] = []
        while waiting is not None and _key(waiting) == _key(document):
            own.append(waiting)
            waiting = next(paragraphs, None)
        yield document, own
    if waiting is not None:
        raise InputError(
            f"{path}: the document {waiting['path']!r} is not in {companion(path).name} where it should be; "
            "the two tables are of different runs, or were sorted"
        )


def _key(row: Row) -> tuple[Any, Any]:
    return row["path"], row["document"]


def _rows(path: Path, table: str, schema: pyarrow.Schema) -> Iterator[Row]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        for batch in parquet.ParquetFile(path).iter_batches(2_000):
            yield from batch.to_pylist()
    elif suffix in DATABASES:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            cursor = database.execute(f"select * from {table} order by rowid")
            names = [column[0] for column in cursor.description]
            yield from (_typed(dict(zip(names, row, strict=True)), schema) for row in cursor)
    else:
        csv.field_size_limit(MOST_LINE)  # a paragraph with its spans is longer than csv lets a field be
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file) if suffix == ".csv" else (json.loads(line) for line in file)
            yield from (_typed(row, schema) for row in rows)


def _typed(row: Row, schema: pyarrow.Schema) -> Row:
    """A row of a format without types, with those of the schema."""
    return {field.name: _value(row[field.name], field) for field in schema}


def _value(value: Any, field: pyarrow.Field) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, str) and (field.name in _NESTED or pyarrow.types.is_boolean(field.type)):
        return json.loads(value)
    if pyarrow.types.is_integer(field.type):
        return int(value)
    return float(value) if pyarrow.types.is_floating(field.type) else value
