"""Tables on disk: the same rows in every format, shown only when complete."""

import csv
import errno
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from serving.rows import DOCUMENTS, PARAGRAPHS, Row, Tables, as_tables
from serving.tables import FORMATS, ROW_GROUP, check_format, companion, write_tables
from sikap.errors import InputError

SCORES = {"legal-justification": 0.1, "condemnation": 0.0, "denial": 0.6543, "neutral-report": 0.2457}
SPAN = {"start": 3, "end": 7, "text": 'k"a,\n', "stance": "denial", "confidence": 0.5, "holder": None}
HELD = SPAN | {"holder": {"start": 0, "end": 2, "text": "Ia"}}
GOOD: Row = {
    "path": "a b/ç.txt",
    "document": 0,
    "paragraph": 2,
    "start": 10,
    "end": 20,
    "kind": "body",
    "text": 'Ia "k,a"\r\n\u00a0😀\u2028; \u201cx\u201d',
    "stance": "denial",
    "confidence": 0.6543,
    "uncertain": True,
    "scores": SCORES,
    "spans": [SPAN, HELD],
    "model": "tiruan/1",
    "error": None,
}
FURNITURE: Row = GOOD | {
    "kind": "furniture",
    "stance": None,
    "confidence": None,
    "uncertain": False,
    "scores": None,
    "spans": [],
}
FAILED: Row = dict.fromkeys(PARAGRAPHS.names) | {
    "path": "b.txt",
    "document": 0,
    "model": "tiruan/1",
    "error": {"type": "InputError", "message": "bukan teks"},
}
ROWS = [GOOD, FURNITURE, FAILED]


def read_csv(path: Path) -> list[dict[str, Any]]:
    """The rows of a CSV file, with its JSON cells read and its empty ones as None."""
    nested = {"scores", "spans", "error", "uncertain"}
    numbers = {"document": int, "paragraph": int, "start": int, "end": int, "confidence": float}

    def value(field: str, cell: str) -> Any:
        if cell == "":
            return None
        return json.loads(cell) if field in nested else numbers.get(field, str)(cell)

    with path.open(encoding="utf-8", newline="") as file:
        return [{field: value(field, cell) for field, cell in row.items()} for row in csv.DictReader(file)]


def read_sqlite(path: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table, with its JSON cells read."""
    with closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute(f"select * from {table}")]
    for row in rows:
        for field in {"scores", "spans", "error"} & row.keys():
            row[field] = json.loads(row[field]) if row[field] else None
        if row.get("uncertain") is not None:
            row["uncertain"] = bool(row["uncertain"])
    return rows


def read_table(path: Path) -> list[dict[str, Any]]:
    if path.suffix in (".sqlite", ".db"):
        return read_sqlite(path, "paragraphs")
    if path.suffix == ".parquet":
        return list(parquet.read_table(path).to_pylist())
    if path.suffix == ".csv":
        return read_csv(path)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


ERROR = "struct<type: string, message: string>"
QUOTE = "start: int64, end: int64, text: string"
PINNED = {
    "paragraphs": {
        "path": "string",
        "document": "int64",
        "paragraph": "int64",
        "start": "int64",
        "end": "int64",
        "kind": "string",
        "text": "string",
        "stance": "string",
        "confidence": "double",
        "uncertain": "bool",
        "scores": "struct<legal-justification: double, condemnation: double, denial: double, neutral-report: double>",
        "spans": f"list<item: struct<{QUOTE}, stance: string, confidence: double, holder: struct<{QUOTE}>>>",
        "model": "string",
        "error": ERROR,
    },
    "documents": {
        "path": "string",
        "document": "int64",
        "title": "string",
        "date": "string",
        "outlet": "string",
        "source": "string",
        "characters": "int64",
        "profile": "string",
        "model": "string",
        "error": ERROR,
    },
}
"""What users' programs rely on: a change here is a change for them."""


@pytest.mark.parametrize(("name", "schema"), [("paragraphs", PARAGRAPHS), ("documents", DOCUMENTS)])
def test_the_columns_and_their_types_are_those_of_the_contract(name: str, schema: pyarrow.Schema) -> None:
    assert [(field.name, str(field.type)) for field in schema] == list(PINNED[name].items())


def test_the_documented_columns_are_those_that_there_are() -> None:
    text = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = text.partition("## Rows of `sikap score`")[2]
    tables = rows.split("| column | meaning |")[1:]
    cells = [" ".join(re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)) for table in tables]
    assert [re.findall(r"`(\w+)`", cell) for cell in cells] == [PARAGRAPHS.names, DOCUMENTS.names]


def tables(rows: list[Row]) -> Tables:
    return as_tables(rows, [{"path": row["path"], "document": 0, "profile": "{}"} for row in rows])


