"""The edge: only well-formed requests reach the service, and every error leaves in one shape, without a trace."""

import asyncio
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.body import MAX_BODY
from serving.edge import Edge
from serving.keys import Keys, digest
from serving.logs import JsonFormatter
from serving.refusal import App, Message, Receive, Send
from serving.routes import ROUTES, Route
from serving.settings import Settings
from serving.trail import current_trail

JSON = {"content-type": "application/json"}
GOOD = b'{"text": "Kremlin membantah."}'
TRACE = b'Traceback (most recent call last):\n  File "/srv/rahasia.py", line 3, in baca\nKeyError: 1'


@dataclass
class Response:
    """What came out of the edge, and how many messages of the request it had taken in."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    received: int = 0

    @property
    def error(self) -> dict[str, Any]:
        value = json.loads(self.body)
        assert value.keys() == {"error"}
        assert {"code", "message"} <= value["error"].keys() <= {"code", "message", "field"}
        assert self.headers["content-type"] == "application/json"
        assert int(self.headers["content-length"]) == len(self.body)
        assert b"Traceback" not in self.body
        return dict(value["error"])


def ask(
    app: App,
    *chunks: bytes,
    path: str = "/v1/classify",
    method: str = "POST",
    headers: dict[str, str] = JSON,
    broken_off: bool = False,
    settings: Settings | None = None,
    client: tuple[str, int] | None = ("127.0.0.1", 9),
) -> Response:
    """Send one request through an ASGI app; more than one chunk makes a body that comes in pieces."""
    response = Response()
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": broken_off or number < len(chunks)}
        for number, chunk in enumerate(chunks or (b"",), 1)
    ]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "client": client,
        "headers": [(key.encode(), value.encode("latin-1")) for key, value in headers.items()],
    }

    async def receive() -> Message:
        response.received += 1
        if not messages and not broken_off:
            await asyncio.Event().wait()  # the caller is there until it has its answer
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert response.status == 0
            response.status = message["status"]
            response.headers = {key.decode(): value.decode() for key, value in message["headers"]}
        else:
            assert response.status
            response.body += message.get("body", b"")

    asyncio.run(Edge(app, settings)(scope, receive, send))
    return response


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A body that almost is one: JSON of odd values, or a good body with bytes changed."""
    odd = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
    if draw(st.booleans()):
        named = st.dictionaries(st.sampled_from(["text", "title", "min_confidence", "articles", "id"]), odd)
        return json.dumps(draw(named | odd)).encode("utf-8", "surrogatepass")
    body = bytearray(GOOD)
    for place, byte in draw(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=5)):
        body[place] = byte
    return bytes(body)


# 300 here; `SIKAP_FUZZ=10000` runs the full number.
settings_of_fuzz = hypothesis.settings(max_examples=int(os.environ.get("SIKAP_FUZZ", "300")), deadline=None)


async def echo(scope: Message, receive: Receive, send: Send) -> None:
    """An inner service that answers with what it was sent."""
    message = await receive() if scope["method"] == "POST" else {"body": scope["path"].encode()}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": message["body"]})


