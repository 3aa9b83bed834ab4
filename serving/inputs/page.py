"""Web pages: the article in them, and what they say of it."""

import codecs
import re
from typing import Any, Final

from serving.inputs.document import Document
from serving.inputs.text import decode, mark_of
from sikap.errors import InputError

_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{2,30})""", re.IGNORECASE)
MOST_NULS: Final = 0.1  # of the characters of a page


def read_page(data: bytes) -> Document:
    """The main text of a page, with its title, date, outlet and address. Raises InputError where there is none."""
    import trafilatura  # takes half a second to import, and only pages need it

    values: dict[str, Any] = {}
    found = trafilatura.bare_extraction(_html(data), include_comments=False, include_tables=False, with_metadata=True)
    if found:
        values = found if isinstance(found, dict) else found.as_dict()
    if not values.get("text"):
        raise InputError("no article text was found in the page")
    return Document(values["text"], values.get("title"), values.get("date"), values.get("sitename"), values.get("url"))


def _html(data: bytes) -> str:
    """The page decoded: as UTF-16 where it is that, as UTF-8 where it can be, then as its `<meta charset>` says."""
    mark, utf_16 = mark_of(data)
    try:
        text = data[len(mark) :].decode(utf_16 or "utf-8")
    except UnicodeDecodeError:
        return _as_declared(data)
    # Some old pages have a stray NUL, which the parser drops; many of them are no text.
    return decode(data) if text.count("\0") > MOST_NULS * len(text) else text


def _as_declared(data: bytes) -> str:
    """The page in the encoding that it names; ISO 8859-1 and ASCII mean Windows-1252, as they do to browsers."""
    declared = _CHARSET.search(data[:4096])
    try:
        name = codecs.lookup(declared[1].decode("ascii")).name if declared else ""
        if name and not name.startswith("utf-16"):  # in which it could not have been read
            return data.decode("cp1252" if name in ("iso8859-1", "ascii") else name, "replace")
    except (LookupError, ValueError, AssertionError):  # no such encoding, or none that makes text
        pass
    return decode(data)
