"""A load generator that costs little: keep-alive connections over asyncio, in a closed loop (clients) or an open one (rate)."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """One request: the status of its answer (0 where the connection broke), its time, and the paragraphs it asked about."""

    status: int
    seconds: float
    paragraphs: int


@dataclass(frozen=True)
class Job:
    """A request to send."""

    path: str
    body: bytes
    paragraphs: int

    @classmethod
    def of(cls, path: str, body: Any, paragraphs: int) -> "Job":
        return cls(path, json.dumps(body).encode(), paragraphs)


class Connection:
    """One keep-alive connection, opened again where it broke."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, job: Job) -> Outcome:
        began = time.perf_counter()
        try:
            status = await self._ask(job)
        except (OSError, EOFError):
            self.close()
            status = 0
        return Outcome(status, time.perf_counter() - began, job.paragraphs)

    async def _ask(self, job: Job) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        reader, writer = self._streams
        head = f"POST {job.path} HTTP/1.1\r\nHost: sikap\r\nContent-Type: application/json\r\nContent-Length: {len(job.body)}\r\n\r\n"
        writer.write(head.encode() + job.body)
        headers = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(headers.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        if b"connection: close" in headers:
            self.close()
        return int(headers.split(b" ", 2)[1])

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
        self._streams = None


async def closed_loop(port: int, jobs: Sequence[Job], clients: int, seconds: float) -> list[Outcome]:
    """Each client sends its next request when the last one is answered."""
    end = time.perf_counter() + seconds
    waiting: Iterator[Job] = itertools.cycle(jobs)
    outcomes: list[Outcome] = []

    async def client() -> None:
        connection = Connection(port)
        while time.perf_counter() < end:
            outcomes.append(await connection.ask(next(waiting)))
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return outcomes


async def open_loop(port: int, jobs: Sequence[Job], rate: float, seconds: float) -> list[Outcome]:
    """Requests leave at a fixed rate, whatever the answers do; a late answer counts from when its request was due."""
    free: list[Connection] = []

    async def one(job: Job, due: float) -> Outcome:
        connection = free.pop() if free else Connection(port)
        found = await connection.ask(job)
        free.append(connection)
        return Outcome(found.status, time.perf_counter() - due, job.paragraphs)

    began, tasks = time.perf_counter(), []
    for number, job in zip(range(int(rate * seconds)), itertools.cycle(jobs), strict=False):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(job, due)))
    outcomes = await asyncio.gather(*tasks)
    for connection in free:
        connection.close()
    return list(outcomes)


def quantile(outcomes: Iterable[Outcome], share: float) -> float:
    """Milliseconds within which this share of requests was answered."""
    times = sorted(outcome.seconds for outcome in outcomes)
    return 1000 * times[min(len(times) - 1, int(share * len(times)))] if times else float("nan")


def accepted(outcomes: Iterable[Outcome]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.status == HTTPStatus.OK]


def refused(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those that a server which is busy told so."""
    return [outcome for outcome in outcomes if outcome.status == HTTPStatus.TOO_MANY_REQUESTS]


def broken(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Those that were neither answered nor refused."""
    return [o for o in outcomes if o.status not in (HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS)]


def rate_of(outcomes: Iterable[Outcome], seconds: float) -> float:
    """Paragraphs a second among the requests that were answered."""
    return sum(outcome.paragraphs for outcome in accepted(outcomes)) / seconds