@pytest.mark.parametrize("suffix", FORMATS)
def test_rows_come_back_as_they_were_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    write_tables([tables([GOOD, FURNITURE]), tables([FAILED])], path)
    assert read_table(path) == ROWS
    assert [list(row) for row in read_table(path)] == [PARAGRAPHS.names] * 3


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_companion_has_its_own_rows(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    write_tables([tables(ROWS)], path)
    rows = read_sqlite(path, "documents") if suffix in (".sqlite", ".db") else read_table(companion(path))
    assert [row["path"] for row in rows] == [row["path"] for row in ROWS]
    assert list(rows[0]) == DOCUMENTS.names


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_without_rows_can_be_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    write_tables([], path)
    assert read_table(path) == []


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize("suffix", FORMATS)
@given(text=WORDS, path=WORDS, quote=WORDS, scores=st.floats(0, 1), offset=st.integers(0, 2**53))
@settings(max_examples=25, deadline=None)
def test_whatever_the_text_every_format_gives_it_back(
    suffix: str, text: str, path: str, quote: str, scores: float, offset: int
) -> None:
    span = HELD | {"text": quote, "start": offset}
    row = GOOD | {"text": text or None, "path": path or None, "confidence": scores, "spans": [span]}
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"t{suffix}"
        write_tables([tables([row])], file)
        assert read_table(file) == [row]


def test_csv_has_a_header_and_json_in_its_nested_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_tables([tables([GOOD])], path)
    assert path.read_text(encoding="utf-8").split("\n")[0].strip() == ",".join(PARAGRAPHS.names)
    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert json.loads(row["spans"]) == GOOD["spans"]
    assert "😀" in row["text"]
    assert (row["uncertain"], row["error"]) == ("true", "")


def test_a_database_answers_questions_about_nested_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    write_tables([tables(ROWS)], path)
    question = """select json_extract(span.value, '$.text'), d.profile from paragraphs as p
                  join documents as d using (path, document), json_each(p.spans) as span where p.uncertain"""
    with closing(sqlite3.connect(path)) as database:
        assert (SPAN["text"], "{}") in database.execute(question).fetchall()


def test_parquet_keeps_the_schema_and_fills_its_row_groups_however_rows_come(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    parts = [[GOOD | {"paragraph": number + 1000 * part} for number in range(1000)] for part in range(45)]
    write_tables((tables(part) for part in parts), path)
    table = parquet.read_table(path)
    assert table.schema.equals(PARAGRAPHS)
    assert table["paragraph"].to_pylist() == list(range(45_000))
    groups = parquet.ParquetFile(path).metadata
    assert [groups.row_group(number).num_rows for number in range(3)] == [ROW_GROUP, ROW_GROUP, 5_000]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_that_fails_half_way_does_not_appear(tmp_path: Path, suffix: str) -> None:
    def parts() -> Iterator[Tables]:
        yield tables([GOOD])
        raise KeyboardInterrupt

    path = tmp_path / f"t{suffix}"
    path.write_text("lama")
    with pytest.raises(KeyboardInterrupt):
        write_tables(parts(), path)
    assert path.read_text() == "lama"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", FORMATS)
def test_writing_replaces_a_table_and_leaves_nothing_beside(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_text("lama")
    (tmp_path / f".t{suffix}.incoming").write_text("of a run that was killed")
    write_tables([tables([FAILED])], path)
    assert read_table(path) == [FAILED]
    assert set(tmp_path.iterdir()) == {path, companion(path)}


def test_a_full_disk_is_told_in_the_system_s_words_by_databases_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr("serving.tables._sqlite_value", full)
    with pytest.raises(OSError, match="full") as raised:
        write_tables([tables([GOOD])], tmp_path / "t.db")
    assert raised.value.errno == errno.ENOSPC


def test_the_suffix_may_be_written_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "t.PARQUET"
    check_format(path)
    write_tables([tables([GOOD])], path)
    assert parquet.read_table(path).to_pylist() == [GOOD]


@pytest.mark.parametrize(
    ("name", "told"), [("t.xlsx", r"found \.xlsx"), ("t", "no extension"), ("none/t.csv", "create it")]
)
def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        check_format(tmp_path / name)


def test_an_output_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(InputError, match=r"t\.csv"):
        check_format(tmp_path / "t.csv")


def test_the_companion_stands_beside_its_table() -> None:
    assert companion(Path("hasil/skor.parquet")) == Path("hasil/skor.documents.parquet")
    assert companion(Path("hasil/skor.sqlite")) == Path("hasil/skor.sqlite")
    assert companion(Path("skor.mei.csv")) == Path("skor.mei.documents.csv")
