"""Clients of a real server for the tests of faults: load that does not pause, single questions, a metric, a wait."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx

TEXT = "Warga mengecam penutupan jembatan itu.\nDinas membantah tuduhan tersebut."
LONG = "Dinas membantah tuduhan bahwa warga tidak diberi tahu soal penutupan jembatan lama di tepi kanal.\n" * 1_900


@contextmanager
def load(port: int, ask: Callable[[httpx.Client], Any], clients: int = 4) -> Iterator[list[Future[list[Any]]]]:
    """While this lasts, clients ask one request after the other; afterwards each has the list of its answers."""
    done = threading.Event()

    def work() -> list[Any]:
        answers = []
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
            while not done.is_set():
                answers.append(ask(client))
        return answers

    with ThreadPoolExecutor(clients) as pool:
        futures = [pool.submit(work) for _ in range(clients)]
        try:
            yield futures
        finally:
            done.set()


def version(client: httpx.Client) -> str:
    response = client.post("/v1/classify", json={"text": TEXT})
    assert response.status_code == 200, response.text
    return str(response.json()["model"]["version"])


def sikap(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sikap", *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


def metric(client: httpx.Client, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (.+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def wait_for(reached: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1_200):
        if reached():
            return
        pause.wait(0.1)
    raise AssertionError("it never came to that")
