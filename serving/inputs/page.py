"""Web pages: the article in them, and what they say of it."""

import codecs
import re
from typing import Any

from serving.inputs.document import Document
from serving.inputs.text import decode
from sikap.errors import InputError

_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{2,30})""", re.IGNORECASE)


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
    """The page decoded: by its mark or as UTF-8 first, then as its `<meta charset>` says."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        declared = _CHARSET.search(data[:4096])
    if declared:
        try:
            return codecs.decode(data, declared[1].decode("ascii"), "replace")
        except (LookupError, ValueError, AssertionError):  # no such encoding, or none that makes text
            pass
    return decode(data)
