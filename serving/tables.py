"""Tables on disk: Parquet, CSV and JSON Lines, written row by row and shown only when complete."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pyarrow
from pyarrow import parquet

from serving.rows import Row
from sikap.errors import InputError

FORMATS: Final = (".parquet", ".csv", ".jsonl")
CHUNK: Final = 5_000  # rows held in memory at a time


def check_format(path: Path) -> None:
    """Raise InputError unless a table of this name can be written."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"--out {path}: found {path.suffix or 'no extension'}, expected one of {', '.join(FORMATS)}")
    if path.is_dir():
        raise InputError(f"--out {path}: a folder has this name; expected a file to write")
    if not path.parent.is_dir():
        raise InputError(f"--out {path}: the folder {path.parent} does not exist; create it first")


def companion(path: Path) -> Path:
    """Where the table of documents goes: `scores.parquet` has `scores.documents.parquet` beside it."""
    return path.with_name(f"{path.stem}.documents{path.suffix}")


def write_table(rows: Iterable[Row], schema: pyarrow.Schema, path: Path) -> None:
    """Write rows in the format of the extension; the file appears whole, by one rename."""
    waiting = path.with_name(f".{path.name}.incoming")
    writers = {".parquet": _write_parquet, ".csv": _write_csv, ".jsonl": _write_jsonl}
    writers[path.suffix.lower()](rows, schema, waiting)
    waiting.replace(path)


def _write_parquet(rows: Iterable[Row], schema: pyarrow.Schema, path: Path) -> None:
    with parquet.ParquetWriter(path, schema) as writer:
        chunk: list[Row] = []
        for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                writer.write_table(pyarrow.Table.from_pylist(chunk, schema))
                chunk = []
        writer.write_table(pyarrow.Table.from_pylist(chunk, schema))


def _write_csv(rows: Iterable[Row], schema: pyarrow.Schema, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, schema.names)
        writer.writeheader()
        writer.writerows({field: _cell(row.get(field)) for field in schema.names} for row in rows)


def _cell(value: Any) -> Any:
    """Nested values as JSON text, truth values as true and false."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else value


def _write_jsonl(rows: Iterable[Row], schema: pyarrow.Schema, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps({field: row.get(field) for field in schema.names}, ensure_ascii=False) + "\n")
