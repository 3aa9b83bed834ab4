"""A server process to measure: started, waited for, weighed, ended."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server, `sikap serve` unless told otherwise; `{port}` in the command is replaced.

    `started` are the seconds from its start until `ready` answered 200.
    """

    def __init__(self, command: Sequence[str] = (), ready: str = "/readyz", **environment: str) -> None:
        self.port = free_port()
        ours = (sys.executable, "-m", "sikap", "serve", "--port", "{port}")
        self._command = [part.replace("{port}", str(self.port)) for part in command or ours]
        self._ready, self._environment = ready, environment

    def __enter__(self) -> Self:
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._log = (Path(self._home.name) / "log").open("wb")
        environment = {**os.environ, "BENTOML_HOME": self._home.name, "PORT": str(self.port), **self._environment}
        began = time.perf_counter()
        self.process = subprocess.Popen(self._command, cwd=ROOT, env=environment, stdout=self._log, stderr=self._log)
        self.wait()
        self.started = time.perf_counter() - began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        for process in [self.process, *family]:  # some leave their children behind
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._log.close()
        self._home.cleanup()

    def wait(self, patience: float = 300) -> None:
        """Until it is ready."""
        end = time.perf_counter() + patience
        while time.perf_counter() < end:
            if self.process.poll() is not None:
                raise RuntimeError((Path(self._home.name) / "log").read_text()[-3000:])
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self._ready}", timeout=5) as answer:
                    if answer.status == 200:
                        return
            except (OSError, urllib.error.URLError):
                pass
            time.sleep(0.02)
        raise RuntimeError(f"not ready within {patience} seconds")

    @property
    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    @property
    def worker(self) -> psutil.Process:
        return next(p for p in self.processes if any("worker" in part for part in p.cmdline()))

    @property
    def memory(self) -> float:
        """MB that its processes hold for themselves, and their share of what they hold together."""
        return sum(process.memory_full_info().pss for process in self.processes) / 1e6
