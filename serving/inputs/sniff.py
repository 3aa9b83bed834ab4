"""What a file without a name is, by what is in it: so that standard input may be anything that a file may be."""

import gzip
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from serving.inputs.text import mark_of

_HEAD: Final = 4096
_BEGINNINGS: Final = ((b"PAR1", ".parquet"), (b"%PDF-", ".pdf"), (b"PK\x03\x04", ".zip"), (b"PK\x05\x06", ".zip"))
_PAGE: Final = re.compile(
    r"(?>(?:<\?xml[^>]*>|(?><!--.*?-->)|\s)*)<(?:!doctype\s+html|html|head|body|article)\b", re.I | re.S
)


def type_of(file: Path, table: bool = False) -> str:
    """The extension that a file of such contents would have; a `table` that nothing else tells is CSV."""
    with file.open("rb") as opened:
        found = _type_of(opened, table)
    return ".docx" if found == ".zip" and _is_word(file) else found


def _type_of(file: IO[bytes] | gzip.GzipFile, table: bool) -> str:
    head = file.read(_HEAD)
    if head.startswith(b"\x1f\x8b") and not isinstance(file, gzip.GzipFile):
        file.seek(0)
        return f"{_type_within(gzip.GzipFile(fileobj=file), table)}.gz"
    for beginning, extension in _BEGINNINGS:
        if head.startswith(beginning):
            return extension
    mark, encoding = mark_of(head)
    text = head[len(mark) :].decode(encoding or "utf-8", "replace").lstrip()
    if text.startswith("{"):
        return ".jsonl"
    return ".html" if _PAGE.match(text) else ".csv" if table else ".txt"


def _type_within(file: gzip.GzipFile, table: bool) -> str:
    try:
        return _type_of(file, table)
    except (OSError, EOFError, zlib.error):  # damaged: its reader says so in its row
        return ".txt"


def _is_word(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as parts:
            return "word/document.xml" in parts.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError):  # damaged: its reader says so in its row
        return False