def answering(status: int, *pieces: bytes) -> App:
    """An inner service that gives one answer."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/html")]})
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})

    return app


async def unreachable(scope: Message, receive: Receive, send: Send) -> None:
    raise AssertionError("the request was let in")


def refused(response: Response, status: int, code: str) -> dict[str, Any]:
    assert response.status == status
    error = response.error
    assert error["code"] == code
    assert response.headers["x-request-id"]
    return error


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/classify", GOOD),
        ("/v1/classify", b'{"text": "Halo \\ud83d\\ude00", "title": null, "min_confidence": 1}'),
        ("/v1/classify_batch", b'{"articles": [{"id": "a", "text": "Halo", "title": "T"}], "min_confidence": 0.5}'),
    ],
)
def test_a_good_request_reaches_the_service_as_it_was_sent(path: str, body: bytes) -> None:
    response = ask(echo, body, path=path)
    assert (response.status, response.body) == (200, body)
    assert response.headers["content-type"] == "text/plain"


def test_a_body_in_pieces_reaches_the_service_whole() -> None:
    assert ask(echo, GOOD[:5], b"", GOOD[5:12], GOOD[12:]).body == GOOD


def test_the_charset_and_case_of_the_content_type_do_not_matter() -> None:
    assert ask(echo, GOOD, headers={"content-type": "Application/JSON; charset=utf-8"}).status == 200


@pytest.mark.parametrize("path", [path for path, route in ROUTES.items() if "GET" in route.methods])
def test_pages_are_read_by_get_and_head(path: str) -> None:
    for method in ("GET", "HEAD"):
        response = ask(echo, path=path, method=method, headers={})
        assert (response.status, response.body) == (200, path.encode())


def test_what_is_no_http_request_passes_through() -> None:
    seen = []

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nothing is received or sent")

    asyncio.run(Edge(app)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    "body",
    [b"", b"halo", b"{", b'{"text": "a"', b"\xff\xfe\x00", b'{"text": "\xff"}', b"[" * 100_000 + b"]" * 100_000],
    ids=["empty", "a word", "open", "cut off", "no text", "no utf-8", "too deep"],
)
def test_a_body_that_is_not_json_is_a_bad_request(body: bytes) -> None:
    assert "not JSON" in refused(ask(unreachable, body), 400, "bad_request")["message"]


@pytest.mark.parametrize(("body", "kind"), [(b"[]", "list"), (b'"a"', "str"), (b"3", "int"), (b"null", "NoneType")])
def test_a_body_that_is_no_object_is_a_bad_request(body: bytes, kind: str) -> None:
    assert kind in refused(ask(unreachable, body), 400, "bad_request")["message"]


def test_a_connection_that_breaks_off_is_a_bad_request() -> None:
    refused(ask(unreachable, GOOD[:9], broken_off=True), 400, "bad_request")


@pytest.mark.parametrize("path", ["/v2/classify", "/v1/classify/", "/admin", "/v1", "//", "/../etc/passwd"])
def test_an_unknown_path_is_not_found(path: str) -> None:
    for method in ("GET", "POST"):
        assert "/v1/classify" in refused(ask(unreachable, GOOD, path=path, method=method), 404, "not_found")["message"]


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/v1/classify", "GET", "POST"),
        ("/v1/classify_batch", "PUT", "POST"),
        ("/", "POST", "GET, HEAD"),
        ("/v1/model", "DELETE", "GET, HEAD"),
        ("/v1/classify", "OPTIONS", "POST"),
    ],
)
def test_a_wrong_method_is_not_allowed(path: str, method: str, allowed: str) -> None:
    response = ask(unreachable, path=path, method=method)
    assert method in refused(response, 405, "method_not_allowed")["message"]
    assert response.headers["allow"] == allowed


def test_a_body_announced_as_too_large_is_refused_unread() -> None:
    response = ask(unreachable, GOOD, headers=JSON | {"content-length": str(MAX_BODY + 1)})
    assert f"{MAX_BODY + 1:,}" in refused(response, 413, "too_large")["message"]
    assert response.received == 0


def test_a_body_in_pieces_is_refused_once_it_is_too_large() -> None:
    piece = b"x" * (MAX_BODY // 2)
    response = ask(unreachable, piece, piece, b"x", piece, piece)
    refused(response, 413, "too_large")
    assert response.received == 3


def test_a_body_of_the_largest_size_is_taken() -> None:
    body = GOOD[:-2] + b"x" * (MAX_BODY - len(GOOD)) + GOOD[-2:]
    assert len(body) == MAX_BODY
    assert ask(echo, body, headers=JSON | {"content-length": str(MAX_BODY)}).status == 200


@pytest.mark.parametrize("announced", ["-1", "banyak", "", "9" * 5000])
def test_a_strange_content_length_is_no_failure_of_ours(announced: str) -> None:
    assert ask(echo, GOOD, headers=JSON | {"content-length": announced}).status in (200, 400, 413)


@pytest.mark.parametrize("given", [None, "", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_another_content_type_is_unsupported(given: str | None) -> None:
    headers = {} if given is None else {"content-type": given}
    error = refused(ask(unreachable, GOOD, headers=headers), 415, "unsupported_media_type")
    assert (given or "missing") in error["message"]
    assert "application/json" in error["message"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/classify", {}, "text"),
        ("/v1/classify", {"text": None}, "text"),
        ("/v1/classify", {"text": 3}, "text"),
        ("/v1/classify", {"text": ["a"]}, "text"),
        ("/v1/classify", {"text": "a", "title": 1}, "title"),
        ("/v1/classify", {"text": "a", "min_confidence": 1.1}, "min_confidence"),
        ("/v1/classify", {"text": "a", "min_confidence": -0.1}, "min_confidence"),
        ("/v1/classify", {"text": "a", "min_confidence": "0.5"}, "min_confidence"),
        ("/v1/classify", {"text": "a", "min_confidence": float("nan")}, "min_confidence"),
        ("/v1/classify", {"text": "a", "min_confidence": True}, "min_confidence"),
        ("/v1/classify", {"text": "a", "txet": "b"}, "txet"),
        ("/v1/classify_batch", {}, "articles"),
        ("/v1/classify_batch", {"articles": []}, "articles"),
        ("/v1/classify_batch", {"articles": ["a"]}, "articles.0"),
        ("/v1/classify_batch", {"articles": [{"id": "a", "text": "b"}, {"text": "c"}]}, "articles.1.id"),
        ("/v1/classify_batch", {"articles": [{"id": "", "text": "b"}]}, "articles.0.id"),
        ("/v1/classify_batch", {"articles": [{"id": 5, "text": "b"}]}, "articles.0.id"),
    ],
)
def test_a_wrong_field_is_named(path: str, body: dict[str, Any], field: str) -> None:
    error = refused(ask(unreachable, json.dumps(body).encode(), path=path), 422, "invalid")
    assert error["field"] == field
    assert error["message"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/classify", b'{"text": "a\\ud83d"}', "text"),
        ("/v1/classify", b'{"text": "a", "title": "\\udc00"}', "title"),
        ("/v1/classify", b'{"text": "\xed\xa0\x80"}', "text"),
        (
            "/v1/classify_batch",
            b'{"articles": [{"id": "a", "text": "b"}, {"id": "c", "text": "\\ud800"}]}',
            "articles.1.text",
        ),
        ("/v1/classify", b'{"\\ud800": 1}', "body"),
    ],
)
def test_a_lone_surrogate_is_refused_by_field(path: str, body: bytes, field: str) -> None:
    error = refused(ask(unreachable, body, path=path), 422, "invalid")
    assert error["field"] == field
    assert "surrogate" in error["message"]


@pytest.mark.parametrize("depth", [100, 300, 450, 700, 900])
def test_a_deeply_nested_body_is_refused_as_the_callers_fault(depth: int) -> None:
    response = ask(unreachable, b'{"text": ' + b"[" * depth + b"]" * depth + b"}")
    assert response.status in (400, 422)
    assert response.error["code"] in ("bad_request", "invalid")


@pytest.mark.parametrize("given", ["abc-123", "A_b.c", "0" * 80])
def test_the_callers_request_id_is_given_back(given: str) -> None:
    assert ask(echo, GOOD, headers=JSON | {"x-request-id": given}).headers["x-request-id"] == given
    assert ask(unreachable, b"{", headers=JSON | {"x-request-id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", [None, "", "a b", "a\r\nset-cookie: x", "0" * 81, "<b>", "abc\n"])
def test_a_request_id_is_made_where_none_is_usable(given: str | None) -> None:
    headers = JSON if given is None else JSON | {"x-request-id": given}
    first, second = (ask(echo, GOOD, headers=headers).headers["x-request-id"] for _ in range(2))
    assert first != second
    assert given not in (first, second)
    assert first.isascii()
    assert first.isalnum()


def test_a_request_id_beyond_ascii_is_no_failure_of_ours() -> None:
    response = ask(echo, GOOD, headers=JSON | {"x-request-id": "caf\u00e9"})
    assert response.status == 200
    assert response.headers["x-request-id"].isascii()


async def raising(scope: Message, receive: Receive, send: Send) -> None:
    raise KeyError("rahasia")


async def raising_after_an_error_began(scope: Message, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": []})
    raise KeyError("rahasia")


@pytest.mark.parametrize(
    "app", [raising, raising_after_an_error_began, answering(500, TRACE), answering(500, TRACE[:40], TRACE[40:])]
)
def test_a_failure_inside_is_told_by_its_request_id_alone(app: App, caplog: pytest.LogCaptureFixture) -> None:
    response = ask(app, GOOD, headers=JSON | {"x-request-id": "abc-123"})
    message = refused(response, 500, "internal")["message"]
    assert "abc-123" in message
    assert "rahasia" not in message
    assert "Kremlin" not in caplog.text  # no text of an article in the logs


def test_a_failure_after_the_answer_began_is_raised() -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError("rahasia")

    with pytest.raises(KeyError):
        ask(app, GOOD)


@pytest.mark.parametrize(
    ("status", "code", "retry"),
    [
        (404, "not_found", None),
        (405, "method_not_allowed", None),
        (429, "busy", "1"),
        (503, "not_ready", "1"),
        (504, "deadline", None),
    ],
)
def test_errors_of_the_framework_are_rewritten_to_the_one_shape(status: int, code: str, retry: str | None) -> None:
    response = ask(answering(status, b"Service ", b"is not ready"), GOOD)
    message = refused(response, status, code)["message"]
    assert message if status >= 500 else message == "Service is not ready"
    assert response.headers.get("retry-after") == retry


def test_an_error_without_a_body_still_has_a_message() -> None:
    assert refused(ask(answering(503), GOOD), 503, "not_ready")["message"]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_trace_never_leaves_whatever_its_status(status: int) -> None:
    response = ask(answering(status, TRACE), GOOD)
    assert response.status == status
    assert b"rahasia.py" not in response.body
    assert response.error["message"]


@pytest.mark.parametrize("status", [413, 422, 429, 503])
def test_our_own_errors_pass_as_they_are(status: int) -> None:
    ours = {"error": {"code": "kode", "message": "pesan \u201cini\u201d", "field": "text"}}
    response = ask(answering(status, json.dumps(ours).encode()), GOOD)
    assert response.status == status
    assert response.error == ours["error"]


def test_every_answer_carries_one_request_id() -> None:
    calls: Iterable[Callable[[], Response]] = (
        lambda: ask(echo, GOOD),
        lambda: ask(unreachable, path="/x"),
        lambda: ask(raising, GOOD),
        lambda: ask(answering(503, b"x"), GOOD),
    )
    made = [call().headers["x-request-id"] for call in calls]
    assert len(set(made)) == len(made)


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
    assert (dropped, sent) == (["/v1/classify"], [])


def test_the_stages_of_a_request_are_told() -> None:
    async def app(scope: Message, receive: Receive, send: Send) -> None:
        current_trail().stages = {"queue": 0.0015, "tokenise": 0.0002, "model": 0.02}
        await echo(scope, receive, send)

    assert ask(app, GOOD).headers["server-timing"] == "queue;dur=1.50, tokenise;dur=0.20, model;dur=20.00"


def test_a_websocket_is_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(Edge(unreachable)({"type": "websocket", "path": "/v1/classify"}, send, send))  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_no_key_and_no_text_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "sikap")
    headers = JSON | {"authorization": f"Bearer {KEY}"}
    ask(echo, GOOD, headers=headers, settings=LOCKED)
    ask(unreachable, GOOD, headers=headers, path=f"/{KEY}", settings=LOCKED)
    ask(raising, GOOD, headers=headers, settings=LOCKED)
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert len(lines) == 4
    assert not any(secret in line for line in lines for secret in (KEY, "Kremlin", "rahasia"))
    assert "test_edge.py" in json.loads(lines[2])["message"]
    assert json.loads(lines[0])["key"] == "redaksi"
    assert json.loads(lines[1])["route"] == "unknown"


@settings_of_fuzz
@given(st.one_of(st.binary(max_size=300), mangled()))
def test_no_body_makes_the_service_fail(body: bytes) -> None:
    response = ask(echo, body)
    assert response.status in (200, 400, 413, 422)
    if response.status != 200:
        assert response.error["message"]
