"""Documents on disk: finding them, and reading their text whatever they come as."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Final

from serving.inputs import archive, office
from serving.inputs.addresses import is_address
from serving.inputs.columns import Columns
from serving.inputs.document import Document
from serving.inputs.markdown import read_markdown
from serving.inputs.page import read_page
from serving.inputs.places import Source, Walk
from serving.inputs.records import Read, Says, read_csv, read_jsonl, read_parquet
from serving.inputs.sniff import type_of
from serving.inputs.text import MOST_BYTES, decode
from sikap.errors import NO_ROOM, DiskFullError, InputError, ReadError, SikapError, TooLargeError

WHOLE: Final[Mapping[str, tuple[int, Callable[[bytes], Document]]]] = {
    ".txt": (MOST_BYTES, lambda data: Document(decode(data))),
    ".md": (MOST_BYTES, read_markdown),
    ".html": (MOST_BYTES, read_page),
    ".htm": (MOST_BYTES, read_page),
    ".docx": (office.MOST_BYTES, office.read_word),
    ".pdf": (office.MOST_BYTES, office.read_pdf),
}
"""Files that are one document: the most bytes that such a one has, and how they are read."""
RECORDS: Final[Mapping[str, Callable[[BufferedReader, Columns, Says], Iterator[Read]]]] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".parquet": read_parquet,
}
"""Files of many documents, one a record."""
PACKED: Final = (".gz", ".zip")
SUFFIXES: Final = frozenset([*WHOLE, *RECORDS, *PACKED])


@dataclass(frozen=True)
class Found:
    """The files that will be scored, in a fixed order: how many they are, their bytes, and what was passed over."""

    sources: Walk | Sequence[Source]
    files: int
    size: int
    skipped: Mapping[str, int] = field(default_factory=dict)


def find_documents(paths: Sequence[Path | str], without: Iterable[Path] = ()) -> Found:
    """Files as named, and those of known types in folders, at any depth, but none of those in `without`.

    Raises InputError where there are none.
    """
    walk = Walk([str(path) for path in paths], SUFFIXES, without)
    files = size = 0
    for source in walk:
        files += 1
        size += source.size
    if not files:
        raise InputError(f"{', '.join(map(str, paths))}: no document found; expected {_expected()} files")
    return Found(walk, files, size, dict(walk.skipped))


@dataclass(frozen=True)
class Item:
    """A document as its file gave it, or the error that stands in its place.

    Args:
        path: that its rows show; within an archive, the archive's path and its own.
        number: tells the documents of one path apart.
    """

    path: str
    number: int
    content: Document | SikapError


@dataclass
class Track:
    """What is told while reading: things a user should know, as which columns were taken, and the bytes gone through."""

    says: Says = field(default_factory=list)
    finished: int = 0  # of the files before
    position: int = 0  # in the file that is open

    @property
    def read(self) -> int:
        """Bytes gone through."""
        return self.finished + self.position


def read_documents(source: Source, columns: Columns, track: Track) -> Iterator[Item]:
    """The documents of a file, at least one. What cannot be read is an item too, and never an exception."""
    yield from _read(source, columns, track)
    track.finished, track.position = track.finished + source.size, 0


def _read(source: Source, columns: Columns, track: Track) -> Iterator[Item]:
    reader = _Reader(columns, track.says, is_address(source.file))
    count = 0
    try:
        with source.open() as stream:
            for item in reader.read(stream, source.shown, source.name or source.shown, source.size):
                count += 1
                track.position = min(stream.tell(), source.size)
                yield item
    except Exception as error:  # whatever a broken file sets off in its parser is one row, not the end of the run
        yield Item(source.shown, count, _as_told(error, reader.stored))
        return
    if not count:
        yield Item(source.shown, 0, InputError("the file holds no document"))


def read_document(source: Source) -> Document:
    """The one document of a file. Raises InputError where it cannot be read or there are several."""
    items = list(read_documents(source, Columns(), Track()))
    if isinstance(items[0].content, SikapError):
        raise items[0].content
    if len(items) > 1:
        raise InputError(f"the file holds {len(items)} documents, expected one; `sikap score` reads them all")
    return items[0].content


class _Reader:
    """Reads what a name's extension says, through any packing around it."""

    def __init__(self, columns: Columns, says: Says, stored: bool) -> None:
        self.columns, self.says, self.stored = columns, says, stored

    def read(self, stream: BufferedReader, path: str, name: str, size: int) -> Iterator[Item]:
        suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
        suffix = suffixes[-1] if suffixes else ""
        if suffix == ".gz":
            yield from self.read(archive.ungzipped(stream, size), path, name[: -len(suffix)], size)
        elif suffix == ".zip":
            yield from self._members(stream, path)
        elif suffix in WHOLE:
            yield Item(path, 0, self._whole(stream, suffix))
        elif suffix in RECORDS:
            read = RECORDS[suffix](stream, self.columns, self.says)
            yield from (Item(path, number, content) for number, content in enumerate(read))
        else:
            raise InputError(f"files of type {suffix or '(none)'} are not read, expected one of {_expected()}")

    def _whole(self, stream: BufferedReader, suffix: str) -> Document:
        most, read = WHOLE[suffix]
        data = stream.read(most + 1)
        if len(data) > most:
            raise TooLargeError(f"the file has more than {most >> 20} MiB, expected one article")
        return read(data)

    def _members(self, stream: BufferedReader, path: str) -> Iterator[Item]:
        """The documents of the files in a zip archive; one that is bad is an item, and the next one is read."""
        for name, member in archive.members(stream):
            shown = f"{path}/{name.encode('utf-8', 'backslashreplace').decode()}"
            suffix = PurePosixPath(name).suffix.lower()
            if PurePosixPath(name).name.startswith(".") or name.startswith("__MACOSX/") or suffix not in SUFFIXES:
                self._say(f"files passed over in archives: {suffix or 'without extension'}")
                continue
            count = 0
            try:
                if suffix == ".zip":
                    raise InputError("an archive within an archive is not opened; unpack it first")
                if isinstance(member, SikapError):
                    raise member
                for item in self.read(member, shown, name, 0):
                    count += 1
                    yield item
            except Exception as error:  # as in read_documents
                yield Item(shown, count, _as_told(error, self.stored))

    def _say(self, words: str) -> None:
        if words not in self.says:
            self.says.append(words)


