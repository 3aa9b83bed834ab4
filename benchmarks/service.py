"""The service under load: throughput beside the raw runtime, latency, fairness, overload, start, memory, a killed worker.

Run by `make bench`; `python benchmarks/service.py --seconds 5` is a quick look. Client and server share the machine, so
what the client takes is missing from the server: the figures are a lower bound. Each figure stands beside its aim.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import Sequence

from load import Job, Outcome, accepted, broken, closed_loop, open_loop, quantile, rate_of, refused
from rich.console import Console
from rich.table import Table
from server import Server

from labels.store import read_articles
from models.predictor import Predictor
from models.shelf import bundles_root, load_current
from serving.classifier import body_of, prepare

CLIENTS = 16


def article_jobs(number: int = 200) -> tuple[list[Job], list[str]]:
    """Whole articles as requests, and all the paragraphs that they make the model read."""
    texts = [article.text for article in read_articles()][:number]
    pieces = [body_of(prepare(text)) for text in texts]
    jobs = [Job.of("/v1/classify", {"text": text}, len(those)) for text, those in zip(texts, pieces, strict=True)]
    return jobs, [piece for those in pieces for piece in those]


def raw_rate(predictor: Predictor, paragraphs: Sequence[str], seconds: float) -> float:
    """Paragraphs a second of the model alone, read all at once."""
    predictor.predict(paragraphs)
    began, read = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        predictor.predict(paragraphs)
        read += len(paragraphs)
    return read / (time.perf_counter() - began)


def own_time(predictor: Predictor, paragraph: str, rounds: int = 200) -> float:
    """Milliseconds (median) of the model alone for one paragraph."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        predictor.predict([paragraph])
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


async def mixed(port: int, long: Job, short: Job, seconds: float) -> list[Outcome]:
    """Short requests at a steady pace while two clients send long articles without pause."""
    _, shorts = await asyncio.gather(closed_loop(port, [long], 2, seconds), open_loop(port, [short], 20, seconds))
    return shorts


class Figures:
    """A table of figures beside their aims."""

    def __init__(self) -> None:
        self.table = Table("figure", "measured", "aim", "")

    def add(self, name: str, value: float, unit: str, aim: float | None = None, most: bool = True) -> None:
        met = aim is None or (value <= aim if most else value >= aim)
        told = "" if aim is None else f"{'at most' if most else 'at least'} {aim:g} {unit}"
        self.table.add_row(name, f"{value:.3g} {unit}", told, "" if met else "missed")


def measure(seconds: float, figures: Figures) -> None:
    jobs, paragraphs = article_jobs()
    predictor = load_current(bundles_root()).predictor(warm=True)
    one = min(paragraphs, key=lambda text: abs(len(text) - 250))
    raw, alone = raw_rate(predictor, paragraphs, seconds), own_time(predictor, one)
    del predictor  # its threads must not stand beside the server's
    short = Job.of("/v1/classify", {"text": one}, 1)
    long = Job.of("/v1/classify", {"text": "\n".join((paragraphs * 5)[:300])}, 300)
    with Server() as server:
        figures.add("start to ready", server.started, "s", 5)
        run = asyncio.run
        run(closed_loop(server.port, jobs, CLIENTS, min(3, seconds)))
        served = rate_of(run(closed_loop(server.port, jobs, CLIENTS, seconds)), seconds)
        figures.add("raw runtime", raw, "paragraphs/s")
        figures.add(f"served, {CLIENTS} clients, articles", served, "paragraphs/s")
        figures.add("served of raw", 100 * served / raw, "%", 80, most=False)
        single = run(closed_loop(server.port, [short], 1, seconds))
        figures.add("one client, one paragraph: over the model's own time", quantile(single, 0.5) - alone, "ms", 3)
        each = sum(job.paragraphs for job in jobs) / len(jobs)
        steady = run(open_loop(server.port, jobs, 0.6 * served / each, seconds))
        figures.add("steady load (60 %): p50", quantile(steady, 0.5), "ms")
        figures.add("steady load (60 %): p99 / p50", quantile(steady, 0.99) / quantile(steady, 0.5), "x", 4)
        shorts = run(mixed(server.port, long, short, seconds))
        figures.add("short requests beside 300-paragraph articles: p50", quantile(shorts, 0.5), "ms")
        figures.add("short requests beside 300-paragraph articles: p99", quantile(shorts, 0.99), "ms")
        figures.add("memory", server.memory, "MB", 500)
        server.worker.kill()
        began = time.perf_counter()
        time.sleep(0.2)
        server.wait()
        figures.add("killed worker: ready again", time.perf_counter() - began, "s", 10)
    overload(seconds, jobs, figures)


def overload(seconds: float, jobs: Sequence[Job], figures: Figures) -> None:
    """More than it can serve, in two ways: those in keep their latency, the rest are told at once.

    Twice the rate that it serves is the usual overload. Four times the clients that are let in, which ask again at once
    whatever `Retry-After` says, is a denial of service.
    """
    with Server(SIKAP_IN_FLIGHT=str(CLIENTS)) as server:
        run = asyncio.run
        run(closed_loop(server.port, jobs, CLIENTS, min(3, seconds)))
        full = run(closed_loop(server.port, jobs, CLIENTS, seconds))
        rate = 2 * len(accepted(full)) / seconds
        for name, outcomes in (
            ("twice the rate", run(open_loop(server.port, jobs, rate, seconds))),
            ("four times the clients", run(closed_loop(server.port, jobs, 4 * CLIENTS, seconds))),
        ):
            slower = quantile(accepted(outcomes), 0.99) / quantile(full, 0.99)
            figures.add(f"{name}: accepted p99, of that at saturation", slower, "x", 2)
            figures.add(f"{name}: 429 within (p50)", quantile(refused(outcomes), 0.5), "ms")
            figures.add(f"{name}: 429 within (p99)", quantile(refused(outcomes), 0.99), "ms")
            figures.add(f"{name}: broken", len(broken(outcomes)), "requests", 0)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=20, help="of each measurement")
    seconds = arguments.parse_args().seconds
    figures = Figures()
    measure(seconds, figures)
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    Console().print(f"{os.cpu_count()} cores, {seconds:g} s each, load average at the end {load}")
    Console().print(figures.table)


if __name__ == "__main__":
    main()
