"""Faults that a real server must survive, under load, with nothing lost that it had accepted."""

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.shelf import bundles_root, current_bundle
from serving.routes import ROUTES
from sikap.client import Client

ROOT = Path(__file__).parents[2]
TEXT = "Warga mengecam penutupan jembatan itu.\nDinas membantah tuduhan tersebut."
LONG = "Dinas membantah tuduhan bahwa warga tidak diberi tahu soal penutupan jembatan lama di tepi kanal.\n" * 1_900
KEY, OTHER = "kunci-redaksi-0123456789", "kunci-riset-9876543210"
StartServer = Callable[..., Any]


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


def test_a_promoted_bundle_is_taken_up_under_load_and_a_damaged_one_refused(
    start_server: StartServer, shelf: Path
) -> None:
    server = start_server(SIKAP_MODELS=str(shelf))
    with load(server.port, version) as answers:
        promoted = sikap("models", "promote", "uji/2", SIKAP_MODELS=str(shelf))
        assert promoted.returncode == 0, promoted.stderr
        wait_for(lambda: version(server.client) == "2")
        weights = shelf / "uji" / "2" / "model.bin"
        weights.write_bytes(weights.read_bytes()[:1000])  # corrupted on disk while serving
        wait_for(lambda: metric(server.client, 'sikap_reloads_total{outcome="refused"}') >= 1)
        assert sikap("models", "promote", "uji/2", SIKAP_MODELS=str(shelf)).returncode == 2
        assert version(server.client) == "2"
        assert server.client.get("/readyz").status_code == 200
    for future in answers:
        seen = future.result()
        assert seen == sorted(seen)  # every request was answered, never by the old one after the new
    assert "is damaged" in server.stop()


def test_a_killed_worker_costs_only_its_own_requests(start_server: StartServer) -> None:
    server = start_server()
    (worker,) = server.workers

    def ask(client: httpx.Client) -> int:
        try:
            return client.post("/v1/classify", json={"text": TEXT}).status_code
        except httpx.TransportError:
            return 0

    with load(server.port, ask) as answers:
        before = metric(server.client, "sikap_paragraphs_total")
        wait_for(lambda: metric(server.client, "sikap_paragraphs_total") > before)
        worker.kill()
        wait_for(lambda: any(other.pid != worker.pid for other in server.workers))
        server.wait_until(200)
        with Client(f"http://127.0.0.1:{server.port}") as client:
            assert client.classify(TEXT).paragraphs
    for future in answers:
        seen = future.result()
        assert set(seen) <= {200, 0, 503}
        assert seen.count(0) <= 2  # the one in flight, and a connection kept open
    assert metric(server.client, "sikap_paragraphs_total") > before  # counters outlive a worker
    assert metric(server.client, "sikap_in_flight") == 0


def test_drain_then_sigterm_loses_nothing(start_server: StartServer) -> None:
    server = start_server()
    draining = threading.Event()

    def ask(client: httpx.Client) -> int:
        if draining.wait(0.001):
            return 200  # as a balancer would: nothing more is sent
        return client.post("/v1/classify", json={"text": LONG[:50_000]}, headers={"connection": "close"}).status_code

    with load(server.port, ask) as answers:
        wait_for(lambda: metric(server.client, "sikap_in_flight") >= 2)
        done = sikap("drain", "--port", str(server.port), BENTOML_HOME=str(server.home))
        assert done.returncode == 0, done.stderr
        server.wait_until(503)
        assert server.client.get("/livez").status_code == 200
        assert version(server.client)  # it still answers
        draining.set()
        output = server.stop()  # SIGTERM, while long requests are in flight
    assert all(set(future.result()) == {200} for future in answers)
    assert "Traceback" not in output


def test_slow_and_half_open_clients_hold_up_nobody(start_server: StartServer) -> None:
    server = start_server(SIKAP_BODY_SECONDS="1", SIKAP_IN_FLIGHT="2")
    head = b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    opened = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(60)]
    try:
        for number, connection in enumerate(opened):
            connection.sendall([b"", b"POST /v1/cl", head][number % 3])
        assert version(server.client)
        opened[2].settimeout(60)
        assert opened[2].recv(4096).startswith(b"HTTP/1.1 400")
        assert version(server.client)
    finally:
        for connection in opened:
            connection.close()


def test_more_than_it_can_take_is_refused_at_once_and_what_it_took_is_answered(start_server: StartServer) -> None:
    server = start_server(SIKAP_WAITING="2000", SIKAP_IN_FLIGHT="3")

    def ask(client: httpx.Client) -> tuple[int, str | None]:
        response = client.post("/v1/classify", json={"text": LONG})
        return response.status_code, response.headers.get("retry-after")

    with load(server.port, ask, clients=6) as answers:
        wait_for(
            lambda: (
                metric(server.client, 'sikap_requests_total{key="",method="POST",route="/v1/classify",status="200"}')
                >= 3
            )
        )
        wait_for(
            lambda: (
                metric(server.client, 'sikap_requests_total{key="",method="POST",route="/v1/classify",status="429"}')
                >= 3
            )
        )
    seen = [answer for future in answers for answer in future.result()]
    assert {status for status, _ in seen} == {200, 429}
    assert all((retry is not None) == (status == 429) for status, retry in seen)
    assert all(int(retry) >= 1 for _, retry in seen if retry)


def test_an_answer_that_would_come_too_late_is_given_up(start_server: StartServer) -> None:
    server = start_server(SIKAP_DEADLINE="0.05")
    response = server.client.post("/v1/classify", json={"text": LONG})
    assert (response.status_code, response.json()["error"]["code"]) == (504, "deadline")
    wait_for(lambda: metric(server.client, "sikap_waiting_paragraphs") == 0)  # its work was dropped


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


def test_a_locked_server_lets_nobody_in_without_a_key(start_server: StartServer, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"redaksi:{KEY}\nriset:{OTHER}\n")
    server = start_server(SIKAP_KEYS_FILE=str(keys), SIKAP_ORIGINS="https://meja.example", SIKAP_LOG="json")
    client = server.client
    for route in ROUTES.values():
        for method in route.methods:
            body = {"json": {"text": TEXT}} if method == "POST" else {}
            for headers in ({}, {"authorization": "Bearer salah"}, {"x-api-key": KEY + "x"}):
                status = client.request(method, route.path, headers=headers, **body).status_code
                assert (status != 401) == route.open, (method, route.path)
    for headers in ({"authorization": f"Bearer {KEY}"}, {"x-api-key": OTHER}):
        assert client.post("/v1/classify", json={"text": TEXT}, headers=headers).status_code == 200
    with Client(f"http://127.0.0.1:{server.port}", key=KEY) as ours:
        assert ours.classify(TEXT).paragraphs
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    named = client.options("/v1/classify", headers={"origin": "https://meja.example", **asked})
    assert (named.status_code, named.headers["access-control-allow-origin"]) == (200, "https://meja.example")
    other = client.options("/v1/classify", headers={"origin": "https://lain.example", **asked})
    assert "access-control-allow-origin" not in other.headers
    log = server.stop()
    assert '"key": "redaksi"' in log
    assert not any(secret in log for secret in (KEY, OTHER, "jembatan"))
    lines = [line for line in log.splitlines() if line.startswith("{")]
    assert all(json.loads(line)["request_id"] for line in lines if '"sikap.requests"' in line)


def test_without_keys_no_address_but_this_machines_is_bound() -> None:
    done = sikap("serve", "--host", "0.0.0.0")
    assert done.returncode == 2
    assert "without keys" in done.stderr
    assert "openssl rand" in done.stderr


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
