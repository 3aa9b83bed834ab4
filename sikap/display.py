"""How a folder run shows itself: to a reader on a terminal, to a program as JSON lines, or not at all."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from serving.documents import Found
    from serving.folder import Progress as Done
    from serving.scoring import Counts, Reason

EVERY = 1.0  # seconds between two JSON lines


class Display(Protocol):
    """Shows a run from its start to its summary."""

    def start(self, found: "Found") -> None:
        """Say what was found."""

    def show(self, done: "Done") -> None:
        """Say how far the run is."""

    def finish(self, found: "Found", done: "Done", files: list[Path]) -> None:
        """Sum up."""

    def __enter__(self) -> "Display": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Rate:
    """Paragraphs a second and seconds left, counted from what this run itself has done."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._began = clock, clock()

    def of(self, done: "Done", size: int) -> tuple[float, float | None]:
        """The rate, and the time left where it can be told."""
        seconds = self._clock() - self._began
        scored = done.counts.paragraphs - done.reused.paragraphs
        read = done.bytes - done.reused_bytes
        left = seconds * (size - done.bytes) / read if read > 0 else None
        return (scored / seconds if seconds > 0 else 0.0), left


class Quiet:
    """Says nothing: the exit code and the table tell."""

    def start(self, found: "Found") -> None:
        """Nothing."""

    def show(self, done: "Done") -> None:
        """Nothing."""

    def finish(self, found: "Found", done: "Done", files: list[Path]) -> None:
        """Nothing."""

    def __enter__(self) -> "Quiet":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class JsonLines(Quiet):
    """An object a line: `started`, then at most once a second `progress`, at the end `finished`."""

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._clock = out or sys.stdout, clock
        self._rate = Rate(clock)
        self._size = 0
        self._last: float | None = None

    def start(self, found: "Found") -> None:
        """The event `started`."""
        self._size = found.size
        self._tell("started", files=found.files, bytes=found.size, skipped=dict(found.skipped))

    def show(self, done: "Done") -> None:
        """The event `progress`."""
        if self._last is None or self._clock() - self._last >= EVERY:
            self._last = self._clock()
            rate, left = self._rate.of(done, self._size)
            self._tell(
                "progress", **_counted(done), bytes=done.bytes, paragraphs_per_second=round(rate, 1),
                seconds_left=None if left is None else round(left),
            )  # fmt: skip

    def finish(self, found: "Found", done: "Done", files: list[Path]) -> None:
        """The event `finished`."""
        counts = done.counts
        self._tell(
            "finished", **_counted(done), stances=dict(counts.stances), uncertain=counts.uncertain,
            failures=dict(counts.failures), skipped=dict(found.skipped),
            reasons=[{"reason": why, **reason._asdict()} for why, reason in _by_number(counts)],
            notes=list(done.says), files=[str(file) for file in files],
        )  # fmt: skip

    def _tell(self, event: str, **values: Any) -> None:
        print(json.dumps({"event": event, **values}, ensure_ascii=False), file=self._out, flush=True)


def _counted(done: "Done") -> dict[str, int]:
    return {
        "documents": done.counts.documents,
        "paragraphs": done.counts.paragraphs,
        "failed": done.counts.failures.total(),
        "reused_documents": done.reused.documents,
    }


class Bar(Quiet):
    """A progress bar, and a summary of how many of what and where."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (
            TextColumn("scoring"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[documents]:,} documents, {task.fields[rate]:,.0f} paragraphs/s"),
            TimeRemainingColumn(),
        )  # fmt: skip
        self._progress = Progress(*columns, console=console)
        self._task: TaskID | None = None
        self._rate = Rate()
        self._size = 0

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def start(self, found: "Found") -> None:
        """The bar, empty."""
        self._size = found.size
        self._task = self._progress.add_task("", total=max(1, found.size), documents=0, rate=0.0)

    def show(self, done: "Done") -> None:
        """The bar, as far as bytes have been gone through."""
        if self._task is not None:
            rate, _ = self._rate.of(done, self._size)
            self._progress.update(self._task, completed=done.bytes, documents=done.counts.documents, rate=rate)

    def finish(self, found: "Found", done: "Done", files: list[Path]) -> None:
        """The summary."""
        self._progress.stop()
        counts = done.counts
        failed = counts.failures.total()
        self._say(
            f"{' and '.join(map(str, files))}: {counts.paragraphs:,} paragraphs of {counts.documents - failed:,} documents"
        )
        if counts.stances:
            self._say(f"{_listed(counts.stances)}; {counts.uncertain:,} of them uncertain")
        if done.reused.documents:
            self._say(f"{done.reused.documents:,} documents were scored by an earlier run and have not changed")
        for words, times in done.says.items():
            self._say(f"{words}" + (f" ({times:,} files)" if times > 1 else ""))
        if found.skipped:
            self._say(f"passed over: {_listed(found.skipped)}")
        if failed:
            self._say(f"{failed:,} documents failed ({_listed(counts.failures)}); their rows say why in `error`:")
        for why, (documents, path) in _by_number(counts):
            self._say(f"  {documents:,}: {why} ({path}{' and others' if documents > 1 else ''})")

    def _say(self, words: str) -> None:
        self._console.print(words, markup=False, highlight=False, soft_wrap=True)


def _by_number(counts: "Counts") -> "list[tuple[str, Reason]]":
    return sorted(counts.reasons.items(), key=lambda item: -item[1].documents)


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in Counter(counts).most_common())