def _as_told(error: Exception, stored: bool) -> SikapError:
    """An error as its row tells it: ours as they are, others with what kind they are. Raises DiskFullError."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        raise DiskFullError(
            f"{tempfile.gettempdir()}: the disk is full ({error.strerror}), and what is packed needs room while it is read. "
            "Make room, or set TMPDIR, then the same command goes on"
        ) from error
    if isinstance(error, DiskFullError):
        raise error
    if isinstance(error, SikapError):
        return error
    if _may_pass(error, stored):
        told = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        return ReadError(f"the file cannot be read: {' '.join(told.split())[:300]}")
    if isinstance(error, RecursionError):
        return InputError("the file is nested too deeply to be read")
    words = " ".join(str(error).split())[:300]
    return InputError(f"the file cannot be read ({type(error).__name__}: {words})")


def _may_pass(error: Exception, stored: bool) -> bool:
    """Whether another try may do better: what the system refuses has a number, what a store refuses often has none."""
    if isinstance(error, OSError) and error.errno is not None:
        return True
    return isinstance(error, MemoryError | TimeoutError | ConnectionError) or (stored and type(error) is OSError)


def _expected() -> str:
    return ", ".join(sorted(SUFFIXES))


def from_stdin(data: Path, columns: Columns = Columns()) -> Source:  # noqa: B008
    """What came on standard input, kept in a file: its type is told by its contents.

    CSV looks like any text, so it is taken for a table only where `columns` name some.
    """
    return Source(data, "-", data.stat().st_size, f"stdin{type_of(data, table=bool(columns.given))}")


__all__ = [
    "SUFFIXES", "Columns", "Document", "Found", "Item", "Source", "Track", "decode", "find_documents", "from_stdin",
    "read_document", "read_documents",
]  # fmt: skip
