"""A soak: 100,000 requests over 20 minutes, with what the server's memory did meanwhile.

`python benchmarks/soak.py --requests 2000 --minutes 1` is a quick look. Ends with 1 where a request failed, or memory grew.
"""

import argparse
import asyncio
import sys
import time

from load import closed_loop, open_loop
from rich.console import Console
from server import Server
from service import article_jobs

FLAT = 1.05  # how much larger the memory may be at the end than after the first tenth


async def watched(server: Server, rate: float, seconds: float, memory: list[float]) -> list[int]:
    jobs = [job for job in article_jobs()[0] if job.paragraphs <= 12]

    async def weigh() -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            memory.append(server.memory)
            await asyncio.sleep(seconds / 40)

    outcomes, _ = await asyncio.gather(open_loop(server.port, jobs, rate, seconds), weigh())
    return [outcome.status for outcome in outcomes]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--requests", type=int, default=100_000)
    arguments.add_argument("--minutes", type=float, default=20)
    given = arguments.parse_args()
    seconds = 60 * given.minutes
    memory: list[float] = []
    with Server() as server:
        asyncio.run(closed_loop(server.port, article_jobs()[0], 16, 5))
        statuses = asyncio.run(watched(server, given.requests / seconds, seconds, memory))
        memory.append(server.memory)
    settled = max(memory[: max(1, len(memory) // 10)])
    failed = sum(status != 200 for status in statuses)
    Console().print(f"{len(statuses)} requests in {given.minutes:g} minutes, {failed} failed")
    Console().print(
        f"memory {settled:.0f} MB after a tenth, {memory[-1]:.0f} MB at the end, {max(memory):.0f} MB at most"
    )
    return int(failed > 0 or memory[-1] > FLAT * settled)


if __name__ == "__main__":
    sys.exit(main())
