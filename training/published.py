"""Published articles without labels, which the labelled set is measured against."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sikap.errors import InputError

SOURCE = "source"  # of `breaks`: the paragraphs are those that the newspaper printed


@dataclass(frozen=True)
class Published:
    """An article of a newspaper: its paragraphs, and its broad topic where that is known."""

    id: str
    paragraphs: tuple[str, ...]
    topic: str | None = None


def read_published(path: Path) -> list[Published]:
    """Articles of a JSON Lines file: `paragraphs`, a list of strings, and where given `id`, `topic` and `breaks`.

    Of rows with `breaks` only those are taken where it is `source`. Raises InputError that names file, line and what was found.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({error}); expected JSON Lines") from error
    return list(_articles(lines, path))


def _articles(lines: list[str], path: Path) -> Iterator[Published]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}:{number}: found {line[:40]!r}, expected a JSON object ({error})") from error
        _check(row, f"{path}:{number}")
        if row.get("breaks", SOURCE) == SOURCE:
            yield Published(f"{number} {row.get('id', '')}", tuple(row["paragraphs"]), row.get("topic"))


def _check(row: Any, place: str) -> None:
    paragraphs = row.get("paragraphs") if isinstance(row, dict) else None
    if not isinstance(paragraphs, list) or not all(isinstance(piece, str) for piece in paragraphs):
        raise InputError(
            f"{place}: paragraphs: found {paragraphs!r:.60}, expected an object with a list of strings there"
        )
    if not isinstance(row.get("topic"), str | None):
        raise InputError(f"{place}: topic: found {row['topic']!r:.60}, expected a string, or nothing")
