"""The guards of the edge: who is let in, how many and for how long, and what headers and logs tell of it."""

import asyncio
import json
from collections.abc import Callable

import pytest

from serving.body import MAX_BODY, MAX_INTAKE
from serving.edge import GONE, Edge
from serving.keys import Keys, digest
from serving.logs import JsonFormatter
from serving.refusal import App, Message, Receive, Send
from serving.routes import ROUTES, Route
from serving.settings import Settings
from serving.trail import current_trail
from tests.serving.edge_client import GOOD, JSON, Response, answering, ask, echo, raising, refused, unreachable

KEY, OTHER = "kunci-redaksi-0123456789", "kunci-riset-9876543210"
LOCKED = Settings(keys=Keys({digest(KEY): "redaksi", digest(OTHER): "riset"}))
ABROAD = ("203.0.113.9", 5)
ASKED = [(route, method) for route in ROUTES.values() for method in route.methods]


def body_for(path: str) -> bytes:
    return b'{"articles": [{"id": "a", "text": "Halo"}]}' if path.endswith("batch") else GOOD


@pytest.mark.parametrize(("route", "method"), ASKED, ids=[f"{method} {route.path}" for route, method in ASKED])
def test_every_route_takes_a_right_key_and_only_open_ones_none(route: Route, method: str) -> None:
    def status(app: App, **headers: str) -> int:
        body = (body_for(route.path),) if method == "POST" else ()
        named = JSON | {name.replace("_", "-"): value for name, value in headers.items()}
        response = ask(app, *body, path=route.path, method=method, headers=named, settings=LOCKED, client=ABROAD)
        if response.status == 401:
            assert refused(response, 401, "unauthorized")
            assert response.headers["www-authenticate"] == "Bearer"
        return response.status

    for key in (KEY, OTHER):
        assert status(echo, authorization=f"Bearer {key}") == 200
        assert status(echo, x_api_key=key) == 200
    wrong = (
        {},
        {"authorization": "Bearer "},
        {"authorization": f"Basic {KEY}"},
        {"x-api-key": KEY[:-1]},
        {"x_api_key": "\xff" * 20},
    )
    for headers in (*wrong, {"authorization": f"Bearer {KEY}x"}):
        if route.open:
            assert status(echo, **headers) == 200
        else:
            assert status(unreachable, **headers) == 401


def test_a_wrong_key_is_told_before_the_body_is_read() -> None:
    response = ask(unreachable, GOOD, settings=LOCKED)
    refused(response, 401, "unauthorized")
    assert response.received == 0


@pytest.mark.parametrize(
    "client", [ABROAD, ("10.1.2.3", 5), ("::ffff:10.1.2.3", 5), ("fe80::1", 5), ("bukan alamat", 5)]
)
def test_without_keys_only_this_machine_is_answered(client: tuple[str, int]) -> None:
    for route in ROUTES.values():
        app, method = (echo if route.probe else unreachable), route.methods[0]
        response = ask(app, body_for(route.path), path=route.path, method=method, client=client)
        assert response.status == (200 if route.probe else 401)


@pytest.mark.parametrize("client", [("127.0.0.1", 5), ("127.8.8.8", 5), ("::1", 5), ("::ffff:127.0.0.1", 5), None])
def test_without_keys_this_machine_is_answered(client: tuple[str, int] | None) -> None:
    assert ask(echo, GOOD, client=client).status == 200


@pytest.mark.parametrize(
    "call",
    [
        lambda: ask(echo, GOOD),
        lambda: ask(unreachable, path="/x"),
        lambda: ask(raising, GOOD),
        lambda: ask(answering(503, b"x"), GOOD),
        lambda: ask(unreachable, GOOD, settings=LOCKED),
    ],
)
def test_every_answer_has_the_security_headers(call: Callable[[], Response]) -> None:
    headers = call().headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_body_that_does_not_come_is_given_up() -> None:
    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/classify",
        "headers": [(b"content-type", b"application/json")],
    }
    asyncio.run(Edge(unreachable, Settings(body_seconds=0.05))(scope, never, send))
    assert sent[0]["status"] == 400
    assert (b"connection", b"close") in sent[0]["headers"]
    assert b"within 0.05 seconds" in sent[1]["body"]


