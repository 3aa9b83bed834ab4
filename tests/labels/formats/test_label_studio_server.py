"""A real Label Studio, on loopback: our tasks go in, an annotator corrects one, the export comes back as articles.

It needs Label Studio in an environment of its own, on PATH or named by LABEL_STUDIO:
`python -m venv ls && ls/bin/pip install label-studio`, then
`LABEL_STUDIO=ls/bin/label-studio python -m pytest -m label_studio`.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from labels.article import Article, Span
from labels.formats.label_studio import CONFIGURATION
from labels.formats.registry import read, write
from labels.stance import Stance

EXECUTABLE = os.environ.get("LABEL_STUDIO") or shutil.which("label-studio")
TOKEN = "0123456789abcdef0123456789abcdef01234567"
# No telemetry, no look for a newer version; whatever would go out all the same meets a closed port.
QUIET = {
    "COLLECT_ANALYTICS": "false", "LATEST_VERSION_CHECK": "false", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": "",
    "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1",
}  # fmt: skip
TEXT = "Iran 😀 membantah tudingan itu.\nWarga mengecam\u00a0penutupan, kata mereka."
ARTICLES = [
    Article(
        "meja-1", "uji", "kawat", TEXT, "model", (Span(7, 30, Stance.DENIAL, (0, 4)),), title="Iran \u2018Tepis\u2019"
    ),
    Article("meja-2", "uji", "kawat", "Rapat berlangsung Senin.", "model", split="validation", date="2026-02-11"),
    Article("meja-3", "uji", "kawat", "Tidak dilihat siapa pun.", "model"),
]

pytestmark = [
    pytest.mark.label_studio,
    pytest.mark.skipif(not EXECUTABLE, reason="Label Studio is not installed; set LABEL_STUDIO to its executable"),
]


@dataclass(frozen=True)
class Server:
    """A Label Studio that answers at a port of loopback."""

    port: int

    def ask(self, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=60) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("label-studio")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = Server(free.getsockname()[1])
    command = [str(EXECUTABLE), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(found.port)]
    command += ["--data-dir", str(folder), "--username", "uji@example.org", "--password", "rahasia-uji"]
    command += ["--enable-legacy-api-token", "--user-token", TOKEN]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **QUIET}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(found, process, folder / "log")
            yield found
        finally:
            process.kill()
            process.wait()


def wait_for(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Its first start creates a database, which takes a minute."""
    for _ in range(600):
        try:
            server.ask("api/version")
        except OSError:
            assert process.poll() is None, log.read_text()[-2000:]
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"Label Studio did not start in time: {log.read_text()[-2000:]}")


def test_tasks_go_in_are_corrected_and_come_back(server: Server, tmp_path: Path) -> None:
    project = server.ask("api/projects", {"title": "uji", "label_config": CONFIGURATION.read_text(encoding="utf-8")})
    sent = tmp_path / "tasks.json"
    write(ARTICLES, sent)
    imported = server.ask(f"api/projects/{project['id']}/import", json.loads(sent.read_text(encoding="utf-8")))
    assert (imported["task_count"], imported["prediction_count"]) == (3, 3)

    # The annotator adds a condemnation with its holder to the first, submits the second as it is, never opens the third.
    first, second, _ = sorted(server.ask(f"api/projects/{project['id']}/tasks"), key=lambda task: task["data"]["id"])
    (proposed,) = server.ask(f"api/predictions?task={first['id']}")
    added = [
        mark("c1", TEXT.index("mengecam"), "mengecam\u00a0penutupan", "condemnation"),
        mark("h1", TEXT.index("Warga"), "Warga", "holder"),
    ]
    relation = {"type": "relation", "from_id": "c1", "to_id": "h1", "direction": "right", "labels": ["held-by"]}
    server.ask(f"api/tasks/{first['id']}/annotations", {"result": [*proposed["result"], *added, relation]})
    server.ask(f"api/tasks/{second['id']}/annotations", {"result": []})

    exported = tmp_path / "export.json"
    answer = server.ask(f"api/projects/{project['id']}/export?exportType=JSON&download_all_tasks=true")
    exported.write_text(json.dumps(answer), encoding="utf-8")
    warga = TEXT.index("Warga")
    condemnation = Span(warga + 6, warga + 24, Stance.CONDEMNATION, (warga, warga + 5))
    assert read(exported) == [replace(ARTICLES[0], spans=(*ARTICLES[0].spans, condemnation)), ARTICLES[1]]


def mark(name: str, start: int, quote: str, label: str) -> dict[str, Any]:
    """A region as the editor sends it; offsets count code points, as its own do."""
    value = {"start": start, "end": start + len(quote), "text": quote, "labels": [label]}
    return {"id": name, "from_name": "label", "to_name": "text", "type": "labels", "value": value, "origin": "manual"}
