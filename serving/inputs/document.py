"""A document: a text to classify, with what its file says of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """A text to classify. `source` is where it is from: an address or an identifier, as its file has it."""

    text: str
    title: str | None = None
    date: str | None = None
    outlet: str | None = None
    source: str | None = None
