"""The formats by name: which there are, which one a file is in, reading and writing."""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from labels.article import Article
from labels.formats import bio, brat, docbin, doccano, label_studio, prodigy, table
from labels.formats.node import Node, read_lines
from labels.markup import HEADERS, SEPARATOR, read_markup, render_articles
from labels.store import replace_text
from sikap.errors import InputError


@dataclass(frozen=True)
class Format:
    """A way to write labelled articles, and to read them where `read` is given.

    Args:
        suffix: files that end so are written in this format; None where the suffix says too little.
    """

    name: str
    write: Callable[[Iterable[Article], Path], None]
    read: Callable[[Path], list[Article]] | None = None
    suffix: str | None = None


def _write_markup(articles: Iterable[Article], path: Path) -> None:
    replace_text(path, render_articles(list(articles)))


FORMATS = {
    format.name: format
    for format in (
        Format("markup", _write_markup, read_markup, ".txt"),
        Format("label-studio", label_studio.write, label_studio.read, ".json"),
        Format("doccano", doccano.write, doccano.read),
        Format("prodigy", prodigy.write, prodigy.read),
        Format("brat", brat.write, brat.read),
        Format("csv", table.write, table.read, ".csv"),
        Format("spacy", docbin.write, suffix=".spacy"),
        Format("bio", bio.write, suffix=".bio"),
    )
}
READABLE = [format.name for format in FORMATS.values() if format.read]


def guess(path: Path) -> str:
    """The name of the format that a file or folder is in, by what it begins with. Raises InputError where it is none."""
    if path.is_dir():
        name = "brat" if any(path.glob("*.ann")) else None
    else:
        first = next(iter(read_lines(path)), Node(str(path), "")).value.strip()
        name = _guess_line(first)
    if name is None:
        raise InputError(f"{path}: in no format that is known; name one with --format: {', '.join(READABLE)}")
    return name


def _guess_line(first: str) -> str | None:
    if first.startswith("{"):
        return _guess_row(first)
    if first.startswith("["):
        return "label-studio"
    if {"id", "text"} <= set(re.split("[,;]", first)):
        return "csv"
    return "markup" if first == SEPARATOR or first.partition(":")[0] in HEADERS else None


def _guess_row(line: str) -> str | None:
    try:
        keys = json.loads(line).keys()
    except (ValueError, RecursionError):
        return None
    if keys & {"entities", "label", "labels"}:
        return "doccano"
    # The format on disk has `spans` too, and beside them what Prodigy keeps in `meta`.
    return "prodigy" if "spans" in keys and "annotator" not in keys else None


def read(path: Path, format: str | None = None) -> list[Article]:
    """The articles of a file or folder, in the format it is in unless one is named.

    Raises InputError where the format is unknown or write-only, and one with all that is wrong with the file.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    name = format or guess(path)
    known = FORMATS.get(name)
    if known is None or known.read is None:
        raise InputError(f"format: found {name!r}, expected one of {', '.join(READABLE)}")
    return known.read(path)


def by_suffix(path: Path) -> str:
    """The name of the format that a file with this suffix is written in. Raises InputError where it says too little."""
    for format in FORMATS.values():
        if format.suffix == path.suffix:
            return format.name
    raise InputError(f"{path}: the suffix names no format; name one with --format: {', '.join(FORMATS)}")


def write(articles: Iterable[Article], path: Path, format: str | None = None) -> None:
    """Write articles in a format, the one of the suffix unless it is named. Raises InputError where it is unknown."""
    name = format or by_suffix(path)
    if name not in FORMATS:
        raise InputError(f"format: found {name!r}, expected one of {', '.join(FORMATS)}")
    FORMATS[name].write(articles, path)
