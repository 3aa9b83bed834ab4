"""Addresses: files in object stores and wherever else pyarrow or fsspec reach, listed and opened."""

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BufferedReader
from pathlib import Path
from typing import Any, Final, cast

from sikap.errors import InputError

_WILD: Final = re.compile(r"[*\[]")  # a question mark begins the query


@dataclass(frozen=True)
class Listed:
    """A file at an address: its own address, its path under what was listed, its bytes, and whether it was named."""

    address: str
    shown: str
    size: int
    named: bool = False


def is_address(path: Path | str) -> bool:
    """Whether `path` has a scheme, and so is no file of this machine. (A Path has lost one of the two slashes.)"""
    return isinstance(path, str) and "://" in path


def _parted(address: str) -> tuple[str, str]:
    """An address and its query, which tells how to reach a store (`?endpoint_override=…`); local files have none."""
    head, mark, query = address.partition("?") if not address.startswith("file://") else (address, "", "")
    return head, mark + query


def without_query(address: str) -> str:
    """An address as it may be shown."""
    return _parted(address)[0] if is_address(address) else address


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
        raise InputError(f"{without_query(scheme_and_host)}: cannot be reached: {error}") from error
    return fs.PyFileSystem(fs.FSSpecHandler(found))


def _reach(address: str) -> tuple[Any, str]:
    """An address as a file system and a path in it."""
    head, query = _parted(address)
    scheme, _, rest = head.partition("://")
    host, slash, inner = rest.partition("/")
    system = _filesystem(f"{scheme}://{host}/{query}")
    return system, f"/{rest.lstrip('/')}" if scheme == "file" else host.rpartition("@")[2] + slash + inner


def open_address(address: str) -> BufferedReader:
    """Open a file at an address. Raises OSError, and InputError where nothing reaches there."""
    system, path = _reach(address)
    return BufferedReader(cast(Any, system.open_input_file(path)), 1 << 16)


def listed(root: str) -> Iterator[Listed]:
    """The files at an address, in the order of their paths: itself, those under it, or those that its `*` match.

    Raises InputError where there is nothing.
    """
    from pyarrow.fs import FileType

    try:
        system, path = _reach(root)
        info = system.get_file_info(path)
        if info.type == FileType.File:
            yield Listed(root, info.base_name, info.size or 0, named=True)
        elif info.type == FileType.NotFound and _WILD.search(path):
            yield from _matching(root)
        else:
            yield from _under(root)
    except OSError as error:
        raise InputError(f"{without_query(root)}: cannot be listed: {error}") from error


def _under(root: str) -> Iterator[Listed]:
    from pyarrow.fs import FileSelector, FileType

    system, path = _reach(root)
    head, query = _parted(root)
    files = (entry for entry in system.get_file_info(FileSelector(path, recursive=True)) if entry.type == FileType.File)
    for entry in sorted(files, key=lambda entry: entry.path):
        inner = entry.path.lstrip("/")[len(path.strip("/")) :].lstrip("/")
        yield Listed(f"{head.rstrip('/')}/{inner}{query}", inner, entry.size or 0)


def _matching(root: str) -> Iterator[Listed]:
    """What a glob matches, and what is in folders that it matches; paths begin behind its last fixed folder."""
    head, query = _parted(root)
    scheme, _, rest = head.partition("://")
    parts = rest.split("/")
    fixed = next(number for number, part in enumerate(parts) if _WILD.search(part))
    found = False
    for file in _under(f"{scheme}://{'/'.join(parts[:fixed])}{query}"):
        if _is_match(file.shown.split("/"), parts[fixed:]):
            found = True
            yield file
    if not found:
        raise InputError(f"{without_query(root)}: no such file or folder")


def _is_match(path: list[str], pattern: list[str]) -> bool:
    """Whether the parts of a pattern match a path or a folder that it is in; `**` stands for any folders, or none."""
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_is_match(path[first:], pattern[1:]) for first in range(len(path)))
    return bool(path) and fnmatch.fnmatchcase(path[0], pattern[0]) and _is_match(path[1:], pattern[1:])
