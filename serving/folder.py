"""Folder scoring: documents in, tables out, in fixed shards that make a stopped run resumable."""

import errno
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from models.bundle import Manifest
from serving.documents import Columns, Found
from serving.engine import Engine, Reading
from serving.journal import Entry, Journal
from serving.pieces import FILES, SHARD, SHARD_CHARACTERS, Done, Piece, plan
from serving.scoring import Counts, Scored
from serving.tables import check_format, companion, report_of, write_tables
from sikap.errors import NO_ROOM, DiskFullError, SikapError

FORMAT: Final = 3  # of the journal
PROGRAMS: Final = ("sikap", "openvino", "trafilatura", "pypdfium2", "python-docx")
"""What reads and scores documents: rows of two versions of one of these are not mixed."""


@dataclass
class Progress:
    """How far a run is: what it has counted, what of that an earlier run had scored, and the bytes read."""

    counts: Counts = field(default_factory=Counts)
    reused: Counts = field(default_factory=Counts)
    bytes: int = 0
    reused_bytes: int = 0
    says: Counter[str] = field(default_factory=Counter)


def run_settings(
    manifest: Manifest,
    digest: str,
    min_confidence: float | None = None,
    columns: Columns = Columns(),  # noqa: B008
) -> dict[str, Any]:
    """All that the rows depend on besides the documents: a journal of other settings is not gone on with."""
    return {
        "format": FORMAT,
        **{name: version(name) for name in PROGRAMS},
        "model": f"{manifest.name}/{manifest.version}",
        "model_hash": digest,
        "window": manifest.window,
        "thresholds": list(manifest.thresholds),
        "min_confidence": min_confidence,
        "columns": dict(columns.given),
        "shard": [FILES, SHARD, SHARD_CHARACTERS],
    }


def journal_of(out: Path) -> Path:
    """Where the journal of an output is."""
    return out.with_name(f".{out.name}.journal")


def own_files(out: Path) -> tuple[Path, ...]:
    """All that is written for an output, the report on it too; where documents are looked for, these are none."""
    page = report_of(out)
    return out, companion(out), journal_of(out), page, page.with_suffix("")


def score_folder(
    found: Found,
    out: Path,
    engine: Engine,
    settings: dict[str, Any],
    columns: Columns = Columns(),  # noqa: B008
    fresh: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Progress:
    """Score documents into `out` and its companion table; shards that the journal has are not scored again.

    Raises InputError where `out` cannot be written, is being written, or was begun with other settings, and
    DiskFullError where there is no room for it.
    """
    check_format(out)
    try:
        with Journal(journal_of(out), settings, fresh) as journal:
            tracker = _Tracker()
            order: dict[tuple[int, int], str] = {}
            reading = Reading(columns, journal.done, journal.ends)
            report(tracker.progress)
            for result in engine(tracker.watch(plan(found.sources)), reading):
                shard = result.shard if isinstance(result, Scored) else result
                entry = journal.add(result) if isinstance(result, Scored) else journal.entry(shard.key)
                order[shard.piece, shard.number] = shard.key
                tracker.count(result, entry)
                report(tracker.progress)
            tracker.check()
            write_tables(journal.tables(order[place] for place in sorted(order)), out)
    except OSError as error:
        if error.errno in NO_ROOM or error.errno == errno.EIO:
            raise DiskFullError(
                f"{out.parent}: the disk is full or fails ({error.strerror or error}); what was scored is kept in "
                f"{journal_of(out).name}. Make room, then the same command goes on"
            ) from error
        raise
    return tracker.progress


class _Tracker:
    """Counts shards as they come, in whatever order."""

    def __init__(self) -> None:
        self.progress = Progress()
        self._sizes: dict[int, int] = {}
        self._read: dict[int, int] = {}

    def watch(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """Note the pieces on their way to the engine."""
        for piece in pieces:
            self._sizes[piece.index] = piece.size
            yield piece

    def check(self) -> None:
        """Raise SikapError unless every piece has come to its end: an engine must lose nothing."""
        if self._sizes:
            raise SikapError(
                f"{len(self._sizes)} parts of the input were not scored; the same command goes on with them"
            )

    def count(self, result: Scored | Done, entry: Entry) -> None:
        """Add a shard."""
        progress = self.progress
        progress.counts += entry.counts
        progress.says.update(entry.says)
        if isinstance(result, Done):
            progress.reused += entry.counts
            progress.reused_bytes += self._advance(result.piece, 0, result.last)
        else:
            self._advance(result.shard.piece, result.shard.read, result.shard.last)

    def _advance(self, piece: int, read: int, last: bool) -> int:
        """Move on within a piece; a piece that is done is forgotten. Returns by how many bytes."""
        before = self._read.pop(piece, 0)
        now = self._sizes.pop(piece) if last else max(before, read)
        if not last:
            self._read[piece] = now
        self.progress.bytes += now - before
        return now - before
