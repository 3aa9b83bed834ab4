"""The cluster engine: pieces read and shards scored by Ray Data's tasks and actors, on one machine or many."""

import logging
import os
import pickle
import signal
import socket
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from models.bundle import MANIFEST, Bundle, load_bundle
from serving.classifier import Classifier
from serving.engine import Reading
from serving.inputs.addresses import is_address
from serving.pieces import Done, Piece, Shard
from serving.scoring import Scored, Scorer
from sikap.errors import InputError

READER: Final = 0.1  # of a core, for a task that reads: with its worker it takes a whole one
IN_FLIGHT: Final = 2  # shards that a worker is given at a time, so that it never waits for the next
BLOCK: Final = 1 << 20  # bytes of shards that travel together; more would keep workers idle at the end of a file


@dataclass(frozen=True)
class Cluster:
    """Where to run: the cluster's address (none: this machine), the fewest and most workers, and cores for each."""

    address: str | None = None
    fewest: int = 2
    most: int = 2
    threads: int = 1

    @classmethod
    def parse(cls, address: str | None, workers: str, threads: int) -> "Cluster":
        """From the options of the command line; workers as `4`, or `2:16` to grow and shrink."""
        fewest, _, most = workers.partition(":")
        if not (fewest.isdecimal() and (most or fewest).isdecimal() and 1 <= int(fewest) <= int(most or fewest)):
            raise InputError(f"--workers {workers!r}: expected a number of workers, or MIN:MAX with MIN not above MAX")
        return cls(address, int(fewest), int(most or fewest), max(1, threads))


class RayEngine:
    """Scores on a Ray cluster.

    Tasks read pieces and cut them into shards, a pool of actors with a model each scores them; Ray Data streams what
    is between them, holds readers back where workers are slow, and repeats what a lost worker or node was at. Workers
    get the bundle through Ray's object store, so they need this package but no shared disk for it.

    Args:
        bundle: the model.
        min_confidence: as for Scorer.
        cluster: where to run.
    """

    def __init__(self, bundle: Bundle, min_confidence: float | None = None, cluster: Cluster = Cluster()) -> None:
        self._bundle, self._min_confidence, self._cluster = bundle, min_confidence, cluster
        self._ray = _ray()

    def __call__(self, pieces: Iterable[Piece], reading: Reading) -> Iterator[Scored | Done]:
        """Score in whatever order shards are finished in."""
        ours = not self._ray.is_initialized()
        if ours:
            self._connect()
        try:
            for row in self._dataset(list(pieces), reading).iter_rows():
                yield pickle.loads(row["result"])
        finally:
            if ours:
                self._ray.shutdown()

    def _connect(self) -> None:
        """Join the cluster, or start one here."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no calls to anyone
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what goes wrong is told by our own messages
        ending = signal.getsignal(signal.SIGTERM)
        try:
            _knock(self._cluster.address)
            self._ray.init(address=self._cluster.address, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(
                f"--address {self._cluster.address}: no Ray cluster answers ({error}); expected HOST:PORT of its head, "
                "or `auto` on one of its nodes"
            ) from error
        signal.signal(signal.SIGTERM, ending)  # which Ray takes for itself

    def _dataset(self, pieces: list[Piece], reading: Reading) -> Any:
        data = self._ray.data
        _quieten(data.DataContext.get_current())
        files = {name: (self._bundle.folder / name).read_bytes() for name in [MANIFEST, *self._bundle.manifest.files]}
        worker = (self._ray.put(files), self._min_confidence, self._cluster.threads)
        pool = data.ActorPoolStrategy(
            min_size=self._cluster.fewest, max_size=self._cluster.most, max_tasks_in_flight_per_actor=IN_FLIGHT
        )
        rows = [{"piece": pickle.dumps(_absolute(piece))} for piece in pieces]
        return (
            data.from_items(rows, override_num_blocks=len(rows))
            .map_batches(_read, batch_size=1, fn_args=(self._ray.put(reading),), num_cpus=READER)
            .map_batches(
                _Worker,
                batch_size=1,
                compute=pool,
                fn_constructor_args=worker,
                num_cpus=self._cluster.threads - READER,
            )
        )


def _absolute(piece: Piece) -> Piece:
    """The piece with paths that lead to the same files from wherever a worker stands."""
    return replace(piece, sources=tuple(replace(source, file=_place(source.file)) for source in piece.sources))


def _place(file: Path | str) -> Path | str:
    return file if is_address(file) else Path(file).absolute()


def _knock(address: str | None) -> None:
    """Raise OSError where nobody answers at HOST:PORT; Ray itself would try for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=10).close()


def _ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise InputError(
            f"--engine ray: Ray is not installed ({error}); install it with `make cluster`, or leave --engine out"
        ) from error
    return ray


def _quieten(context: Any) -> None:
    """Ray Data with blocks of our size and without its own progress bars."""
    context.target_max_block_size = BLOCK
    context.target_min_block_size = 1
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.retried_map_errors = True  # a node that is lost while it answers
    context.max_map_retries = 3
    logging.getLogger("ray.data").setLevel(logging.ERROR)


def _read(batch: dict[str, Any], reading: Any) -> Iterator[dict[str, Any]]:
    """A task: the shards of a piece, one a row."""
    import ray

    settings: Reading = ray.get(reading) if isinstance(reading, ray.ObjectRef) else reading
    for piece in batch["piece"]:
        for shard in settings.shards(pickle.loads(piece)):
            yield {"shard": [pickle.dumps(shard)]}


class _Worker:
    """An actor: a model that scores one shard after the other."""

    def __init__(self, files: Any, min_confidence: float | None, threads: int) -> None:
        import ray

        held: dict[str, bytes] = ray.get(files) if isinstance(files, ray.ObjectRef) else files
        with tempfile.TemporaryDirectory() as folder:
            for name, data in held.items():
                (Path(folder) / name).write_bytes(data)
            self._scorer = Scorer(Classifier(load_bundle(Path(folder)), threads), min_confidence)

    def __call__(self, batch: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for row in batch["shard"]:
            yield {"result": [pickle.dumps(self._result(pickle.loads(row)))]}

    def _result(self, shard: Shard | Done) -> Scored | Done:
        if isinstance(shard, Done):
            return shard
        scored = self._scorer(shard)
        return replace(scored, shard=replace(shard, items=()))  # its texts are in its rows
