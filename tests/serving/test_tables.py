"""Tables on disk: the same rows in every format, shown only when complete."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from serving.rows import DOCUMENTS, PARAGRAPHS, Row
from serving.tables import CHUNK, FORMATS, check_format, companion, write_table
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


def read_table(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".parquet":
        return list(parquet.read_table(path).to_pylist())
    if path.suffix == ".csv":
        return read_csv(path)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def test_the_columns_are_those_of_the_contract() -> None:
    names = "path document paragraph start end kind text stance confidence uncertain scores spans model error"
    assert names.split() == PARAGRAPHS.names
    assert DOCUMENTS.names[:2] == PARAGRAPHS.names[:2]


@pytest.mark.parametrize("suffix", FORMATS)
def test_rows_come_back_as_they_were_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    write_table(ROWS, PARAGRAPHS, path)
    assert read_table(path) == ROWS
    assert [list(row) for row in read_table(path)] == [PARAGRAPHS.names] * 3


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_without_rows_can_be_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    write_table([], PARAGRAPHS, path)
    assert read_table(path) == []


def test_csv_has_a_header_and_json_in_its_nested_cells(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_table([GOOD], PARAGRAPHS, path)
    assert path.read_text(encoding="utf-8").split("\n")[0].strip() == ",".join(PARAGRAPHS.names)
    with path.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert json.loads(row["spans"]) == GOOD["spans"]
    assert "😀" in row["text"]
    assert (row["uncertain"], row["error"]) == ("true", "")


def test_parquet_keeps_the_schema_and_more_rows_than_one_chunk(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table((GOOD | {"paragraph": number} for number in range(CHUNK + 1)), PARAGRAPHS, path)
    table = parquet.read_table(path)
    assert table.schema.equals(PARAGRAPHS)
    assert table["paragraph"].to_pylist() == list(range(CHUNK + 1))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_that_fails_half_way_does_not_appear(tmp_path: Path, suffix: str) -> None:
    def rows() -> Iterator[Row]:
        yield GOOD
        raise KeyboardInterrupt

    path = tmp_path / f"t{suffix}"
    path.write_text("lama")
    with pytest.raises(KeyboardInterrupt):
        write_table(rows(), PARAGRAPHS, path)
    assert path.read_text() == "lama"


@pytest.mark.parametrize("suffix", FORMATS)
def test_writing_replaces_a_table_and_leaves_nothing_beside(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_text("lama")
    write_table([FAILED], PARAGRAPHS, path)
    assert read_table(path) == [FAILED]
    assert list(tmp_path.iterdir()) == [path]


def test_the_suffix_may_be_written_in_capitals(tmp_path: Path) -> None:
    path = tmp_path / "t.PARQUET"
    check_format(path)
    write_table([GOOD], PARAGRAPHS, path)
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
    assert companion(Path("skor.mei.csv")) == Path("skor.mei.documents.csv")


def test_every_column_has_a_type() -> None:
    assert not any(pyarrow.types.is_null(field.type) for schema in (PARAGRAPHS, DOCUMENTS) for field in schema)
