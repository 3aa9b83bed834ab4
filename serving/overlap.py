"""Overlap: items that go through several stages, each stage in a thread of its own."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Any, Final

AHEAD: Final = 1  # items that wait between two stages; more would only fill the memory
_LOOK: Final = 0.1  # seconds between two looks at whether to stop
_END: Final = object()


class _Failure:
    """An exception on its way to the consumer."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def overlapped(items: Iterable[Any], stages: Sequence[Callable[[Any], Any]]) -> Generator[Any, None, None]:
    """`items` through all `stages`, in order. The last stage runs where it is asked for, the others ahead of it.

    What a stage raises is raised here. When the consumer stops early, every stage ends after the item it is at.
    """
    stop = Event()
    threads = []
    flow: Iterator[Any] = iter(items)
    for stage in stages[:-1]:
        queue: Queue[Any] = Queue(AHEAD)
        threads.append(Thread(target=_work, args=(flow, stage, queue, stop), daemon=True))
        flow = _taken(queue, stop)
    for thread in threads:
        thread.start()
    try:
        for item in flow:
            yield stages[-1](item)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _work(flow: Iterator[Any], stage: Callable[[Any], Any], queue: "Queue[Any]", stop: Event) -> None:
    try:
        for item in flow:
            _give(stage(item), queue, stop)
            if stop.is_set():
                return
        _give(_END, queue, stop)
    except BaseException as error:  # it belongs to the consumer, whatever it is
        _give(_Failure(error), queue, stop)


def _give(item: Any, queue: "Queue[Any]", stop: Event) -> None:
    while not stop.is_set():
        try:
            return queue.put(item, timeout=_LOOK)
        except Full:
            continue


def _taken(queue: "Queue[Any]", stop: Event) -> Iterator[Any]:
    while not stop.is_set():
        try:
            item = queue.get(timeout=_LOOK)
        except Empty:
            continue
        if item is _END:
            return
        if isinstance(item, _Failure):
            raise item.error
        yield item
