"""The micro-batcher: one thread that runs the model for all requests, in rounds that they share evenly."""

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final, Protocol

from models.decoding import Prediction
from models.tokenizing import Tokens
from sikap.errors import BusyError, DeadlineError, NotReadyError

ROUND: Final = 4_096  # tokens that the model reads at once, over all requests: four of the runtime's batches
CHUNK: Final = 16  # paragraphs that a request has tokenised at once
LONGEST_RETRY: Final = 60  # seconds
FIRST_RATE: Final = 300.0  # paragraphs a second that are taken for granted until some were read


class Reader(Protocol):
    """What reads paragraphs, in two steps: a `Predictor`."""

    def tokens(self, paragraphs: Sequence[str]) -> list[Tokens]:
        """Tokenise paragraphs."""
        ...

    def read(self, paragraphs: Sequence[str], tokens: Sequence[Tokens]) -> list[Prediction]:
        """Run the model over tokenised paragraphs."""
        ...


@dataclass(frozen=True)
class Reading:
    """What a request got: predictions, how many tokens were read, and the seconds of each stage."""

    predictions: list[Prediction]
    tokens: int = 0
    stages: dict[str, float] = field(default_factory=dict)


@dataclass(eq=False)
class _Job:
    """A request on its way: `done` is read, `ready` is tokenised, `taken` of those are in the round that runs."""

    paragraphs: Sequence[str]
    reader: Reader
    future: "Future[Reading]" = field(default_factory=Future)
    done: list[Prediction] = field(default_factory=list)
    ready: list[Tokens] = field(default_factory=list)
    taken: int = 0
    tokens: int = 0
    tokenising: float = 0.0
    modelling: float = 0.0
    since: float = field(default_factory=time.perf_counter)

    @property
    def left(self) -> int:
        return len(self.paragraphs) - len(self.done)

    def take(self, room: int, least: int = 0) -> int:
        """Take paragraphs into the round while they fit into `room` tokens, at least `least`; how many tokens they have."""
        used = 0
        while self.taken < self.left:
            size = self._size_of_next()
            if used + size > room and self.taken >= least:
                break
            used += size
            self.taken += 1
        self.tokens += used
        return used

    def _size_of_next(self) -> int:
        if self.taken == len(self.ready):
            start = len(self.done) + len(self.ready)
            began = time.perf_counter()
            self.ready += self.reader.tokens(self.paragraphs[start : start + CHUNK])
            self.tokenising += time.perf_counter() - began
        return len(self.ready[self.taken].ids) + 2  # with [CLS] and [SEP]

    @property
    def texts(self) -> Sequence[str]:
        return self.paragraphs[len(self.done) : len(self.done) + self.taken]

    def advance(self, predictions: Sequence[Prediction], seconds: float) -> None:
        """Note what the round gave."""
        self.done += predictions
        del self.ready[: self.taken]
        self.taken = 0
        self.modelling += seconds

    def reading(self) -> Reading:
        waited = time.perf_counter() - self.since - self.tokenising - self.modelling
        stages = {"queue": max(0.0, waited), "tokenise": self.tokenising, "model": self.modelling}
        return Reading(self.done, self.tokens, stages)


class Batcher:
    """Runs the model in one thread.

    Every round has a budget of tokens, of which each waiting request gets an equal share, so that a long article
    cannot hold up a short one; what some do not need goes to the others.

    Args:
        wait: seconds that a request may have to wait for others; one that would wait longer is refused.
        deadline: seconds after which a request is given up, and its work dropped.
    """

    def __init__(self, wait: float = 3.0, deadline: float = 60.0) -> None:
        self._wait, self._deadline = wait, deadline
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._rate = FIRST_RATE  # paragraphs a second, as of late
        self._thread = threading.Thread(target=self._work, name="sikap-model", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Paragraphs that wait or are being read."""
        with self._changed:
            return sum(job.left for job in self._jobs)

    async def read(self, paragraphs: Sequence[str], reader: Reader) -> Reading:
        """Have `reader` read paragraphs. Raises BusyError where it would wait too long for others, DeadlineError."""
        if not paragraphs:
            return Reading([])
        job = _Job(paragraphs, reader)
        self._enqueue(job)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(job.future), self._deadline)
        except TimeoutError:
            raise DeadlineError(
                f"no answer within {self._deadline:g} seconds; send less text at once, or try again"
            ) from None

    def _enqueue(self, job: _Job) -> None:
        with self._changed:
            if self._closed:
                raise NotReadyError("the service is stopping; send the request again")
            # Rounds are shared evenly, so while this one is read, of each other as much is read as this one has.
            wait = sum(min(other.left, job.left) for other in self._jobs) / self._rate
            if wait > self._wait:
                raise BusyError(
                    f"the wait is about {wait:.1f} seconds, expected at most {self._wait:g}; try again after Retry-After seconds",
                    min(LONGEST_RETRY, math.ceil(wait)),
                )
            self._jobs.append(job)
            self._changed.notify()

    def close(self) -> None:
        """Finish the round that is running and stop the thread; what still waits is told so."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=10)
        for job in self._jobs:
            _fail(job, NotReadyError("the service is stopping; send the request again"))

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if self._closed:
                    return
                jobs = self._waiting_jobs()
            if turn := self._next_turn(jobs):
                self._run(turn)

    def _waiting_jobs(self) -> list[_Job]:
        """The jobs that still want an answer; a round has one reader, so those of the first one's."""
        given_up = [job for job in self._jobs if job.future.cancelled()]
        for job in given_up:
            self._jobs.remove(job)
        return [job for job in self._jobs if job.reader is self._jobs[0].reader]

    def _next_turn(self, jobs: list[_Job]) -> list[_Job]:
        """The jobs that have a part in the next round: each an equal share of it, then what is left in order of arrival."""
        room = ROUND
        for least in (1, 0):
            share = room // max(1, len(jobs)) if least else room
            for job in list(jobs):
                if room <= 0:
                    break
                try:
                    room -= job.take(min(share, room), least)
                except Exception as error:  # a text that the tokenizer chokes on is its own request's failure
                    jobs.remove(job)
                    self._drop([job], error)
        return [job for job in jobs if job.taken]

    def _run(self, turn: list[_Job]) -> None:
        began = time.perf_counter()
        try:
            predictions = turn[0].reader.read(
                [text for job in turn for text in job.texts], [t for job in turn for t in job.ready[: job.taken]]
            )
        except Exception as error:  # one request's failure is told to it, and the thread lives on
            if len(turn) == 1:
                return self._drop(turn, error)
            for job in turn:  # whose fault it is shows when each is read alone
                self._run([job])
            return None
        seconds = time.perf_counter() - began
        self._rate += 0.2 * (len(predictions) / max(seconds, 1e-6) - self._rate)
        start = 0
        for job in turn:
            end = start + job.taken
            job.advance(predictions[start:end], seconds)
            start = end
        self._settle(turn)

    def _settle(self, turn: list[_Job]) -> None:
        """Answer the jobs that are done; the others go to the end of the queue."""
        with self._changed:
            for job in turn:
                self._jobs.remove(job)
                if job.left:
                    self._jobs.append(job)
        for job in turn:
            if not job.left and job.future.set_running_or_notify_cancel():
                job.future.set_result(job.reading())

    def _drop(self, jobs: list[_Job], error: Exception) -> None:
        with self._changed:
            for job in jobs:
                self._jobs.remove(job)
        for job in jobs:
            _fail(job, error)


def _fail(job: _Job, error: Exception) -> None:
    if job.future.set_running_or_notify_cancel():
        job.future.set_exception(error)