def test_bodies_on_their_way_in_are_bounded_together_and_those_that_bring_little_keep_nobody_out() -> None:
    stopped = asyncio.Event()
    edge = Edge(echo)

    async def post(*pieces: bytes) -> Message:
        messages, sent = list(pieces), list[Message]()

        async def receive() -> Message:
            if messages:
                return {
                    "type": "http.request",
                    "body": messages.pop(0),
                    "more_body": len(messages) > 0 or pieces != (GOOD,),
                }
            await stopped.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"content-type", b"application/json")]
        await edge({"type": "http", "method": "POST", "path": "/v1/classify", "headers": headers}, receive, send)
        return sent[0]

    async def run() -> None:
        small = [asyncio.create_task(post(b"{")) for _ in range(200)]
        large = [asyncio.create_task(post(b"x" * MAX_BODY)) for _ in range(MAX_INTAKE // MAX_BODY - 1)]
        await asyncio.sleep(0)
        assert (await post(GOOD))["status"] == 200
        refused = await post(b"x" * MAX_BODY)
        assert refused["status"] == 429
        assert (b"retry-after", b"1") in refused["headers"]
        stopped.set()
        assert {(await task)["status"] for task in small + large} == {400}
        stopped.clear()
        again = [asyncio.create_task(post(b"x" * MAX_BODY)) for _ in range(MAX_INTAKE // MAX_BODY)]
        await asyncio.sleep(0)
        stopped.set()
        assert {(await task)["status"] for task in again} == {400}  # there is room again

    asyncio.run(run())


PAGE = Settings(keys=LOCKED.keys, origins=("https://meja.example",))
PREFLIGHT = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}


def test_a_preflight_is_answered_and_told_like_any_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "sikap")
    named, other = (
        ask(unreachable, method="OPTIONS", headers=PREFLIGHT | {"origin": origin}, settings=PAGE)
        for origin in ("https://meja.example", "https://lain.example")
    )
    assert (named.status, named.headers["access-control-allow-origin"]) == (200, "https://meja.example")
    assert "origin" in refused(other, 400, "bad_request")["message"]
    assert "access-control-allow-origin" not in other.headers
    for response in (named, other):
        assert response.headers["x-request-id"]
        assert response.headers["x-content-type-options"] == "nosniff"
    assert [record.getMessage() for record in caplog.records] == [
        "OPTIONS /v1/classify 200",
        "OPTIONS /v1/classify 400",
    ]


def test_a_page_of_a_named_origin_may_read_answers_and_refusals() -> None:
    origin = {"origin": "https://meja.example"}
    answers = (
        ask(echo, GOOD, headers=JSON | origin | {"x-api-key": KEY}, settings=PAGE),
        ask(unreachable, GOOD, headers=JSON | origin, settings=PAGE),
        ask(answering(503, b"x"), GOOD, headers=JSON | origin | {"x-api-key": KEY}, settings=PAGE),
    )
    assert [answer.status for answer in answers] == [200, 401, 503]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == "https://meja.example"
        assert "x-request-id" in answer.headers["access-control-expose-headers"]
    assert answers[1].headers["www-authenticate"] == "Bearer"
    unnamed = ask(echo, GOOD, headers=JSON | {"origin": "https://lain.example", "x-api-key": KEY}, settings=PAGE)
    assert "access-control-allow-origin" not in unnamed.headers


def test_more_requests_than_the_bound_are_told_to_come_back() -> None:
    entered, leave = asyncio.Event(), asyncio.Event()

    async def slow(scope: Message, receive: Receive, send: Send) -> None:
        entered.set()
        await leave.wait()
        await echo(scope, receive, send)

    edge = Edge(slow, Settings(in_flight=1))

    async def post() -> list[Message]:
        sent: list[Message] = []
        messages: list[Message] = [{"type": "http.request", "body": GOOD}]

        async def receive() -> Message:
            if not messages:
                await asyncio.Event().wait()
            return messages.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"content-type", b"application/json")]
        await edge({"type": "http", "method": "POST", "path": "/v1/classify", "headers": headers}, receive, send)
        return sent

    async def run() -> None:
        first = asyncio.create_task(post())
        await entered.wait()
        refused = await post()
        assert refused[0]["status"] == 429
        assert dict(refused[0]["headers"])[b"retry-after"] == b"1"
        leave.set()
        assert (await first)[0]["status"] == 200
        assert (await post())[0]["status"] == 200  # the place is free again

    asyncio.run(run())


def test_the_work_of_a_caller_that_hangs_up_is_dropped() -> None:
    dropped = []

    async def slow(scope: Message, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            dropped.append(scope["path"])
            raise

    sent: list[Message] = []
    messages: list[Message] = [{"type": "http.request", "body": GOOD}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    asyncio.run(
        Edge(slow)({"type": "http", "method": "POST", "path": "/v1/classify", "headers": headers}, receive, send)
    )
    assert dropped == ["/v1/classify"]
    assert sent[0]["status"] == GONE  # to nobody, but what holds the request until it is answered lets go of it


def test_the_stages_of_a_request_are_told() -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        current_trail().stages = {"queue": 0.0015, "tokenise": 0.0002, "model": 0.02}
        await echo(scope, receive, send)

    assert ask(app, GOOD).headers["server-timing"] == "queue;dur=1.50, tokenise;dur=0.20, model;dur=20.00"


def test_no_key_and_no_text_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "sikap")
    headers = JSON | {"authorization": f"Bearer {KEY}"}
    ask(echo, GOOD, headers=headers, settings=LOCKED)
    ask(unreachable, GOOD, headers=headers, path=f"/{KEY}", settings=LOCKED)
    ask(raising, GOOD, headers=headers, settings=LOCKED)
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert len(lines) == 4
    assert not any(secret in line for line in lines for secret in (KEY, "Kremlin", "rahasia"))
    assert "edge_client.py" in json.loads(lines[2])["message"]
    assert json.loads(lines[0])["key"] == "redaksi"
    assert json.loads(lines[1])["route"] == "unknown"
