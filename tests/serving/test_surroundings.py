"""What surrounds a real server may fail it: the disk for logs, the clock, the network."""

import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.serving.clients import LONG, load, metric, sikap, version, wait_for

ROOT = Path(__file__).parents[2]
StartServer = Callable[..., Any]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_for_logs_stops_nothing(new_server: StartServer) -> None:
    server = new_server().start(output=Path("/dev/full")).wait_until(200)
    for _ in range(20):
        assert version(server.client)
        assert server.client.get("/tidak-ada").status_code == 404
    server.stop()


def test_nothing_outside_is_asked_for(start_server: StartServer, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"""
import socket
def watch(name, place):
    before = getattr(socket.socket, name)
    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not address[0].startswith(("127.", "::1", "localhost")):
            with open({str(tmp_path / "asked")!r}, "a") as file:
                print(address, file=file)
            raise OSError("blocked")
        return before(self, address)
    setattr(socket.socket, name, connect)
watch("connect", 0)
watch("connect_ex", 0)
resolve = socket.getaddrinfo
def getaddrinfo(host, *arguments, **named):
    if host not in (None, "localhost", "127.0.0.1", "::1", b"localhost", b"127.0.0.1", "0.0.0.0"):
        with open({str(tmp_path / "asked")!r}, "a") as file:
            print(host, file=file)
        raise OSError("blocked")
    return resolve(host, *arguments, **named)
socket.getaddrinfo = getaddrinfo
""")
    server = start_server(PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))
    assert version(server.client)
    server.stop()
    assert not (tmp_path / "asked").exists(), (tmp_path / "asked").read_text()


def test_a_clock_that_jumps_both_ways_changes_nothing(
    start_server: StartServer, shelf: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("clock")
    switch = folder / "jumping"
    (folder / "sitecustomize.py").write_text(f"""
import os, time
steady, true, true_ns = time.monotonic, time.time, time.time_ns
def jump():  # seconds: none, a year ahead, none, a year back, and another every fifth of a second
    return os.path.exists({str(switch)!r}) and (0, 1, 0, -1)[int(steady() * 5) % 4] * 365 * 86_400
time.time = lambda: true() + jump()
time.time_ns = lambda: true_ns() + jump() * 10**9
""")
    path = os.pathsep.join([str(folder), str(ROOT)])
    server = start_server(PYTHONPATH=path, SIKAP_MODELS=str(shelf), SIKAP_DEADLINE="1.5", SIKAP_LOG="json")
    switch.touch()
    with load(server.port, version, clients=1) as answers:
        promoted = sikap("models", "promote", "uji/2", SIKAP_MODELS=str(shelf), PYTHONPATH=path)
        assert promoted.returncode == 0, promoted.stderr
        wait_for(lambda: version(server.client) == "2")
    seen = answers[0].result()
    assert seen == sorted(seen)
    late = server.client.post("/v1/classify_batch", json={"articles": [{"id": "a", "text": LONG}] * 3})
    assert (late.status_code, late.json()["error"]["code"]) == (504, "deadline")
    asked = 'sikap_requests_total{key="",method="POST",route="/v1/classify",status="200"}'
    assert metric(server.client, asked) >= len(seen)
    assert metric(server.client, "sikap_ready") == 1
    assert 0 < metric(server.client, 'sikap_request_seconds_sum{route="/v1/classify"}') < 1_000
    lines = [json.loads(line) for line in server.stop().splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["logger"] == "sikap.requests"]
    assert len({line["time"][:4] for line in requests}) >= 3  # the clock did jump
    assert all(0 <= line["ms"] < 100_000 for line in requests)


ALONE = ("unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")  # a network of loopback alone


def why_not_alone() -> str:
    """Why no process can be had here that sees no network, or nothing."""
    try:
        done = subprocess.run([*ALONE, "true"], capture_output=True, text=True, timeout=30, check=False)
    except OSError as error:
        return f"unshare: {error.strerror}"
    return done.stderr.strip() or ("" if done.returncode == 0 else f"unshare ended with {done.returncode}")


def test_page_batch_and_reload_work_where_there_is_no_network() -> None:
    if why := why_not_alone():
        pytest.skip(f"no process without a network can be had here: {why}")
    tests = (
        "test_server.py::test_model_page_and_document_are_served",
        "test_server.py::test_batch_answers_in_order_and_keeps_a_bad_article_to_itself",
        "test_faults.py::test_a_promoted_bundle_is_taken_up_under_load_and_a_damaged_one_refused",
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        *(f"{Path(__file__).parent}/{test}" for test in tests),
    ]
    done = subprocess.run([*ALONE, *command], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(tests)} passed" in done.stdout
    outside = [sys.executable, "-c", "import socket; socket.create_connection(('192.0.2.1', 9), 5)"]
    assert b"unreachable" in subprocess.run([*ALONE, *outside], capture_output=True, check=False).stderr


def test_spans_are_sent_where_a_collector_is_named(start_server: StartServer) -> None:
    got: list[tuple[str, bytes]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        server = start_server(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.server_port}", SIKAP_LOG="json")
        assert version(server.client)
        wait_for(lambda: bool(got))
        log = server.stop()
        collector.shutdown()
    assert got
    assert {path for path, _ in got} == {"/v1/traces"}
    assert any(b"/v1/classify" in body for _, body in got)
    assert not any(b"jembatan" in body for _, body in got)
    assert '"trace_id"' in log
