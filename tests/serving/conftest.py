"""Fixtures: real server processes, asked over HTTP; and a classifier that needs no trained model."""

from __future__ import annotations

import json
import os
import shutil
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
from models.shelf import bundles_root, current_bundle
from serving.classifier import Classifier
from serving.documents import Columns, Found, find_documents
from serving.engine import LocalEngine
from serving.folder import Progress, run_settings, score_folder
from serving.pieces import FILES
from serving.scoring import Scorer
from tests.serving.folder_client import Score, Whole

pytest.register_assert_rewrite(
    "tests.serving.clients", "tests.serving.edge_client"
)  # its assertions tell what they found

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
        self.began = self.started = 0.0

    def start(self, command: tuple[str, ...] = ("-m", "sikap", "serve"), output: Path | None = None) -> Server:
        self.began = time.monotonic()
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
                    self.started = self.started or time.monotonic() - self.began
                    return self
            except httpx.TransportError:
                assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        raise AssertionError(f"/readyz never answered {status}: {self.log.read_text()}")

    def allowed(self, seconds: float) -> float:
        """So many seconds, or as many as it took to start, where the machine is too busy for that."""
        return max(seconds, self.started)

    @property
    def workers(self) -> list[psutil.Process]:
        assert self.process
        children = psutil.Process(self.process.pid).children(recursive=True)
        alive = [child for child in children if child.status() != psutil.STATUS_ZOMBIE]
        return [child for child in alive if any("worker" in part for part in child.cmdline())]

    def stop(self, within: float = PATIENCE) -> str:
        """End it as an operator would; what it had logged."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(timeout=within) == 0
        self.client.close()
        return self.log.read_text() if self.log.exists() else ""


StartServer = Callable[..., Server]


@pytest.fixture(scope="module")
def new_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Make servers that are ended with the tests of a module; keywords are environment variables."""
    made: list[Server] = []

    def make(**environment: str) -> Server:
        made.append(Server(tmp_path_factory.mktemp("home"), **environment))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture(scope="module")
def start_server(new_server: StartServer) -> StartServer:
    """Start servers that are ready when this returns."""
    return lambda **environment: new_server(**environment).start().wait_until(200)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The shipped bundle twice, as uji/1 (current) and uji/2."""
    shipped = bundles_root() / current_bundle(bundles_root())
    for version in ("1", "2"):
        folder = tmp_path / "uji" / version
        shutil.copytree(shipped, folder)
        manifest = json.loads((folder / "bundle.json").read_text())
        (folder / "bundle.json").write_text(json.dumps(manifest | {"name": "uji", "version": version}))
    (tmp_path / "current").write_text("uji/1\n")
    return tmp_path


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


@pytest.fixture(scope="module")  # while it is there its event loop is the thread's, and nobody else can have one
def browser() -> Iterator[Any]:
    """A real Chromium, for tests marked by `tests.serving.browsing.IN_CHROMIUM`."""
    from playwright.sync_api import sync_playwright

    from tests.serving.browsing import CHROMIUM

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def score(cue_classifier: Callable[..., Classifier]) -> Callable[..., Progress]:
    """Score paths with the cue classifier, or with the model that is given."""

    def run(
        folder: Path | Sequence[Path] | Found,
        out: Path,
        model: Classifier | None = None,
        min_confidence: float | None = None,
        columns: Columns = Columns(),  # noqa: B008
        **options: Any,
    ) -> Progress:
        used = model or cue_classifier()
        settings = run_settings(used.bundle.manifest, used.bundle.digest, min_confidence, columns)
        engine = LocalEngine(Scorer(used, min_confidence))
        found = (
            folder if isinstance(folder, Found) else find_documents([folder] if isinstance(folder, Path) else folder)
        )
        return score_folder(found, out, engine, settings, columns, **options)

    return run


@pytest.fixture
def undisturbed(tmp_path: Path, score: Score) -> Whole:
    """The table that a run gives from its start to its end, with nothing of an earlier one."""

    def run(folder: Path, model: Classifier | None = None) -> bytes:
        whole = tmp_path / "whole.jsonl"
        score(folder, whole, model, fresh=True)
        return whole.read_bytes()

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two shards and two documents more, one of which cannot be read."""
    folder = tmp_path / "berita"
    folder.mkdir()
    for number in range(2 * FILES + 1):
        text = f"Menteri{number} membantah kabar itu.\nHujan turun {number} jam."
        (folder / f"{number:04}.txt").write_text(text, encoding="utf-8")
    (folder / "0100x.txt").write_bytes(b"\xff\xff")
    return folder
