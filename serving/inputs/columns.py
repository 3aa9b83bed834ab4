"""Columns: which field of a record holds the text, the title, the date, the outlet and the source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from serving.inputs.document import Document
from sikap.errors import InputError

ROLES: Final = ("text", "title", "date", "outlet", "source")
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("text", "teks", "content", "konten", "isi", "body", "article", "artikel", "berita", "paragraphs",
             "paragraph", "paragraf", "full_text", "maintext"),
    "title": ("title", "judul", "headline", "heading"),
    "date": ("date", "tanggal", "published", "published_at", "publish_date", "date_published", "pubdate", "datetime",
             "timestamp", "waktu", "created_at"),
    "outlet": ("outlet", "media", "publisher", "sitename", "source_name", "newspaper", "portal", "domain"),
    "source": ("url", "link", "source", "sumber", "uri", "id", "doc", "doc_id"),
}  # fmt: skip
"""What the columns are called where nobody says: the first of these that there is, in any case of letters."""


@dataclass(frozen=True)
class Columns:
    """The columns that were named: a column for some of the roles. The others are guessed by their names."""

    given: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, options: Sequence[str]) -> "Columns":
        """From `role=column` as on the command line. Raises InputError where a role is none of ours."""
        given = {}
        for option in options:
            role, equals, column = option.partition("=")
            if role not in ROLES or not equals or not column:
                raise InputError(
                    f"--column {option!r}: expected ROLE=NAME, ROLE one of {', '.join(ROLES)}, as in --column text=isi"
                )
            given[role] = column
        return cls(given)

    def chosen(self, names: Sequence[str]) -> dict[str, str]:
        """A column for each role that `names` serve. Raises InputError where none holds the text."""
        chosen: dict[str, str] = {}
        for role in ROLES:
            column = self._named(role, names) if role in self.given else _guessed(role, names, chosen)
            if column is not None:
                chosen[role] = column
        if "text" not in chosen:
            raise InputError(
                f"no column holds the text: found {_listed(names)}; name one with --column text=NAME "
                f"(without it, expected one of {', '.join(NAMES['text'])})"
            )
        return chosen

    def _named(self, role: str, names: Sequence[str]) -> str:
        column = self.given[role]
        if column not in names:
            raise InputError(f"there is no column {column!r} for the {role}: found {_listed(names)}; see --column")
        return column


def _guessed(role: str, names: Sequence[str], taken: Mapping[str, str]) -> str | None:
    by_lower = {name.strip().lower(): name for name in reversed(names) if name not in taken.values()}
    return next((by_lower[name] for name in NAMES[role] if name in by_lower), None)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(str(name)[:40] for name in names[:12])
    return f"{shown}, …" if len(names) > 12 else shown or "none"


def told(chosen: Mapping[str, str]) -> str:
    """`chosen` in words."""
    return ", ".join(f"{role} from column {column!r}" for role, column in chosen.items())


def as_document(record: Mapping[str, Any], chosen: Mapping[str, str]) -> Document:
    """A record as a document. Raises InputError where its text is none."""
    values = {role: record.get(column) for role, column in chosen.items()}
    return Document(
        _text(values.pop("text"), chosen["text"]), **{role: _short(value) for role, value in values.items()}
    )


def _text(value: Any, column: str) -> str:
    """Text, or the pieces of a list (strings, or objects with a `text`), one a line."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        pieces = [piece.get("text") if isinstance(piece, dict) else piece for piece in value]
        texts = [piece for piece in pieces if isinstance(piece, str)]
        if len(texts) == len(pieces):
            return "\n".join(texts)
    raise InputError(f"column {column!r} holds {_kind(value)}, expected text or a list of texts")


def _kind(value: Any) -> str:
    return "nothing" if value is None else type(value).__name__


def _short(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value.isoformat() if isinstance(value, date) else str(value)  # a datetime is a date too
