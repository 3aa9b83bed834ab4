"""Markdown: what its front matter and its first heading say of the article."""

import re
from typing import Final

from serving.inputs.columns import NAMES
from serving.inputs.document import Document
from serving.inputs.text import decode

_MOST: Final = 1 << 16  # characters of front matter
_FRONT: Final = re.compile(r"---[ \t]*\r?\n(?P<fields>.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_FIELD: Final = re.compile(r"(?P<name>[\w-]+)[ \t]*:(?:[ \t]+(?P<value>.*))?$")
_REST: Final = re.compile(r"\s|-|#|$")  # lines that go on with a field, as lists do; remarks and blank ones
_QUOTED: Final = re.compile(r"""(["'])(?P<inner>.*)\1$""")
_HEADING: Final = re.compile(r"\s*(?:#[ \t]+(?P<marked>.+)|(?P<underlined>\S.*)\n=+[ \t]*(?:\r?\n|\Z))")


def read_markdown(data: bytes) -> Document:
    """A text with what is said of it; front matter becomes blanks in it, so that offsets lead into the file as it is."""
    text = decode(data)
    fields: dict[str, str] = {}
    if front := _FRONT.match(text, 0, _MOST):
        fields = _fields(front["fields"])
        if fields:
            text = " " * front.end() + text[front.end() :]
    heading = _HEADING.match(text)
    return Document(
        text,
        _said("title", fields) or (_words(heading) if heading else None) or None,
        _said("date", fields),
        _said("outlet", fields),
        _said("source", fields),
    )


def _words(heading: re.Match[str]) -> str:
    """What a heading says, without its marks."""
    return heading["underlined"].rstrip() if heading["underlined"] else heading["marked"].rstrip("# \t\r")


def _fields(lines: str) -> dict[str, str]:
    """The fields of front matter, names in lower case; none where it is prose between two rules."""
    fields = {}
    for line in lines.splitlines():
        if field := _FIELD.match(line):
            fields[field["name"].lower()] = _plain(field["value"] or "")
        elif not _REST.match(line):
            return {}
    return fields


def _plain(value: str) -> str:
    """A value without its quotation marks; nothing where it is a list, an object or a longer text."""
    value = value.strip()
    if quoted := _QUOTED.match(value):
        return quoted["inner"]
    return "" if value.startswith(("[", "{", "|", ">", "&", "*", "~", "null")) else value


def _said(role: str, fields: dict[str, str]) -> str | None:
    return next((fields[name] for name in NAMES[role] if fields.get(name)), None)
