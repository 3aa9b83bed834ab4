"""Places where documents are: folders and globs on this machine, or addresses that pyarrow or fsspec can open."""

import glob
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Final

from serving.inputs.addresses import is_address, listed, open_address, without_query
from sikap.errors import InputError

OWN: Final = "of this run's own output"


@dataclass(frozen=True)
class Source:
    """A file to score: where it is, the path that its rows show, and how many bytes it has.

    Args:
        file: a path, or an address with a scheme, as `s3://bucket/key`.
        shown: POSIX, relative to the argument that led here, bytes that are no text escaped.
        size: in bytes; 0 where it is not known.
        name: what its type is told by, where `shown` does not say it.
    """

    file: Path | str
    shown: str
    size: int = field(default=0, compare=False)
    name: str = ""

    def open(self) -> BufferedReader:
        """Open it for reading. Raises OSError."""
        return open_place(self.file)


def open_place(place: Path | str) -> BufferedReader:
    """Open a file of this machine or an address. Raises OSError, also for what is no file."""
    if not is_address(place):
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would block for ever
        file = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise OSError(0, "not a regular file")
        return file
    return open_address(str(place))


class Walk:
    """The files at some paths, in a fixed order and without ever holding them all.

    Files as named, those of the types in `wanted` in folders at any depth, and what globs match, but none of those
    in `without`. Iterating gives a Source for each, in the order of the shown paths within a path; what is passed
    over is counted in `skipped` by the reason, anew at each iteration.
    """

    def __init__(self, paths: list[str], wanted: frozenset[str], without: Iterable[Path] = ()) -> None:
        self.roots = list(_roots(paths))
        self.wanted = wanted
        self.without = frozenset(os.path.realpath(path) for path in without)
        self.skipped: Counter[str] = Counter()
        self._prefixed = len(self.roots) > 1 and self._collide()

    def _collide(self) -> bool:
        """Whether two arguments lead to the same shown path; then all begin with their argument."""
        seen: set[int] = set()
        for source in self._sources(prefixed=False):
            if (mark := hash(source.shown)) in seen:
                return True
            seen.add(mark)
        return False

    def __iter__(self) -> Iterator[Source]:
        self.skipped.clear()
        yield from self._sources(self._prefixed)

    def _sources(self, prefixed: bool) -> Iterator[Source]:
        for root in self.roots:
            for file, shown, size in self._files(root):
                yield Source(file, _as_shown(without_query(str(file))) if prefixed else shown, size)

    def _files(self, root: str) -> Iterator[tuple[Path | str, str, int]]:
        if is_address(root):
            yield from self._remote(root)
        elif self._is_own(os.path.realpath(root)):
            self.skipped[OWN] += 1
        elif os.path.isdir(root):
            yield from ((Path(root, inner), _as_shown(inner), size) for inner, size in self._folder(root))
        else:
            yield Path(root), _as_shown(os.path.basename(root)), _size(root)

    def _is_own(self, real: str) -> bool:
        """Whether a path is one of `without`, or lies in one that is a folder."""
        return real in self.without or os.path.dirname(real) in self.without

    def _folder(self, root: str) -> Iterator[tuple[str, int]]:
        """The files in a folder, deeper ones among them, in the order of their whole paths."""
        real = os.path.realpath(root)
        waiting = [""]  # a stack: folders may lie deeper than functions can call themselves
        while waiting:
            inner = waiting.pop()
            if inner and not inner.endswith("/"):
                yield inner, _size(os.path.join(root, inner))
                continue
            try:
                with os.scandir(os.path.join(root, inner)) as entries:
                    found = [inner + name for entry in entries if (name := self._taken(entry, real, inner))]
            except OSError:
                found = [inner.rstrip("/") or "."]  # opening it will tell why
            waiting += sorted(found, reverse=True)

    def _taken(self, entry: "os.DirEntry[str]", real: str, inner: str) -> str | None:
        """The entry's name, that of a folder with a slash; None, and a count, where it is passed over."""
        reason = self._reason(entry)
        if self.without and os.path.join(real, inner + entry.name) in self.without:
            reason = OWN
        if reason:
            self.skipped[reason] += 1
            return None
        return f"{entry.name}/" if _is_folder(entry) else entry.name

    def _reason(self, entry: "os.DirEntry[str]") -> str | None:
        """Why something in a folder is passed over."""
        if entry.name.startswith("."):
            return "hidden"
        if _is_folder(entry):
            return "links to folders" if entry.is_symlink() else None
        suffix = PurePosixPath(entry.name).suffix.lower()
        if suffix not in self.wanted:
            return f"{_as_shown(suffix)} files" if suffix else "files without extension"
        if not (entry.is_symlink() or entry.is_file()):  # a link that leads nowhere becomes a row
            return "pipes and devices"
        return None

    def _remote(self, root: str) -> Iterator[tuple[str, str, int]]:
        for file in listed(root):
            suffix = PurePosixPath(file.shown).suffix.lower()
            if PurePosixPath(file.shown).name.startswith(".") and not file.named:
                self.skipped["hidden"] += 1
            elif suffix in self.wanted or file.named:
                yield file.address, file.shown, file.size
            else:
                self.skipped[f"{suffix or 'other'} files"] += 1


def _roots(paths: list[str]) -> Iterator[str]:
    """The paths in order and once each, globs put in their place. Raises InputError where there is nothing."""
    seen: set[str] = set()
    for path in paths:
        found = [path]
        if not is_address(path) and not os.path.lexists(path):
            found = _matches(path)
            if "**" in path:  # it matches folders and what is in them
                found = [file for file in found if not os.path.isdir(file)]
            if not found:
                raise InputError(f"{path}: no such file or folder")
        for root in found:
            if root not in seen:
                seen.add(root)
                yield root


def _matches(pattern: str) -> list[str]:
    try:
        return sorted(glob.glob(pattern, recursive=True)) if glob.has_magic(pattern) else []
    except RecursionError as error:
        raise InputError(
            f"{pattern}: the folders are too deep for a glob; name the outermost of them instead"
        ) from error


def _as_shown(path: str) -> str:
    """POSIX form, undecodable bytes escaped, so that it can be written as UTF-8."""
    return path.replace(os.sep, "/").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
