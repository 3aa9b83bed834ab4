"""Places where documents are: folders and globs on this machine, or addresses that pyarrow or fsspec can open."""

import glob
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Any, cast

from sikap.errors import InputError


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


def is_address(path: Path | str) -> bool:
    """Whether `path` has a scheme, and so is no file of this machine. (A Path has lost one of the two slashes.)"""
    return isinstance(path, str) and "://" in path


@cache
def _filesystem(scheme_and_host: str) -> Any:
    """The pyarrow file system of an address: its own, else fsspec's of that scheme."""
    import fsspec
    from pyarrow import ArrowException, fs

    try:
        return fs.FileSystem.from_uri(scheme_and_host)[0]
    except (ArrowException, ValueError):
        pass
    try:
        found, _ = fsspec.core.url_to_fs(scheme_and_host)
    except (ValueError, ImportError) as error:
        raise InputError(f"{scheme_and_host}: cannot be reached: {error}") from error
    return fs.PyFileSystem(fs.FSSpecHandler(found))


def _reach(address: str) -> tuple[Any, str]:
    """An address as a file system and a path in it."""
    scheme, _, rest = address.partition("://")
    host = rest.partition("/")[0]
    return _filesystem(f"{scheme}://{host}/"), rest if scheme != "file" else f"/{rest.lstrip('/')}"


def open_place(place: Path | str) -> BufferedReader:
    """Open a file of this machine or an address. Raises OSError, also for what is no file."""
    if not is_address(place):
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would block for ever
        file = os.fdopen(descriptor, "rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise OSError(0, "not a regular file")
        return file
    system, path = _reach(str(place))
    return BufferedReader(cast(Any, system.open_input_file(path)), 1 << 16)


class Walk:
    """The files at some paths, in a fixed order and without ever holding them all.

    Files as named, those of the types in `wanted` in folders at any depth, and what globs match. Iterating gives
    a Source for each, in the order of the shown paths within a path; what is passed over is counted in `skipped`
    by the reason, anew at each iteration.
    """

    def __init__(self, paths: list[str], wanted: frozenset[str]) -> None:
        self.roots = list(_roots(paths))
        self.wanted = wanted
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
                yield Source(file, _as_shown(str(file)) if prefixed else shown, size)

    def _files(self, root: str) -> Iterator[tuple[Path | str, str, int]]:
        if is_address(root):
            yield from self._remote(root)
        elif os.path.isdir(root):
            yield from ((Path(root, inner), _as_shown(inner), size) for inner, size in self._folder(root, ""))
        else:
            yield Path(root), _as_shown(os.path.basename(root)), _size(root)

    def _folder(self, root: str, inner: str) -> Iterator[tuple[str, int]]:
        """The files in a folder, deeper ones among them, in the order of their whole paths."""
        try:
            with os.scandir(os.path.join(root, inner)) as entries:
                found = sorted(entry.name + "/" if _is_folder(entry) else entry.name for entry in entries)
        except OSError:
            yield inner.rstrip("/") or ".", 0  # opening it will tell why
            return
        for name in found:
            path = inner + name
            full = os.path.join(root, path.rstrip("/"))
            if name.startswith("."):
                self.skipped["hidden"] += 1
            elif not name.endswith("/"):
                if self._is_wanted(name, full):
                    yield path, _size(full)
            elif os.path.islink(full):
                self.skipped["links to folders"] += 1
            else:
                yield from self._folder(root, path)

    def _is_wanted(self, name: str, full: str) -> bool:
        suffix = PurePosixPath(name).suffix.lower()
        if suffix not in self.wanted:
            self.skipped[f"{_as_shown(suffix)} files" if suffix else "files without extension"] += 1
            return False
        if not (os.path.isfile(full) or os.path.islink(full)):  # a link that leads nowhere becomes a row
            self.skipped["pipes and devices"] += 1
            return False
        return True

    def _remote(self, root: str) -> Iterator[tuple[str, str, int]]:
        from pyarrow import fs

        system, path = _reach(root)
        try:
            info = system.get_file_info(path)
            if info.type == fs.FileType.File:
                yield root, info.base_name, info.size or 0
                return
            found = system.get_file_info(fs.FileSelector(path, recursive=True))
        except OSError as error:
            raise InputError(f"{root}: cannot be listed: {error}") from error
        head = root.rstrip("/")
        for entry in sorted((entry for entry in found if entry.type == fs.FileType.File), key=lambda entry: entry.path):
            inner = entry.path.lstrip("/")[len(path.strip("/")) :].lstrip("/")
            if entry.base_name.startswith("."):
                self.skipped["hidden"] += 1
            elif PurePosixPath(inner).suffix.lower() in self.wanted:
                yield f"{head}/{inner}", inner, entry.size or 0
            else:
                self.skipped[f"{PurePosixPath(inner).suffix.lower() or 'other'} files"] += 1


def _roots(paths: list[str]) -> Iterator[str]:
    """The paths in order and once each, globs put in their place. Raises InputError where there is nothing."""
    seen: set[str] = set()
    for path in paths:
        found = [path]
        if not is_address(path) and not os.path.lexists(path):
            found = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []
            if "**" in path:  # it matches folders and what is in them
                found = [file for file in found if not os.path.isdir(file)]
            if not found:
                raise InputError(f"{path}: no such file or folder")
        for root in found:
            if root not in seen:
                seen.add(root)
                yield root


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
