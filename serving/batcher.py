"""The micro-batcher: one thread that runs the model for all requests, taking turns between them."""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from models.decoding import Prediction
from serving.classifier import Predict
from sikap.errors import BusyError, DeadlineError

ROUND = 64  # paragraphs that the model reads at once, over all requests
SHARE = 16  # paragraphs that one request may have in a round while others wait
QUEUE = 6_000  # paragraphs that may wait
DEADLINE = 60.0  # seconds


@dataclass(eq=False)
class _Job:
    paragraphs: Sequence[str]
    predict: Predict
    future: "Future[list[Prediction]]" = field(default_factory=Future)
    done: list[Prediction] = field(default_factory=list)

    @property
    def left(self) -> int:
        return len(self.paragraphs) - len(self.done)


class Batcher:
    """Runs predictions in one thread. Long requests are read in turns, so that short ones need not wait for their end."""

    def __init__(self, queue: int = QUEUE, deadline: float = DEADLINE) -> None:
        self._queue, self._deadline = queue, deadline
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="sikap-model", daemon=True)
        self._thread.start()

    async def predict(self, paragraphs: Sequence[str], predict: Predict) -> list[Prediction]:
        """Predictions by `predict`. Raises BusyError where too much waits already, DeadlineError where it takes too long."""
        if not paragraphs:
            return []
        job = _Job(paragraphs, predict)
        with self._changed:
            waiting = sum(other.left for other in self._jobs)
            if waiting + len(paragraphs) > self._queue and waiting:
                raise BusyError(
                    f"{waiting:,} paragraphs are waiting, expected at most {self._queue:,}; try again in a moment"
                )
            self._jobs.append(job)
            self._changed.notify()
        try:
            return await asyncio.wait_for(asyncio.wrap_future(job.future), self._deadline)
        except TimeoutError:
            raise DeadlineError(
                f"no answer within {self._deadline:g} seconds; send less text at once, or try again"
            ) from None

    def close(self) -> None:
        """Finish the round that is running and stop the thread; what still waits is told so."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout=10)
        for job in self._jobs:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(BusyError("the service is stopping; send the request again"))

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._jobs or self._closed)
                if self._closed:
                    return
                turn = self._next_turn()
            if turn:
                self._run(turn)

    def _next_turn(self) -> list[tuple[_Job, int]]:
        """The jobs of one round, all with the first one's model, each with how many of its paragraphs are read."""
        while self._jobs and self._jobs[0].future.cancelled():
            self._jobs.popleft()
        turn: list[tuple[_Job, int]] = []
        room = ROUND
        for job in list(self._jobs):
            if room <= 0 or job.predict != self._jobs[0].predict or job.future.cancelled():
                continue
            taken = min(room, job.left, SHARE if len(self._jobs) > 1 else ROUND)
            turn.append((job, taken))
            room -= taken
        return turn

    def _run(self, turn: list[tuple[_Job, int]]) -> None:
        texts = [text for job, taken in turn for text in job.paragraphs[len(job.done) : len(job.done) + taken]]
        try:
            predictions = turn[0][0].predict(texts)
        except Exception as error:  # one request's failure is told to it, and the thread lives on
            if len(turn) > 1:  # whose fault it is shows when each is read alone
                for part in turn:
                    self._run([part])
                return
            with self._changed:
                for job, _ in turn:
                    self._jobs.remove(job)
            for job, _ in turn:
                if job.future.set_running_or_notify_cancel():
                    job.future.set_exception(error)
            return
        start = 0
        for job, taken in turn:
            job.done += predictions[start : start + taken]
            start += taken
        with self._changed:
            for job, _ in turn:
                self._jobs.remove(job)
                if job.left and not job.future.cancelled():
                    self._jobs.append(job)  # to the end of the queue: the others come first
        for job, _ in turn:
            if not job.left and job.future.set_running_or_notify_cancel():
                job.future.set_result(job.done)
