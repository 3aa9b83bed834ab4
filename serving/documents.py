"""Documents on disk: finding them, and reading their text whatever they come as."""

import codecs
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sikap.errors import InputError

PLAIN: Final = {".txt", ".md"}
HTML: Final = {".html", ".htm"}
SUFFIXES: Final = PLAIN | HTML
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Source:
    """A file to score: where it is, and the path that its rows show (relative to the argument, POSIX)."""

    file: Path
    shown: str


@dataclass(frozen=True)
class Document:
    """A text to classify, with what its file says of it."""

    text: str
    title: str | None = None
    date: str | None = None
    outlet: str | None = None


@dataclass(frozen=True)
class Found:
    """The files that will be scored, in the order of their shown paths, and how many others were passed over."""

    sources: tuple[Source, ...]
    skipped: int


def find_documents(paths: Sequence[Path]) -> Found:
    """Files as named, and those of known types in folders, at any depth. Raises InputError where there are none."""
    sources: dict[str, Source] = {}
    skipped = 0
    for path in paths:
        if not path.exists():
            raise InputError(f"{path}: no such file or folder")
        for file in sorted(_files(path)):
            if path.is_dir() and file.suffix.lower() not in SUFFIXES:
                skipped += 1
                continue
            shown = _shown(file.relative_to(path) if path.is_dir() else Path(file.name))
            shown = next(
                name for name in (shown, _shown(file), _shown(file.resolve())) if _is_free(name, file, sources)
            )
            sources[shown] = Source(file, shown)
    if not sources:
        raise InputError(
            f"{', '.join(map(str, paths))}: no document found; expected {', '.join(sorted(SUFFIXES))} files"
        )
    return Found(tuple(sources[key] for key in sorted(sources)), skipped)


def _is_free(shown: str, file: Path, sources: dict[str, Source]) -> bool:
    return shown not in sources or sources[shown].file == file


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path):
        files = (Path(folder) / name for name in names if not name.startswith("."))
        yield from (file for file in files if file.is_file() or file.is_symlink())  # no pipes: reading one never ends


def _shown(path: Path) -> str:
    """POSIX form, undecodable bytes escaped, so that it can be written as UTF-8."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def read_document(source: Source) -> Document:
    """Read one file. Raises InputError where it cannot be read, is not text, or is of an unknown type."""
    suffix = source.file.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"files of type {suffix or '(none)'} are not read, expected one of {', '.join(sorted(SUFFIXES))}"
        )
    try:
        text = decode(source.file.read_bytes())
    except OSError as error:
        raise InputError(f"the file cannot be read: {error.strerror}") from error
    return _from_html(text) if suffix in HTML else Document(text)


def decode(data: bytes) -> str:
    """Bytes as text: UTF-8, or UTF-16 with a byte order mark; the mark is removed, newlines are kept."""
    mark, encoding = next(((mark, name) for mark, name in _BOMS if data.startswith(mark)), (b"", "utf-8"))
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        place = len(mark) + error.start
        raise InputError(f"the file is not {encoding.upper()} text: byte {place} is {data[place]:#04x}") from error
    if "\0" in text:
        raise InputError(f"the file is binary, not text: a NUL byte stands at character {text.index(chr(0))}")
    return text


def _from_html(html: str) -> Document:
    import trafilatura  # takes half a second to import, and only pages need it

    try:
        found = trafilatura.bare_extraction(html, include_comments=False, include_tables=False, with_metadata=True)
    except Exception as error:  # whatever a broken page sets off in its parsers: it is one row, not the end of the run
        raise InputError(f"the page cannot be read: {type(error).__name__}: {error}") from error
    values = found if isinstance(found, dict) else found.as_dict() if found else {}
    if not values.get("text"):
        raise InputError("no article text was found in the page")
    return Document(values["text"], values.get("title"), values.get("date"), values.get("sitename"))
