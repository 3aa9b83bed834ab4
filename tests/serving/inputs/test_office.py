"""Word and PDF files: their text, title and date, and what is no such file."""

import io
import zipfile
from datetime import datetime

import docx
import pytest

from serving.documents import Document
from serving.inputs import office
from serving.inputs.office import read_pdf, read_word
from sikap.errors import InputError, TooLargeError


def word(*paragraphs: str, title: str = "") -> bytes:
    file = docx.Document()
    for paragraph in paragraphs:
        file.add_paragraph(paragraph)
    file.core_properties.title = title
    file.core_properties.created = datetime(2025, 5, 1)
    sink = io.BytesIO()
    file.save(sink)
    return sink.getvalue()


def pdf(*lines: str, title: str = "Judul") -> bytes:
    """A PDF of one page, written by hand."""
    text = b"BT /F1 12 Tf 72 720 Td 14 TL " + b" ".join(f"({line}) Tj T*".encode() for line in lines) + b" ET"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        f"<</Title({title})/CreationDate(D:20250501120000)>>".encode(),
    ]
    body = b"".join(b"%d 0 obj%s endobj\n" % (number, item) for number, item in enumerate(objects, 1))
    return b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Info 6 0 R/Size 7>>\n%%EOF"


def test_word_files_give_their_paragraphs_and_properties() -> None:
    data = word("Menteri membantah.", "", "Hujan\tturun 😀.", title="Judul")
    assert read_word(data) == Document("Menteri membantah.\nHujan\tturun 😀.", "Judul", "2025-05-01")


def test_the_tables_of_word_files_are_read_too() -> None:
    file = docx.Document()
    file.add_paragraph("Atas.")
    file.add_table(1, 2).rows[0].cells[1].text = "Dalam."
    sink = io.BytesIO()
    file.save(sink)
    assert read_word(sink.getvalue()).text == "Atas.\nDalam."


def test_pdf_files_give_their_text_and_properties() -> None:
    document = read_pdf(pdf("Menteri membantah kabar itu.", "Hujan turun."))
    assert document.text.split() == ["Menteri", "membantah", "kabar", "itu.", "Hujan", "turun."]
    assert (document.title, document.date) == ("Judul", "2025-05-01")


def test_files_without_text_are_refused() -> None:
    with pytest.raises(InputError, match="no text"):
        read_word(word())
    with pytest.raises(InputError, match="pictures need OCR"):
        read_pdf(pdf())


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(InputError, match="no readable PDF"):
        read_pdf(b"%PDF-1.7 rusak")


def test_a_word_file_that_is_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "MOST_BYTES", 1 << 20)
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", b"a" * (2 << 20))
    with pytest.raises(TooLargeError, match="unpacks to 2 MiB"):
        read_word(sink.getvalue())
