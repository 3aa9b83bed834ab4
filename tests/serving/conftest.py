"""Fixtures: real server processes, asked over HTTP; and a classifier that needs no trained model."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psutil
import pytest

from labels.stance import Stance
from models.decoding import Evidence, Prediction
from serving.classifier import Classifier

pytest.register_assert_rewrite("tests.serving.edge_client")  # its assertions tell what they found

PATIENCE = 120  # seconds until a test that hangs fails


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`sikap serve` in a process of its own."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.port, self.home = free_port(), home
        self.log = home / "log"
        self.environment = {**os.environ, "BENTOML_HOME": str(home), **environment}
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, command: tuple[str, ...] = ("-m", "sikap", "serve"), output: Path | None = None) -> Server:
        with (output or self.log).open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command, "--port", str(self.port)],
                env=self.environment, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return self

    def wait_until(self, status: int) -> Server:
        """Until `/readyz` answers with this status."""
        assert self.process
        for _ in range(PATIENCE * 10):
            try:
                if self.client.get("/readyz").status_code == status:
                    return self
            except httpx.TransportError:
                assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        raise AssertionError(f"/readyz never answered {status}: {self.log.read_text()}")

    @property
    def workers(self) -> list[psutil.Process]:
        assert self.process
        children = psutil.Process(self.process.pid).children(recursive=True)
        alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        return [child for child in alive if any("worker" in part for part in child.cmdline())]

    def stop(self) -> str:
        """End it as an operator would; what it had logged."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=PATIENCE) == 0
        self.client.close()
        return self.log.read_text() if self.log.exists() else ""


StartServer = Callable[..., Server]


@pytest.fixture(scope="session")
def new_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Make servers that are ended with the tests; keywords are environment variables."""
    made: list[Server] = []

    def make(**environment: str) -> Server:
        made.append(Server(tmp_path_factory.mktemp("home"), **environment))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="session")
def start_server(new_server: StartServer) -> StartServer:
    """Start servers that are ready when this returns."""
    return lambda **environment: new_server(**environment).start().wait_until(200)


class CuePredictor:
    """Finds a denial held by the word before it; is stopped at a given call, or fails on texts that hold a word."""

    def __init__(self, stop_at: int | None = None, fails_on: str | None = None) -> None:
        self.calls, self.stop_at, self.fails_on = 0, stop_at, fails_on

    def predict(self, paragraphs: Sequence[str]) -> list[Prediction]:
        return self.decoded(paragraphs, None, self.logits(self.tokens(paragraphs)))

    def tokens(self, paragraphs: Sequence[str]) -> Sequence[str]:
        return paragraphs

    def logits(self, tokens: Sequence[str]) -> Sequence[str]:
        self.calls += 1
        if self.calls == self.stop_at:
            raise KeyboardInterrupt
        if self.fails_on and any(self.fails_on in text for text in tokens):
            raise RuntimeError("out of memory")
        return tokens

    def decoded(self, paragraphs: Sequence[str], _: object, __: object) -> list[Prediction]:
        return [self.one(text) for text in paragraphs]

    def one(self, text: str) -> Prediction:
        place = text.find("membantah")
        if place < 0:
            return Prediction((0.1, 0.1, 0.1, 0.7), ())
        span = Evidence(place, place + len("membantah"), Stance.DENIAL, 0.8, (0, max(1, place - 1)))
        return Prediction((0.1, 0.1, 0.6, 0.2), (span,))


@pytest.fixture
def cue_classifier() -> Callable[..., Classifier]:
    """Make a classifier of a given version; keywords go to its CuePredictor."""

    def make(version: str = "1", **options: Any) -> Classifier:
        manifest = SimpleNamespace(
            name="tiruan",
            version=version,
            encoder="tidak ada",
            threshold=lambda _: 0.5,
            thresholds=[0.5] * 4,
            window=32,
        )
        bundle: Any = SimpleNamespace(manifest=manifest, digest="", predictor=lambda *_: CuePredictor(**options))
        return Classifier(bundle)

    return make
