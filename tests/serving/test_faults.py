"""Faults that a real server must survive, under load, with nothing lost that it had accepted."""

import json
import math
import socket
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from models.shelf import promote
from serving.routes import ROUTES
from sikap.client import Client
from tests.serving.clients import LONG, TEXT, load, metric, sikap, version, wait_for

KEY, OTHER = "kunci-redaksi-0123456789", "kunci-riset-9876543210"
StartServer = Callable[..., Any]


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


def test_a_request_in_flight_is_answered_by_the_model_that_it_began_with(
    start_server: StartServer, shelf: Path
) -> None:
    server = start_server(SIKAP_MODELS=str(shelf), SIKAP_DEADLINE="110")

    def articles(number: int) -> dict[str, Any]:
        return {"articles": [{"id": str(number), "text": LONG}] * number}

    began = time.monotonic()
    assert server.client.post("/v1/classify_batch", json=articles(1)).status_code == 200
    needed = math.ceil(8 / (time.monotonic() - began))  # articles to read for seconds; a batch holds three of these
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(server.client.post, "/v1/classify_batch", json=articles(min(3, needed)))
        wait_for(lambda: metric(server.client, "sikap_waiting_paragraphs") > 0)
        promote("uji/2", shelf)
        wait_for(lambda: version(server.client) == "2")
        assert not long.done(), "it was not in flight any more when the model changed"
        answer = long.result()
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"]["version"] == "1"


def test_without_a_model_it_says_so_until_one_is_promoted(new_server: StartServer, shelf: Path) -> None:
    (shelf / "current").unlink()
    # `sikap serve` would not start; a container that meets its shelf before the first bundle does.
    command = ("-m", "bentoml", "serve", "serving.service:Sikap", "--host", "127.0.0.1")
    server = new_server(SIKAP_MODELS=str(shelf)).start(command).wait_until(503)
    assert server.client.get("/livez").status_code == 200
    refused = server.client.post("/v1/classify", json={"text": TEXT})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "not_ready")
    assert int(refused.headers["retry-after"]) >= 1
    promoted = sikap("models", "promote", "uji/1", SIKAP_MODELS=str(shelf))
    assert promoted.returncode == 0, promoted.stderr
    server.wait_until(200)
    assert version(server.client) == "1"


def test_a_killed_worker_costs_only_its_own_requests(start_server: StartServer) -> None:
    server = start_server()
    (worker,) = server.workers

    def ask(client: httpx.Client) -> int:
        try:
            status = client.post("/v1/classify", json={"text": TEXT}).status_code
        except httpx.TransportError:
            status = 0
        time.sleep(0 if status == 200 else 0.2)
        return status

    with (
        Client(f"http://127.0.0.1:{server.port}", retries=60) as ours,
        load(server.port, ask) as bare,
        load(server.port, lambda _: len(ours.classify(TEXT).paragraphs), clients=2) as retried,
    ):
        before = metric(server.client, "sikap_paragraphs_total")
        wait_for(lambda: metric(server.client, "sikap_paragraphs_total") > before)
        worker.kill()
        killed = time.monotonic()
        wait_for(lambda: any(other.pid != worker.pid for other in server.workers))
        server.wait_until(200)
        back = time.monotonic() - killed
        after = metric(server.client, "sikap_paragraphs_total")
        wait_for(lambda: metric(server.client, "sikap_paragraphs_total") > after + 100)
    assert back <= 10
    for future in bare:
        seen = future.result()
        assert set(seen) <= {200, 0, 503}
        assert seen.count(0) <= 1  # its own, that was in flight
    for future in retried:
        assert set(future.result()) == {2}  # a client that tries again loses nothing
    assert after > before  # counters outlive a worker
    assert metric(server.client, "sikap_in_flight") == 0


def test_sigterm_under_load_finishes_what_was_accepted(start_server: StartServer) -> None:
    server = start_server(SIKAP_LOG="json", SIKAP_WAIT="60")

    def ask(client: httpx.Client) -> tuple[float, float, str, int]:
        began, request_id = time.monotonic(), uuid.uuid4().hex
        try:
            headers = {"x-request-id": request_id}
            status = client.post("/v1/classify", json={"text": LONG[:10_000]}, headers=headers).status_code
        except httpx.TransportError:
            status = 0
            time.sleep(0.05)
        return began, time.monotonic(), request_id, status

    with load(server.port, ask, clients=4) as answers:
        wait_for(lambda: metric(server.client, "sikap_in_flight") >= 4)
        time.sleep(0.2)
        signalled = time.monotonic()
        log = server.stop(within=server.allowed(15))  # SIGTERM, while the clients send on
    seen = [answer for future in answers for answer in future.result()]
    held = [status for began, ended, _, status in seen if began < signalled - 0.2 and ended > signalled]
    assert set(held) == {200}  # what it had when the signal came
    assert {status for *_, status in seen} <= {200, 503, 0}
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    taken = {line["request_id"] for line in lines if line["logger"] == "sikap.requests"}
    assert not [request_id for *_, request_id, status in seen if status == 0 and request_id in taken]
    assert "Traceback" not in log


def test_drain_then_sigterm_loses_nothing(start_server: StartServer) -> None:
    server = start_server(SIKAP_WAIT="60")
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
    server = start_server(SIKAP_IN_FLIGHT="3")

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
