"""The journal of a folder run: scored shards, kept beside the output so that the next start can use them."""

import base64
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

import pyarrow

from serving.rows import Tables
from serving.scoring import Counts, Scored
from sikap.errors import InputError

_PACKING: Final = pyarrow.ipc.IpcWriteOptions(compression="zstd")


@dataclass(frozen=True)
class Entry:
    """Where a shard's line stands in the journal, and what it counts."""

    offset: int
    last: bool
    counts: Counts
    says: tuple[str, ...]


class Journal:
    """An append-only file: a header that says what run it belongs to, then one line for each scored shard.

    A line is whole on disk before its shard counts. A torn last line, left by a kill or a full disk, is cut off on
    opening. A lock keeps a second run away; the system frees it when the process ends, however it ends.

    Args:
        path: the file; it is made where there is none.
        run: settings that all shards share. Raises InputError where the journal has others.
        fresh: forget what is there.
    """

    def __init__(self, path: Path, run: dict[str, Any], fresh: bool = False) -> None:
        self.path = path
        self._entries: dict[str, Entry] = {}
        self._file: IO[bytes] = path.open("a+b")
        try:
            self._lock()
            if fresh:
                self._file.truncate(0)
            self._recover(json.loads(json.dumps(run)))
        except BaseException:
            self._file.close()
            raise

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{self.path}: another run is writing this output; wait for it, or choose another --out"
            ) from None

    def _recover(self, run: dict[str, Any]) -> None:
        """Check the header, note where each shard stands, and cut a torn line off."""
        self._file.seek(0)
        end = 0
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                break
            if number == 1:
                self._check_header(line, run)
            else:
                self._note(self._parse(line, number), end)
            end += len(line)
        self._file.truncate(end)
        if not end:
            self._append(run)

    def _parse(self, line: bytes, number: int) -> dict[str, Any]:
        try:
            found = json.loads(line)
            if isinstance(found, dict) and isinstance(found["counts"], dict) and isinstance(found["shard"], str):
                return found
        except (ValueError, KeyError):
            pass
        raise InputError(f"{self.path}: line {number} is damaged; start over with --fresh")

    def _check_header(self, line: bytes, run: dict[str, Any]) -> None:
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise InputError(f"{self.path}: not a journal of this program; remove it, or start over with --fresh")
        different = [
            f"{key} was {found.get(key)!r} and is now {run.get(key)!r}"
            for key in {**found, **run}
            if found.get(key) != run.get(key)
        ]
        if different:
            raise InputError(
                f"{self.path}: this output was begun with other settings: {'; '.join(different)}. "
                "Go on with those, choose another --out, or start over with --fresh"
            )

    def _append(self, value: Any) -> int:
        """Write a line and wait until it is on the disk. Returns where it stands."""
        offset = self._file.seek(0, os.SEEK_END)
        self._file.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        return offset

    def _note(self, value: dict[str, Any], offset: int) -> None:
        if value["retry"]:
            return
        counts = Counts.from_json(value["counts"])
        self._entries[value["shard"]] = Entry(offset, value["last"], counts, tuple(value["says"]))

    @property
    def done(self) -> frozenset[str]:
        """Keys of the shards that need not be scored again."""
        return frozenset(self._entries)

    @property
    def ends(self) -> frozenset[str]:
        """Keys of those that were the last of their piece."""
        return frozenset(key for key, entry in self._entries.items() if entry.last)

    def add(self, scored: Scored) -> Entry:
        """Note a scored shard; once this returns, a kill does not lose it."""
        value = {
            "shard": scored.shard.key,
            "last": scored.shard.last,
            "retry": scored.retry,
            "counts": scored.counts.as_json(),
            "says": scored.shard.says,
            "tables": [_packed(table) for table in scored.tables],
        }
        entry = Entry(self._append(value), scored.shard.last, scored.counts, scored.shard.says)
        self._entries[scored.shard.key] = entry
        return entry

    def entry(self, key: str) -> Entry:
        """What is noted of a shard."""
        return self._entries[key]

    def tables(self, keys: Iterator[str]) -> Iterator[Tables]:
        """The rows of shards, one after the other."""
        with self.path.open("rb") as file:
            for key in keys:
                file.seek(self._entries[key].offset)
                yield Tables(*map(_unpacked, json.loads(file.readline())["tables"]))

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()  # which frees the lock


def _packed(table: pyarrow.Table) -> str:
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_stream(sink, table.schema, options=_PACKING) as writer:
        writer.write_table(table)
    return base64.b64encode(sink.getvalue()).decode("ascii")


def _unpacked(text: str) -> pyarrow.Table:
    with pyarrow.ipc.open_stream(base64.b64decode(text)) as reader:
        return reader.read_all()
