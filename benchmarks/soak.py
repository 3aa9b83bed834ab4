"""A soak: 100,000 requests over 20 minutes, with what the server's memory did meanwhile.

Short articles of three or four paragraphs, so that this is a load which two cores carry with room to spare: what share of
the machine's own speed it is, is measured first and told. `python benchmarks/soak.py --requests 200 --seconds 10` is a quick
look. Ends with 1 where a request was refused (429) or failed, or memory grew.
"""

import argparse
import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Sequence

from load import Job, Outcome, accepted, broken, closed_loop, open_loop, quantile, refused
from rich.console import Console
from server import Server
from service import CLIENTS, Figures, article_jobs

FLAT = 5.0  # per cent that the memory may grow from the end of the first tenth on
MARKS = 20  # times that the memory is told: each minute, of 20
WEIGHINGS = 12  # a mark


def short_jobs() -> list[Job]:
    """Requests of three and four paragraphs in turn, cut from the project's articles."""
    paragraphs, jobs = iter(article_jobs()[1]), []
    for number in itertools.cycle((3, 4)):
        those = list(itertools.islice(paragraphs, number))
        if len(those) < number:
            return jobs
        jobs.append(Job.of("/v1/classify", {"text": "\n".join(those)}, number))


async def watched(
    server: Server, jobs: Sequence[Job], rate: float, seconds: float, memory: list[tuple[float, float]]
) -> list[Outcome]:
    """The outcomes of requests at this rate; `memory` takes what the server weighs meanwhile, in MB, by second."""

    async def weigh() -> None:
        began = time.perf_counter()
        for mark in range(1, WEIGHINGS * MARKS + 1):
            await asyncio.sleep(max(0.0, began + mark * seconds / (WEIGHINGS * MARKS) - time.perf_counter()))
            memory.append((time.perf_counter() - began, server.memory))
            if mark % WEIGHINGS == 0:
                at, weight = memory[-1]
                Console().print(f"{at:7.0f} s  {int(rate * min(at, seconds)):7,} requests sent  {weight:6.1f} MB")

    outcomes, _ = await asyncio.gather(open_loop(server.port, jobs, rate, seconds), weigh())
    return outcomes


def growth(memory: Sequence[tuple[float, float]], seconds: float) -> tuple[float, float]:
    """MB a minute (least squares), and per cent by that line, from the end of the first tenth on."""
    settled = [(at, weight) for at, weight in memory if at > 0.1 * seconds]
    line = statistics.linear_regression(*zip(*settled, strict=True))
    start = line.intercept + line.slope * settled[0][0]
    return 60 * line.slope, 100 * line.slope * (settled[-1][0] - settled[0][0]) / start


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=100_000)
    arguments.add_argument("--seconds", type=float, default=1_200)
    given = arguments.parse_args()
    jobs, rate = short_jobs(), given.requests / given.seconds
    memory: list[tuple[float, float]] = []
    figures = Figures()
    with Server() as server:
        warming = min(20, given.seconds)
        asyncio.run(closed_loop(server.port, jobs, CLIENTS, warming))
        most = len(accepted(asyncio.run(closed_loop(server.port, jobs, CLIENTS, warming)))) / warming
        Console().print(
            f"{rate:.0f} requests a second, {100 * rate / most:.0f} % of the {most:.0f} that are served at most"
        )
        outcomes = asyncio.run(watched(server, jobs, rate, given.seconds, memory))
    slope, grown = growth(memory, given.seconds)
    figures.add("refused", len(refused(outcomes)), "requests", 0)
    figures.add("failed", len(broken(outcomes)), "requests", 0)
    figures.add("share of what is served at most", 100 * rate / most, "%", 80)
    figures.add("p99", quantile(outcomes, 0.99), "ms")
    figures.add("memory at most", max(weight for _, weight in memory), "MB", 500)
    figures.add("memory, slope after a tenth", slope, "MB/minute")
    figures.add("memory, grown after a tenth", grown, "%", FLAT)
    Console().print(f"{len(outcomes):,} requests in {given.seconds:g} s")
    Console().print(figures.table)
    return int(grown > FLAT or len(accepted(outcomes)) < len(outcomes))


if __name__ == "__main__":
    sys.exit(main())
