"""Pieces and shards: how an archive is cut into stretches that are read, scored and journalled each as one."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from serving.documents import PACKED, RECORDS, Columns, Item, Source, Track, read_documents
from sikap.errors import ReadError, SikapError, Stopped

FILES: Final = 256  # single documents that make a piece, and are scored again together when one changes
SHARD: Final = 1024  # documents whose paragraphs are batched together, and whose rows are kept or lost together
SHARD_CHARACTERS: Final = 500_000  # a shard ends here too: long documents must not fill the memory


@dataclass(frozen=True)
class Piece:
    """Files that follow each other and are read by one reader: up to FILES single documents, or one file of many."""

    index: int
    sources: tuple[Source, ...]

    @property
    def size(self) -> int:
        """Bytes in its files."""
        return sum(source.size for source in self.sources)


@dataclass(frozen=True)
class Shard:
    """Documents that are scored together.

    Args:
        piece: index of the piece that it is cut from.
        number: among the shards of its piece.
        key: tells the piece's files by their paths and contents, and the shard among them.
        last: whether its piece ends with it.
        items: its documents.
        read: bytes of the piece that have been gone through with it.
        says: what a user should know about its files.
        retry: whether the next start reads it again: one of its documents, or one before it in its piece, could not
            be read this time, and may move its borders then.
    """

    piece: int
    number: int
    key: str
    last: bool
    items: tuple[Item, ...]
    read: int = 0
    says: tuple[str, ...] = ()
    retry: bool = False


@dataclass(frozen=True)
class Done:
    """A shard that an earlier run has scored: nothing is left but to find its rows by its key."""

    piece: int
    number: int
    key: str
    last: bool


def plan(sources: Iterable[Source]) -> Iterator[Piece]:
    """Cut files into pieces, in their order; which files make one does not depend on what is in them."""
    waiting: list[Source] = []
    index = 0
    for source in sources:
        many = _holds_many(source)
        if waiting and (many or len(waiting) == FILES):
            yield Piece(index, tuple(waiting))
            index, waiting = index + 1, []
        waiting.append(source)
        if many:
            yield Piece(index, tuple(waiting))
            index, waiting = index + 1, []
    if waiting:
        yield Piece(index, tuple(waiting))


def _holds_many(source: Source) -> bool:
    suffixes = [suffix.lower() for suffix in PurePosixPath(source.name or source.shown).suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return bool(suffixes) and (suffixes[-1] in RECORDS or suffixes[-1] in PACKED)


def read_piece(piece: Piece, columns: Columns, done: Collection[str], ends: Collection[str]) -> Iterator[Shard | Done]:
    """The shards of a piece, in order; those of `done` are not even read where a shard of `ends` closes the piece.

    Args:
        piece: the files.
        columns: where the records of tables have their text.
        done: keys of the shards that are scored already.
        ends: those of them that were the last of their piece.
    """
    state = _state(piece)
    first = 0
    while (key := f"{state}/{first}") in done:
        yield Done(piece.index, first, key, key in ends)
        if key in ends:
            return
        first += 1
    track = Track()
    told, retry = 0, False
    for number, (items, last) in enumerate(_with_last(_cut(_items(piece, columns, track)))):
        failed = next((item for item in items if isinstance(item.content, ReadError)), None)
        retry |= failed is not None
        if number >= first:
            key = f"{state}/{number}"
            yield Shard(piece.index, number, key, last, items, track.read, tuple(track.says[told:]), retry)
            told = len(track.says)
        elif failed:  # it could be when these shards were scored, and they may have other borders without it
            raise Stopped(f"{failed.path}: {failed.content}; once it can be read, the same command goes on")


def _items(piece: Piece, columns: Columns, track: Track) -> Iterator[Item]:
    for source in piece.sources:
        yield from read_documents(source, columns, track)


def _with_last(shards: Iterator[tuple[Item, ...]]) -> Iterator[tuple[tuple[Item, ...], bool]]:
    """Each shard, and whether it is the last."""
    before = next(shards, None)
    for shard in shards:
        if before is not None:
            yield before, False
        before = shard
    if before is not None:
        yield before, True


def _cut(items: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    """Stretches of SHARD documents, or of fewer where they are long."""
    waiting: list[Item] = []
    characters = 0
    for item in items:
        waiting.append(item)
        characters += 0 if isinstance(item.content, SikapError) else len(item.content.text)
        if len(waiting) == SHARD or characters >= SHARD_CHARACTERS:
            yield tuple(waiting)
            waiting, characters = [], 0
    if waiting:
        yield tuple(waiting)


def _state(piece: Piece) -> str:
    """A digest of the paths and contents of a piece's files; a file that cannot be read has none, and so is retried."""
    digest = hashlib.sha256()
    for source in piece.sources:
        digest.update(f"{source.shown}\0{_content(source)}\n".encode())
    return digest.hexdigest()[:32]


def _content(source: Source) -> str:
    try:
        with source.open() as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, SikapError):
        return "unreadable"
