"""Tables on disk: Parquet, CSV, JSON Lines and SQLite, written as they come and shown only when complete."""

import csv
import errno
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow
from pyarrow import parquet

from serving.rows import DOCUMENTS, PARAGRAPHS, Tables
from sikap.errors import InputError

DATABASES: Final = (".sqlite", ".db")
ROW_GROUP: Final = 20_000  # rows of a Parquet file held in memory at a time


class Sink(Protocol):
    """A table being written."""

    def add(self, table: pyarrow.Table) -> None:
        """Write rows."""

    def close(self) -> None:
        """Write what is left."""


def check_format(path: Path) -> None:
    """Raise InputError unless a table of this name can be written."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"--out {path}: found {path.suffix or 'no extension'}, expected one of {', '.join(FORMATS)}")
    if path.is_dir():
        raise InputError(f"--out {path}: a folder has this name; expected a file to write")
    if path.parts[0].endswith(":") and not path.parent.is_dir():  # of `s3://a/b` a path keeps one slash
        raise InputError(
            f"--out {path}: found an address, expected a file on this machine: beside it lies a journal that is locked and "
            "appended to, which stores of objects cannot do. Write it here, then copy it there"
        )
    if not path.parent.is_dir():
        raise InputError(f"--out {path}: the folder {path.parent} does not exist; create it first")


def companion(path: Path) -> Path:
    """Where the table of documents goes: `scores.parquet` has `scores.documents.parquet` beside it, a database both."""
    return path if path.suffix.lower() in DATABASES else path.with_name(f"{path.stem}.documents{path.suffix}")


def report_of(path: Path) -> Path:
    """Where `sikap report` writes its page, unless told otherwise; its CSV files go into a folder named alike."""
    return path.with_suffix(".report.html")


def write_tables(parts: Iterable[Tables], path: Path) -> None:
    """Write both tables in the format of the extension. Each file appears whole, by one rename, `path` the last."""
    places = list(dict.fromkeys([companion(path), path]))
    waiting = {place: place.with_name(f".{place.name}.incoming") for place in places}
    for file in waiting.values():
        file.unlink(missing_ok=True)  # of a run that was killed
    make = FORMATS[path.suffix.lower()]
    try:
        with ExitStack() as stack:
            documents = stack.enter_context(closing(make(waiting[places[0]], "documents", DOCUMENTS)))
            paragraphs = stack.enter_context(closing(make(waiting[path], "paragraphs", PARAGRAPHS)))
            for part in parts:
                documents.add(part.documents)
                paragraphs.add(part.paragraphs)
        for place in places:
            _keep(waiting[place])
            waiting[place].replace(place)
    except BaseException:
        for file in waiting.values():
            with suppress(OSError):
                file.unlink(missing_ok=True)
        raise


def _keep(file: Path) -> None:
    """Wait until a file is on the disk, so that its new name never leads to half of it."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


class _Parquet:
    """A Parquet file, in groups of ROW_GROUP rows however they come."""

    def __init__(self, path: Path, _: str, schema: pyarrow.Schema) -> None:
        self._writer = parquet.ParquetWriter(path, schema, compression="zstd")
        self._waiting: list[pyarrow.Table] = []
        self._rows = 0

    def add(self, table: pyarrow.Table) -> None:
        self._waiting.append(table)
        self._rows += table.num_rows
        if self._rows >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            whole = pyarrow.concat_tables(self._waiting).combine_chunks()
            self._writer.write_table(whole, row_group_size=max(ROW_GROUP, self._rows))
        self._waiting, self._rows = [], 0

    def close(self) -> None:
        self._flush()
        self._writer.close()


class _Csv:
    def __init__(self, path: Path, _: str, schema: pyarrow.Schema) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow(schema.names)

    def add(self, table: pyarrow.Table) -> None:
        self._writer.writerows([_cell(value) for value in row.values()] for row in table.to_pylist())

    def close(self) -> None:
        self._file.close()


def _cell(value: Any) -> Any:
    """Nested values as JSON text, truth values as true and false."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else value


class _Jsonl:
    def __init__(self, path: Path, _: str, __: pyarrow.Schema) -> None:
        self._file = path.open("w", encoding="utf-8")

    def add(self, table: pyarrow.Table) -> None:
        self._file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in table.to_pylist())

    def close(self) -> None:
        self._file.close()


class _Sqlite:
    """A table of a database; nested values are JSON text, for SQLite's own functions."""

    def __init__(self, path: Path, name: str, schema: pyarrow.Schema) -> None:
        self._name = name
        self._database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode = off", "synchronous = off"):  # a file that is not shown yet needs neither
            self._database.execute(f"pragma {pragma}")
        columns = ", ".join(f'"{field.name}" {_sqlite_type(field.type)}' for field in schema)
        self._insert = f"insert into {name} values ({', '.join('?' * len(schema))})"
        self._execute(f"create table {name} ({columns})")

    def _execute(self, statement: str) -> None:
        with _disk_errors():
            self._database.execute(statement)

    def add(self, table: pyarrow.Table) -> None:
        rows = ([_sqlite_value(value) for value in row.values()] for row in table.to_pylist())
        with _disk_errors():
            self._database.execute("begin")
            self._database.executemany(self._insert, rows)
            self._database.execute("commit")

    def close(self) -> None:
        with closing(self._database):
            self._execute(f"create index {self._name}_by_document on {self._name} (path, document)")


class _disk_errors:  # noqa: N801
    """SQLite's words for a disk that is full or fails, in the system's."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, sqlite3.OperationalError):
            raise OSError(errno.ENOSPC if "full" in str(error) else errno.EIO, str(error)) from error


def _sqlite_type(kind: pyarrow.DataType) -> str:
    if pyarrow.types.is_floating(kind):
        return "real"
    return "integer" if pyarrow.types.is_integer(kind) or pyarrow.types.is_boolean(kind) else "text"


def _sqlite_value(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


FORMATS: Final[Mapping[str, Callable[[Path, str, pyarrow.Schema], Sink]]] = {
    ".parquet": _Parquet,
    ".csv": _Csv,
    ".jsonl": _Jsonl,
    ".sqlite": _Sqlite,
    ".db": _Sqlite,
}
