"""The journal of a folder run: finished shards, kept beside the output so that a stopped run can be resumed."""

import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from serving.rows import Row
from sikap.errors import InputError


class Journal:
    """An append-only file: a header that says what run it belongs to, then one line for each finished shard.

    A torn last line, left by a kill, is cut off on opening. A lock keeps a second run away.
    """

    def __init__(self, path: Path, run: dict[str, Any], fresh: bool) -> None:
        self.path = path
        self._file: IO[bytes] = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise InputError(
                f"{path}: another run is writing this output; wait for it, or choose another --out"
            ) from None
        if fresh:
            self._file.truncate(0)
        try:
            self.shards = self._recover(run)
        except InputError:
            self._file.close()
            raise

    def _recover(self, run: dict[str, Any]) -> int:
        """Check the header, cut a torn line off, and return how many shards are done."""
        self._file.seek(0)
        whole = [line for line in self._file if line.endswith(b"\n")]
        self._file.truncate(sum(map(len, whole)))
        if not whole:
            self._append(run)
            return 0
        self._check_header(whole[0], run)
        return len(whole) - 1

    def _check_header(self, line: bytes, run: dict[str, Any]) -> None:
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise InputError(
                f"{self.path}: not a journal of this program; remove it, or start over with --fresh"
            ) from None
        different = [
            f"{key} was {found.get(key)!r} and is now {run[key]!r}" for key in run if found.get(key) != run[key]
        ]
        if different:
            raise InputError(
                f"{self.path}: an unfinished run of other settings is here: {'; '.join(different)}. "
                "Finish it with those, or start over with --fresh"
            )

    def _append(self, value: Any) -> None:
        self._file.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def add(self, paragraphs: list[Row], documents: list[Row]) -> None:
        """Note a finished shard; once this returns, a kill does not lose it."""
        self._append({"paragraphs": paragraphs, "documents": documents})

    def rows(self, table: str) -> Iterator[Row]:
        """All rows of a table (`paragraphs` or `documents`), shard after shard."""
        with self.path.open(encoding="utf-8") as file:
            next(file, None)
            for line in file:
                yield from json.loads(line)[table]

    def close(self, finished: bool) -> None:
        """Free the lock; a finished run's journal is removed."""
        if finished:
            self.path.unlink(missing_ok=True)
        self._file.close()
