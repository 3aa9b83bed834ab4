"""Standard input: whatever comes on it is read as a file of its kind would be."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pyarrow
import pytest
from pyarrow import parquet

from serving.documents import Columns, Document, Track, from_stdin, read_documents
from serving.inputs.sniff import type_of
from sikap.errors import SikapError

RECORDS = '{"isi": "satu \u201ca\u201d"}\n{"isi": "dua"}\n'
BODY = "<p>Kremlin membantah tudingan bahwa kapal itu memasuki perairan negara lain pada hari Senin.</p>"
PAGE = f"<title>Judul</title></head><body><article>{BODY * 3}</article></body></html>"
BOTH = ["satu \u201ca\u201d", "dua"]


def read(folder: Path, data: bytes, columns: Columns = Columns()) -> list[Document | SikapError]:  # noqa: B008
    file = folder / "stdin"
    file.write_bytes(data)
    items = list(read_documents(from_stdin(file, columns), columns, Track()))
    assert all(item.path.split("/")[0] == "-" for item in items)
    return [item.content for item in items]


def texts(contents: list[Document | SikapError]) -> list[str]:
    return [content.text for content in contents if isinstance(content, Document)]


def table() -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pyarrow.table({"isi": BOTH}), sink)
    return sink.getvalue()


def zipped(name: str, data: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as file:
        file.writestr(name, data)
    return sink.getvalue()


def word(text: str) -> bytes:
    sink = io.BytesIO()
    file = docx.Document()
    file.add_paragraph(text)
    file.save(sink)
    return sink.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_json_lines_in_any_encoding_packed_or_not(
    tmp_path: Path, encoding: str, packed: Callable[[bytes], bytes]
) -> None:
    assert texts(read(tmp_path, packed(f" \n{RECORDS}".encode(encoding)))) == BOTH


@pytest.mark.parametrize("data", [table(), gzip.compress(table()), zipped("a/b.jsonl", RECORDS.encode())])
def test_tables_and_archives(tmp_path: Path, data: bytes) -> None:
    assert texts(read(tmp_path, data)) == BOTH


@pytest.mark.parametrize(
    "head",
    [
        "<!DOCTYPE html><html><head>",
        "\n<html lang=id><head>",
        "<?xml version='1.0'?><!-- a\n -->\n<!doctype HTML><html>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_pages_are_found_by_their_beginning(tmp_path: Path, head: str, encoding: str) -> None:
    (document,) = read(tmp_path, (head + PAGE).encode(encoding))
    assert isinstance(document, Document)
    assert document.title == "Judul"
    assert "<p>" not in document.text


def test_word_and_pdf_files(tmp_path: Path) -> None:
    assert read(tmp_path, word("Camat membantah."))[0].text == "Camat membantah."  # type: ignore[union-attr]
    assert "no readable PDF" in str(read(tmp_path, b"%PDF-1.7 rusak")[0])


@pytest.mark.parametrize("text", ["", "isi;judul\nsatu;x", "Kata <html> dan {", "<p>", "PK kata", "\ufeffKata."])
def test_the_rest_is_one_text(tmp_path: Path, text: str) -> None:
    assert texts(read(tmp_path, text.encode())) == [text.removeprefix("\ufeff")]


def test_a_text_of_which_a_column_is_named_is_csv(tmp_path: Path) -> None:
    columns = Columns({"text": "isi"})
    assert read(tmp_path, "isi;judul\nsatu;x\ndua;\n".encode("utf-16"), columns) == [
        Document("satu", "x"),
        Document("dua"),
    ]
    assert texts(read(tmp_path, gzip.compress(b"isi\nsatu\n"), columns)) == ["satu"]
    assert texts(read(tmp_path, RECORDS.encode(), columns)) == BOTH


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (gzip.compress(RECORDS.encode())[:20], "EOFError"),
        (b"\x1f\x8b\0", "cannot be read"),
        (gzip.compress(b"Kata.")[:10] + b"\xff" * 20, "cannot be read"),
        (gzip.compress(gzip.compress(b"Kata.")), "not UTF-8"),
        (zipped("a.txt", b"x")[:-9], "BadZipFile"),
        (b"PAR1 kata", "ArrowInvalid"),
        (b"\0\1\2", "NUL"),
    ],
)
def test_what_is_damaged_is_an_error(tmp_path: Path, data: bytes, told: str) -> None:
    (error,) = read(tmp_path, data)
    assert told in str(error)


def test_comments_that_begin_no_page_are_searched_once(tmp_path: Path) -> None:
    path = tmp_path / "catatan"
    path.write_text("<!--a-->" * 200 + "<div>Rapat digelar.</div>", encoding="utf-8")
    assert type_of(path) == ".txt"
