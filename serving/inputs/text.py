"""Bytes as text: which encoding they are in, and what is no text at all."""

import codecs
import re
from typing import Final

from sikap.errors import InputError

MOST_BYTES: Final = 16 << 20  # of a file that is one document; an article of 200,000 characters is far below
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_LETTERS: Final = re.compile(r"[A-Za-z0-9\s]")


def mark_of(data: bytes) -> tuple[bytes, str | None]:
    """The byte order mark that `data` begins with and its encoding; where there is none, UTF-16 shows by its NULs."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return mark, encoding
    return b"", _utf_16_by_its_nuls(data[:4096])


def _utf_16_by_its_nuls(head: bytes) -> str | None:
    """Latin letters in UTF-16 have a NUL as their high byte: in every second place and never in the other."""
    pairs = len(head) // 2
    first, second = head[: 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if max(first, second) > 0.6 * pairs and min(first, second) == 0:
        encoding = "utf-16-le" if second else "utf-16-be"
        return encoding if _reads_well(head[: 2 * pairs].decode(encoding, "ignore")) else None
    return None


def _reads_well(text: str) -> bool:
    """Whether a guess makes text: mostly plain letters, no control characters."""
    return not _CONTROLS.search(text) and 2 * len(_LETTERS.findall(text)) > len(text)


def decode(data: bytes) -> str:
    """Bytes as text: UTF-8, UTF-16 or Windows-1252; a byte order mark is removed, newlines are kept.

    Raises InputError, with the place, where they are none of these.
    """
    mark, encoding = mark_of(data)
    try:
        text = data[len(mark) :].decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding or not _is_windows_1252(data):
            place = len(mark) + error.start
            name = (encoding or "utf-8").upper()
            raise InputError(
                f"the file is not {name} text: byte {place} is {data[place]:#04x}; expected UTF-8, UTF-16 or Windows-1252"
            ) from error
        text = data.decode("cp1252")
    if "\0" in text:
        raise InputError(f"the file is binary, not text: a NUL byte stands at character {text.index(chr(0))}")
    return text


def _is_windows_1252(data: bytes) -> bool:
    """Whether bytes that are no UTF-8 read as text in Windows-1252.

    Where some of them do spell characters of UTF-8 the file is damaged UTF-8, and must not become mojibake.
    """
    if not data.decode("utf-8", "ignore").isascii():
        return False
    try:
        return _reads_well(data.decode("cp1252"))
    except UnicodeDecodeError:
        return False
