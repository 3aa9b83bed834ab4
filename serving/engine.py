"""Engines: where shards are read and scored; this module has the one of this machine."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from serving.documents import Columns
from serving.overlap import overlapped
from serving.pieces import Done, Piece, Shard, read_piece
from serving.scoring import Prepared, Run, Scored, Scorer


@dataclass(frozen=True)
class Reading:
    """How pieces are read: the columns of tables, and the shards that need no scoring any more."""

    columns: Columns = field(default_factory=Columns)
    done: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()

    def shards(self, piece: Piece) -> Iterator[Shard | Done]:
        """The shards of a piece, in order."""
        return read_piece(piece, self.columns, self.done, self.ends)


Engine = Callable[[Iterable[Piece], Reading], Iterator[Scored | Done]]
"""Every shard of the pieces, scored or found done; the order among them may be any."""


class LocalEngine:
    """This process: reading and tokenising, the network, and the making of rows each in a thread of its own."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    def __call__(self, pieces: Iterable[Piece], reading: Reading) -> Iterator[Scored | Done]:
        """Score in the order of the pieces."""
        shards = (shard for piece in pieces for shard in reading.shards(piece))
        return overlapped(shards, [self._prepare, self._run, self._finish])

    def _prepare(self, shard: Shard | Done) -> Prepared | Done:
        return shard if isinstance(shard, Done) else self._scorer.prepare(shard)

    def _run(self, shard: Prepared | Done) -> Run | Done:
        return shard if isinstance(shard, Done) else self._scorer.run(shard)

    def _finish(self, shard: Run | Done) -> Scored | Done:
        return shard if isinstance(shard, Done) else self._scorer.finish(shard)
