"""Records: JSON Lines, CSV and Parquet give the same documents, and a bad record is an error in its place."""

import csv
import io
import json
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from serving.documents import Columns, Document, Source, Track, read_documents
from sikap.errors import InputError, SikapError

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
RECORD = st.fixed_dictionaries({"judul": CELL, "isi": CELL.filter(bool)})


def read(file: Path, columns: Columns = Columns(), track: Track | None = None) -> list[Document | SikapError]:  # noqa: B008
    items = list(read_documents(Source(file, file.name, file.stat().st_size), columns, track or Track()))
    assert [item.number for item in items] == list(range(len(items)))
    return [item.content for item in items]


def told(contents: list[Document | SikapError]) -> list[str]:
    return [content.text if isinstance(content, Document) else str(content) for content in contents]


def write(file: Path, records: list[dict[str, str]]) -> None:
    """The records in the format of the extension."""
    if file.suffix == ".parquet":
        parquet.write_table(pyarrow.Table.from_pylist(records), file)
    elif file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    else:
        with file.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, ["judul", "isi"], delimiter="\t" if file.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(records)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet"])
@given(records=st.lists(RECORD, min_size=1, max_size=5))
@settings(deadline=None, max_examples=50)
def test_every_format_gives_back_the_documents_that_were_written(suffix: str, records: list[dict[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"a{suffix}"
        write(file, records)
        assert read(file) == [Document(record["isi"], record["judul"] or None) for record in records]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_tables_may_be_in_any_encoding(tmp_path: Path, encoding: str, newline: str) -> None:
    text = newline.join(["judul;isi", "Kafé;\u201cIa membantah\u201d"])
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    (tmp_path / "a.jsonl").write_bytes('{"judul": "Kafé", "isi": "\u201cIa membantah\u201d"}'.encode(encoding))
    expected = [Document("\u201cIa membantah\u201d", "Kafé")]
    assert read(tmp_path / "a.csv") == read(tmp_path / "a.jsonl") == expected


def test_bad_lines_are_errors_in_their_place_and_the_rest_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    lines = [b'{"isi": "satu"}', b"{", b"[1]", b"", b'{"judul": "x"}', b'{"isi": 3}', b"\xff\xff", b"[" * 9_000]
    file.write_bytes(b"\n".join([*lines, b'{"isi": "dua", "lain": 1}']))
    contents = told(read(file))
    expected = ["satu", "line 2: not JSON", "line 3: found list", "line 5: no column", "line 6: column 'isi' holds int",
                "line 7: the file is not UTF-8", "line 8: not JSON", "dua"]  # fmt: skip
    assert len(contents) == len(expected)
    assert all(content.startswith(words) for content, words in zip(contents, expected, strict=True))


def test_rows_of_another_width_are_errors_in_their_place(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text('judul,isi\nx,"dua\nbaris"\nsatu\n\na,b,c\ny,akhir', encoding="utf-8")
    contents = told(read(file))
    assert contents[0] == "dua\nbaris"
    assert contents[1:3] == [
        "line 4: 1 cells, expected 2 as in the header",
        "line 6: 3 cells, expected 2 as in the header",
    ]
    assert contents[3:] == ["akhir"]


def test_an_endless_line_ends_its_file_with_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.inputs.records.MOST_LINE", 100)
    for name in ("a.jsonl", "a.csv"):
        (tmp_path / name).write_text('{"isi": "satu"}\n' if name == "a.jsonl" else "isi\nsatu\n")
        with (tmp_path / name).open("a") as file:
            file.write("x" * 1_000)
        contents = read(tmp_path / name)
        assert contents[0] == Document("satu")
        assert "more than 100 characters" in str(contents[1])
        assert len(contents) == 2


def test_a_table_without_rows_or_text_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("isi\n")
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    (tmp_path / "c.csv").write_text("")
    (tmp_path / "d.parquet").write_bytes(b"PAR1 kata")
    assert told(read(tmp_path / "a.csv")) == ["the file holds no document"]
    assert "found a, b" in told(read(tmp_path / "b.csv"))[0]
    assert "found none" in told(read(tmp_path / "c.csv"))[0]
    assert "cannot be read (ArrowInvalid" in told(read(tmp_path / "d.parquet"))[0]


def test_the_columns_are_said_once(tmp_path: Path) -> None:
    file, track = tmp_path / "a.jsonl", Track()
    file.write_text('{"isi": "x"}\n{"isi": "y"}\n', encoding="utf-8")
    read(file, track=track)
    assert track.says == ["text from column 'isi'"]
    assert track.read == file.stat().st_size
    assert isinstance(read(file, Columns({"text": "teks"}))[0], InputError)


def test_lone_surrogates_in_json_do_not_stop_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"isi": "\\ud800"}\n{"isi": "y"}\n')
    assert told(read(file)) == ["\ud800", "y"]


def test_parquet_lists_and_dates_are_read(tmp_path: Path) -> None:
    sink = io.BytesIO()
    parquet.write_table(
        pyarrow.table({"paragraphs": [["a", "b"], None], "date": pyarrow.array([0, 1], pyarrow.date32())}), sink
    )
    (tmp_path / "a.parquet").write_bytes(sink.getvalue())
    good, bad = read(tmp_path / "a.parquet")
    assert good == Document("a\nb", date="1970-01-01")
    assert str(bad) == "row 2: column 'paragraphs' holds nothing, expected text or a list of texts"


@pytest.mark.parametrize("rows", [400, 40])  # of 100 KB and of 1 MB
def test_parquet_is_held_in_memory_by_small_parts_whatever_its_row_groups(tmp_path: Path, rows: int) -> None:
    file, size = tmp_path / "a.parquet", 40 << 20
    texts = [f"{number:07} " * (size // rows // 8) for number in range(rows)]
    columns = {
        "isi": texts,
        "tautan": [["a"]] * rows,
        "url": [f"https://contoh.test/{number}" for number in range(rows)],
    }
    parquet.write_table(pyarrow.table(columns), file, compression="none", use_dictionary=False, write_batch_size=4)
    assert parquet.ParquetFile(file).num_row_groups == 1
    del texts, columns
    most, before = 0, pyarrow.total_allocated_bytes()
    tracemalloc.start()
    try:
        source = Source(file, file.name, file.stat().st_size)
        for number, item in enumerate(read_documents(source, Columns(), Track())):
            assert isinstance(item.content, Document)
            assert item.content.source == f"https://contoh.test/{number}"
            most = max(most, pyarrow.total_allocated_bytes() - before)
        most += tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert number == rows - 1
    assert most < size / 2


def test_a_cell_that_cannot_be_read_is_one_row(tmp_path: Path) -> None:
    broken = pyarrow.Array.from_buffers(
        pyarrow.string(), 3, pyarrow.array([b"Satu.", b"rusak \xff", b"Tiga."], pyarrow.binary()).buffers()
    )
    parquet.write_table(pyarrow.table({"text": broken}), tmp_path / "a.parquet")
    items = list(read(tmp_path / "a.parquet"))
    assert len(items) == 3
    assert "row 2" in str(items[1])
