"""Word and PDF files: their text, and the title and date in their properties."""

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any, Final

from serving.inputs.document import Document
from sikap.errors import InputError, TooLargeError

MOST_BYTES: Final = 128 << 20  # of a file, and of all that a Word file unpacks to
MOST_PAGES: Final = 2_000
_PDF_DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")


def read_word(data: bytes) -> Document:
    """The paragraphs of a .docx file, those in its tables too. Raises InputError where it has no text."""
    import docx
    from docx.oxml.ns import qn

    with zipfile.ZipFile(BytesIO(data)) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
    if unpacked > MOST_BYTES:
        raise TooLargeError(f"the file unpacks to {unpacked >> 20} MiB, expected at most {MOST_BYTES >> 20} MiB")
    found = docx.Document(BytesIO(data))
    lines = ("".join(_pieces(paragraph, qn)) for paragraph in found.element.body.iter(qn("w:p")))
    text = "\n".join(line for line in lines if line.strip())
    if not text:
        raise InputError("the file holds no text")
    properties = found.core_properties
    date = properties.created or properties.modified
    return Document(text, properties.title or None, date.date().isoformat() if date else None)


def _pieces(paragraph: Any, qn: Any) -> Iterator[str]:
    """The runs of text of a paragraph, line breaks and tabs among them."""
    for node in paragraph.iter(qn("w:t"), qn("w:br"), qn("w:tab")):
        yield node.text or "" if node.tag == qn("w:t") else "\n" if node.tag == qn("w:br") else "\t"


def read_pdf(data: bytes) -> Document:
    """The text of a .pdf file, page after page. Raises InputError where it has none, as where pages are pictures."""
    import pypdfium2

    try:
        found = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise InputError(f"the file is no readable PDF ({error}); a password may protect it") from error
    try:
        if len(found) > MOST_PAGES:
            raise TooLargeError(f"the file has {len(found)} pages, expected at most {MOST_PAGES}")
        text = "\n\n".join(_page_text(found, number) for number in range(len(found)))
        properties = found.get_metadata_dict(skip_empty=True)
    finally:
        found.close()
    if not text.strip():
        raise InputError("the file holds no text; pages that are pictures need OCR first")
    date = _PDF_DATE.match(properties.get("CreationDate", ""))
    return Document(text, properties.get("Title"), "-".join(date.groups()) if date else None)


def _page_text(found: Any, number: int) -> str:
    page = found[number]
    try:
        return str(page.get_textpage().get_text_bounded()).replace("\ufffe", "").replace("\0", "").strip()
    finally:
        page.close()
