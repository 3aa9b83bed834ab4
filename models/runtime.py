"""The runtime: a bundle's OpenVINO graph on the CPU, run over windows of equal rounded length."""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.decoding import Logits
from sikap.errors import BundleError

# OpenVINO reports its import to an analytics service unless this package is missing, and has no other switch for it. Others
# import it from here, so that it is always missing.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino as openvino  # noqa: E402

TOKEN_BUDGET: Final = 1024  # tokens a batch; 512 to 2,048 run alike
# Lengths are rounded up to a multiple of this: each shape costs a compilation and memory, each batch a millisecond.
LENGTH_STEP: Final = 32
STREAMS: Final = 4  # most batches side by side; each keeps memory of its own


def rounded(length: int, step: int = LENGTH_STEP) -> int:
    """`length` rounded up to a multiple of `step`."""
    return -(-length // step) * step


def batches(lengths: Sequence[int], budget: int = TOKEN_BUDGET) -> Iterator[list[int]]:
    """Indices grouped by rounded length, longest first, each group within the token budget.

    A window is only ever batched with windows of its own rounded length: its padding, and so its result, do not
    depend on what else is asked at the same time. The size of a batch is a power of two: OpenVINO keeps memory for every
    shape it meets, so that few shapes are 180 MB less, and a server that soon has met them all.
    """
    by_length: dict[int, list[int]] = {}
    for index, length in enumerate(lengths):
        by_length.setdefault(rounded(length), []).append(index)
    for length in sorted(by_length, reverse=True):
        group = by_length[length]
        while group:
            rows = _power_of_two(min(len(group), max(1, budget // length)))
            yield group[:rows]
            group = group[rows:]


def _power_of_two(number: int) -> int:
    """The largest power of two up to `number`."""
    return 1 << (number.bit_length() - 1)


def pad(
    windows: Sequence[list[int]], filler: int, step: int = LENGTH_STEP
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ids and mask of shape (windows, longest length rounded up to a multiple of `step`)."""
    shape = (len(windows), rounded(max(map(len, windows)), step))
    ids, mask = np.full(shape, filler, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return ids, mask


def arithmetic(precision: str, capabilities: Sequence[str]) -> str:
    """What the layers that are not int8 compute in: bf16 for `bf16` alone, and where the CPU has it, for OpenVINO would imitate it.

    Beside int8 it is f32 everywhere: a bundle answers alike on every machine, and encoders with a few very wide dimensions lose
    two points of macro-F1 where those pass through bf16 (docs/log.md).
    """
    return "bf16" if precision == "bf16" and "BF16" in capabilities else "f32"


def _cores() -> int:
    """How many this process may use; macOS tells only how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Runtime:
    """A compiled graph.

    Args:
        graph: path of the OpenVINO `model.xml`.
        precision: `bf16`, `f32`, `int8`, or `int8-weights`; see `arithmetic` for what is not int8.
        filler: id of the padding token.
        threads: cores to use; 0 for all. They are shared out to up to STREAMS batches that run side by side: cores that work
            on one batch wait for each other at every layer (docs/performance.md).
    """

    def __init__(self, graph: Path, precision: str, filler: int, threads: int = 0) -> None:
        core = openvino.Core()
        cores = threads or _cores()
        self._streams = min(STREAMS, cores)
        config: dict[str, str | int] = {
            "NUM_STREAMS": self._streams,
            "INFERENCE_PRECISION_HINT": arithmetic(precision, core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")),
            "INFERENCE_NUM_THREADS": cores,
            "ENABLE_CPU_PINNING": "NO",  # several processes would all be pinned to the same core
            "ENABLE_MMAP": "NO",  # a file that is damaged later must not reach a model that is in use
        }
        try:
            compiled = core.compile_model(str(graph), "CPU", config)
        except RuntimeError as error:
            raise BundleError(
                f"{graph}: OpenVINO cannot run it ({error}); restore the bundle or train again"
            ) from error
        self._filler = filler
        self._free: SimpleQueue[openvino.InferRequest] = SimpleQueue()
        for _ in range(self._streams):
            self._free.put(compiled.create_infer_request())
        self._pool = ThreadPoolExecutor(self._streams, "sikap-stream")
        # OpenVINO takes numpy up when it first meets an array; two threads that do so at once can lock each other, and with them
        # the whole process, out for good. So one batch is read here, where no stream runs yet.
        self._run([[filler, filler]])

    def __call__(self, windows: Sequence[list[int]]) -> list[Logits]:
        """The logits of each window, in the order given, those of the special tokens left out."""
        groups = list(batches([len(window) for window in windows]))
        results: dict[int, Logits] = {}
        for group, found in zip(
            groups, self._pool.map(lambda g: self._run([windows[i] for i in g]), groups), strict=True
        ):
            results |= zip(group, found, strict=True)
        return [results[index] for index in range(len(windows))]

    def _run(self, batch: Sequence[list[int]]) -> list[Logits]:
        request = self._free.get()
        try:
            stance, tags, holders = request.infer(pad(batch, self._filler)).values()
            inner = [slice(1, len(window) - 1) for window in batch]
            return [
                Logits(stance[row].copy(), tags[row, place].copy(), holders[row, place].copy())
                for row, place in enumerate(inner)
            ]
        finally:
            self._free.put(request)

    def warm(self, longest: int) -> None:
        """Compile the kernels of every length up to `longest`, so that the first request does not wait for them."""
        for length in range(LENGTH_STEP, rounded(longest) + 1, LENGTH_STEP):
            list(self._pool.map(self._run, [[[self._filler] * length]] * self._streams))
